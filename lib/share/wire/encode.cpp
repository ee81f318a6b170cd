// SPDX-License-Identifier: MIT
// Writes capability sets as bytes.
#include <simplealloc/wire.hpp>

#include "lib/share/wire/bytes.hpp"
#include "lib/share/wire/check.hpp"
#include "lib/share/wire/entries.hpp"

namespace simplealloc::wire {
namespace {

void write_format(Writer& out, const FormatSupport& format) {
    const std::size_t start = out.begin(Entry::format, must_understand);
    out.number(format.fourcc.value);
    out.number(format.without_modifier ? takes_without_modifier : 0U);
    for (const std::uint64_t modifier : format.modifiers)
        out.number(modifier);
    out.close(start);
}

void write_plane(Writer& out, std::size_t index, const PlaneLimits& limits) {
    const std::size_t start = out.begin(Entry::plane, must_understand);
    out.number(std::uint64_t{index});
    for (const solver::LimitRow& number : plane_numbers)
        out.number(limits.*number.of_plane);
    out.close(start);
}

void write_evidence(Writer& out, ConstraintKind kind, const Evidence& evidence) {
    const std::string_view name = to_string(kind);
    const std::size_t start = out.begin(Entry::evidence, 0);
    out.number(static_cast<std::uint8_t>(evidence.confidence));
    out.number(static_cast<std::uint8_t>(name.size()));
    out.text(name);
    out.text(evidence.origin);
    out.close(start);
}

/// What has the value of a default-constructed set is left out.
void write_set(Writer& out, const CapabilitySet& set) {
    static const CapabilitySet open;
    for (const NumberEntry& row : number_entries()) {
        if (row.get(set) == row.get(open))
            continue;
        const std::size_t start = out.begin(row.entry, must_understand);
        out.number(row.get(set));
        out.close(start);
    }
    for (std::size_t i = 0; i < max_planes; ++i)
        if (set.constraints.planes[i] != PlaneLimits{})
            write_plane(out, i, set.constraints.planes[i]);
    if (set.constraints.exporters) {
        const std::size_t start = out.begin(Entry::exporters, must_understand);
        for (const std::string& exporter : *set.constraints.exporters) {
            out.number(static_cast<std::uint16_t>(exporter.size()));
            out.text(exporter);
        }
        out.close(start);
    }
    for (const FormatSupport& format : set.formats)
        write_format(out, format);
    for (const auto& [kind, evidence] : set.evidence)
        write_evidence(out, kind, evidence);
    if (!set.label.empty()) {
        const std::size_t start = out.begin(Entry::label, 0);
        out.text(set.label);
        out.close(start);
    }
}

} // namespace

Result<std::vector<std::byte>> encode(std::span<const CapabilitySet> sets) {
    if (sets.size() > max_sets)
        return too_many("sets", sets.size(), max_sets);
    Writer out;
    out.text(magic);
    out.number(version);
    out.number(std::uint16_t{0});
    const std::size_t total = out.open();
    out.number(static_cast<std::uint32_t>(sets.size()));
    for (const CapabilitySet& set : sets) {
        if (auto checked = check(set); !checked)
            return std::move(checked).error();
        const std::size_t start = out.open();
        write_set(out, set);
        out.close(start);
        if (out.bytes().size() > max_message)
            return too_many("bytes", out.bytes().size(), max_message);
    }
    out.put_length(total - 4, out.bytes().size());
    return std::move(out.bytes());
}

} // namespace simplealloc::wire
