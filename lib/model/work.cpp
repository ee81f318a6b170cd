// SPDX-License-Identifier: MIT
// Sizes as the GNU C library's allocator and standard library have them.
#include "lib/model/work.hpp"

#include <bit>

namespace simplealloc::solver {
namespace {

constexpr std::uint64_t block_overhead = 16;
constexpr std::uint64_t node_overhead = 32; ///< of a tree
constexpr std::uint64_t short_text = 15;    ///< is inside the string

void add_block(Extent& extent, std::uint64_t bytes) {
    ++extent.blocks;
    extent.bytes += bytes + block_overhead;
}

void add(Extent& extent, const std::string& text) {
    if (text.capacity() > short_text)
        add_block(extent, text.capacity() + 1);
}

template <typename Item>
void add_array(Extent& extent, const std::vector<Item>& items) {
    if (items.capacity() > 0)
        add_block(extent, items.capacity() * sizeof(Item));
}

/// What a set holds beside itself, with these formats of its own.
void add(Extent& extent, const CapabilitySet& set, std::span<const FormatSupport> formats) {
    ++extent.sets;
    for (const FormatSupport& format : formats) {
        extent.pairs += 1 + format.modifiers.size();
        add_array(extent, format.modifiers);
    }
    for (const auto& [kind, evidence] : set.evidence) {
        add_block(extent, node_overhead + sizeof(*set.evidence.begin()));
        add(extent, evidence.origin);
    }
    add(extent, set.label);
    if (set.constraints.exporters) {
        add_array(extent, *set.constraints.exporters);
        extent.names += set.constraints.exporters->size();
        for (const std::string& exporter : *set.constraints.exporters)
            add(extent, exporter);
    }
}

void add(Extent& extent, const CapabilitySet& set) {
    add_array(extent, set.formats);
    add(extent, set, set.formats);
}

} // namespace

Extent& Extent::operator+=(const Extent& other) {
    sets += other.sets;
    pairs += other.pairs;
    names += other.names;
    blocks += other.blocks;
    bytes += other.bytes;
    return *this;
}

std::uint64_t count_pairs(const Input& input) {
    std::uint64_t pairs = 0;
    for (const UseInput& use : input.uses)
        for (const CapabilitySet& set : use.alternatives) {
            pairs += 1 + set.formats.size();
            for (const FormatSupport& format : set.formats)
                pairs += format.modifiers.size();
        }
    return pairs;
}

Extent extent_of(const CapabilitySet& set) {
    Extent extent;
    extent.bytes = sizeof(set);
    add(extent, set);
    return extent;
}

Extent extent_of(const CapabilitySet& set, std::span<const FormatSupport> formats) {
    Extent extent;
    extent.bytes = sizeof(set);
    if (!formats.empty())
        add_block(extent, formats.size_bytes());
    add(extent, set, formats);
    return extent;
}

Extent extent_of(const std::vector<CapabilitySet>& sets) {
    Extent extent;
    add_array(extent, sets);
    for (const CapabilitySet& set : sets)
        add(extent, set);
    return extent;
}

Extent extent_of(const Input& input) {
    // Apart from the alternatives everything is of the machine, and small.
    constexpr std::uint64_t names = 512;
    Extent extent;
    for (const UseInput& use : input.uses) {
        extent += extent_of(use.alternatives);
        extent.blocks += 8;
        extent.bytes += sizeof(use) + names;
    }
    extent.blocks += 16 * input.sources.size();
    extent.bytes += input.sources.size() * (sizeof(SourceInput) + 2 * names);
    extent.bytes += input.refused_before().size() * names;
    return extent;
}

std::uint64_t reading(const Constraints& constraints) {
    return cost::set + (constraints.exporters ? constraints.exporters->size() * cost::listed : 0);
}

std::uint64_t sorting(std::uint64_t count) {
    return count * static_cast<std::uint64_t>(std::bit_width(count)) * cost::compared;
}

} // namespace simplealloc::solver
