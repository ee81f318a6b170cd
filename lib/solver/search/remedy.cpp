// SPDX-License-Identifier: MIT
// What would help where memory does not do, as far as it can help on this machine.
#include "lib/solver/search/remedy.hpp"

#include "lib/model/objection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplealloc::solver {
namespace {

/// No device's own, so that all may be given it.
bool is_contiguous(const SourceInput& source) {
    const Offer& offer = source.offer;
    return offer.contiguity == OfferContiguity::physical && offer.device.empty() &&
           !offer.protected_memory;
}

bool may_be_taken(const SourceInput& source) {
    return source.usable && source.enabled;
}

/// The first that may be taken, or else one that would do if it might be; null: none would.
template <typename Does>
const SourceInput* best(std::span<const SourceInput> sources, Does does) {
    const SourceInput* found = nullptr;
    for (const SourceInput& source : sources)
        if (does(source) && (found == nullptr || (may_be_taken(source) && !may_be_taken(*found))))
            found = &source;
    return found;
}

/// Where a CMA heap is there, it lies in the wrong place: only where from is to be said.
std::string boot(std::span<const SourceInput> sources, std::string_view option) {
    const bool has_heap = std::ranges::any_of(sources, [](const SourceInput& source) {
        return source.backend == "dma-heap" && is_contiguous(source);
    });
    return fmt::format("boot {}with {}",
                       has_heap ? "" : "a kernel that has CONFIG_DMABUF_HEAPS_CMA ", option);
}

} // namespace

std::string say_in_quirk_file(std::span<const std::string> rows, std::string_view entry) {
    std::vector<std::string> heads;
    for (const std::string& row : rows)
        heads.push_back(fmt::format("`[{}]`", row));
    return fmt::format("say so in a quirk file: {}{}, `source = tried here`, `{}`",
                       heads.size() > 1 ? "each of " : "", list_text(heads), entry);
}

std::string take_contiguous(std::span<const SourceInput> sources, Window reach, Window ram) {
    const SourceInput* source = best(sources, [&](const SourceInput& one) {
        return is_contiguous(one) && one.offer.min_address >= reach.first &&
               one.offer.max_address <= reach.last;
    });
    if (source != nullptr)
        return source->name + ", which is contiguous";
    if (reach.first == 0 && reach.last == no_limit)
        return boot(sources, "cma=SIZE");
    const std::uint64_t first = std::max(reach.first, ram.first);
    const std::uint64_t last = std::min(reach.last, ram.last);
    if (first > last)
        return {};
    const std::string end = last == no_limit ? std::string() : fmt::format("-{:#x}", last + 1);
    return boot(sources, fmt::format("cma=SIZE@{:#x}{}", first, end));
}

std::string take_protected(std::span<const SourceInput> sources) {
    const SourceInput* source =
        best(sources, [](const SourceInput& one) { return one.offer.protected_memory; });
    return source != nullptr
               ? source->name + ", which is protected"
               : "a kernel with a heap of protected memory (CONFIG_TEE_DMABUF_HEAPS, Linux 6.18)";
}

std::string take_own_layout(std::span<const SourceInput> sources) {
    const SourceInput* source =
        best(sources, [](const SourceInput& one) { return one.offer.own_layout; });
    return source != nullptr ? source->name + ", which lays images out itself, or another format"
                             : "another format";
}

} // namespace simplealloc::solver
