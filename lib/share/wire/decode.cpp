// SPDX-License-Identifier: MIT
// Reads capability sets from bytes that may come from anybody.
#include <simplealloc/wire.hpp>

#include "lib/share/wire/bytes.hpp"
#include "lib/share/wire/check.hpp"
#include "lib/share/wire/entries.hpp"

#include <algorithm>
#include <bitset>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace simplealloc::wire {
namespace {

/// Which entries of a set have come already: numbers and texts by their entry, then planes.
using Seen = std::bitset<64 + max_planes>;
constexpr std::size_t seen_label = 0; // no entry has this number
constexpr std::size_t seen_planes = 64;

Error cut_short(const char* what) {
    return invalid(what, "it has another length than it says");
}

Result<void> read_number(Reader payload, const NumberEntry& row, CapabilitySet& set) {
    std::uint64_t value = 0;
    if (!payload.number(value) || !payload.empty())
        return cut_short(row.name);
    // Before the field may be narrower than the number.
    if (auto checked = check_number(row, value); !checked)
        return checked;
    row.set(set, value);
    return {};
}

Result<void> read_exporters(Reader payload, CapabilitySet& set) {
    auto& exporters = set.constraints.exporters.emplace();
    while (!payload.empty()) {
        std::uint16_t length = 0;
        std::string_view exporter;
        if (!payload.number(length) || !payload.text(length, exporter))
            return cut_short("exporters");
        if (exporters.size() == max_exporters)
            return too_many("exporters", exporters.size() + 1, max_exporters);
        exporters.emplace_back(exporter);
    }
    return {};
}

Result<void> read_format(Reader payload, CapabilitySet& set) {
    FormatSupport format;
    std::uint32_t flags = 0;
    if (!payload.number(format.fourcc.value) || !payload.number(flags) || payload.size() % 8 != 0)
        return cut_short("formats");
    if ((flags & ~takes_without_modifier) != 0)
        return invalid("formats", fmt::format("flags {:#x} are not known", flags));
    if (set.formats.size() == max_formats)
        return too_many("formats", set.formats.size() + 1, max_formats);
    if (payload.size() / 8 > max_modifiers)
        return too_many("modifiers", payload.size() / 8, max_modifiers);
    format.without_modifier = flags != 0;
    format.modifiers.resize(payload.size() / 8);
    for (std::uint64_t& modifier : format.modifiers)
        (void)payload.number(modifier);
    set.formats.push_back(std::move(format));
    return {};
}

Result<void> read_plane(Reader payload, CapabilitySet& set, Seen& seen) {
    std::uint64_t index = 0;
    if (!payload.number(index))
        return cut_short("planes");
    if (index >= max_planes)
        return invalid("planes", fmt::format("plane {} is not below {}", index, max_planes));
    const auto plane = static_cast<std::size_t>(index);
    if (seen.test(seen_planes + plane))
        return invalid("planes", fmt::format("plane {} comes twice", index));
    seen.set(seen_planes + plane);
    PlaneLimits& limits = set.constraints.planes[plane];
    for (const solver::LimitRow& number : plane_numbers)
        if (!payload.number(limits.*number.of_plane))
            return cut_short("planes");
    return payload.empty() ? Result<void>() : cut_short("planes");
}

/// Of constraints that a later version has, nothing is known, and nothing is lost.
Result<void> read_evidence(Reader payload, CapabilitySet& set) {
    std::uint8_t confidence = 0;
    std::uint8_t length = 0;
    std::string_view name;
    if (!payload.number(confidence) || !payload.number(length) || !payload.text(length, name))
        return cut_short("evidence");
    if (confidence > static_cast<std::uint8_t>(Confidence::unknown))
        return invalid("evidence", fmt::format("{} is no confidence", confidence));
    const std::string_view origin = payload.remaining_text();
    const auto kind = parse_constraint_kind(name);
    if (!kind)
        return check_text("evidence", origin);
    const Evidence evidence{static_cast<Confidence>(confidence), std::string(origin)};
    if (!set.evidence.emplace(*kind, evidence).second)
        return invalid("evidence", fmt::format("{} comes twice", to_string(*kind)));
    return {};
}

Result<void> read_entry(std::uint16_t number, std::uint16_t flags, Reader payload,
                        CapabilitySet& set, Seen& seen) {
    const auto rows = number_entries();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const NumberEntry& candidate) {
        return static_cast<std::uint16_t>(candidate.entry) == number;
    });
    if (row != rows.end()) {
        if (seen.test(number))
            return invalid(row->name, "it comes twice");
        seen.set(number);
        return read_number(payload, *row, set);
    }
    switch (static_cast<Entry>(number)) {
    case Entry::exporters:
        if (set.constraints.exporters)
            return invalid("exporters", "they come twice");
        return read_exporters(payload, set);
    case Entry::plane:
        return read_plane(payload, set, seen);
    case Entry::format:
        return read_format(payload, set);
    case Entry::evidence:
        return read_evidence(payload, set);
    case Entry::label:
        if (seen.test(seen_label))
            return invalid("label", "it comes twice");
        seen.set(seen_label);
        set.label = payload.remaining_text();
        return {};
    default:
        break;
    }
    if ((flags & must_understand) != 0)
        return broken(Cause::unsupported, fmt::format("entry {}", number),
                      "it must be understood, and this version does not know it");
    return {};
}

Result<CapabilitySet> read_set(Reader entries) {
    CapabilitySet set;
    Seen seen;
    while (!entries.empty()) {
        std::uint16_t number = 0;
        std::uint16_t flags = 0;
        std::uint32_t length = 0;
        std::span<const std::byte> payload;
        if (!entries.number(number) || !entries.number(flags) || !entries.number(length) ||
            !entries.take(length, payload))
            return cut_short("entry");
        if ((flags & ~must_understand) != 0)
            return invalid(fmt::format("entry {}", number),
                           fmt::format("flags {:#x} are not known", flags));
        if (auto read = read_entry(number, flags, Reader(payload), set, seen); !read)
            return std::move(read).error();
    }
    if (auto checked = check(set); !checked)
        return std::move(checked).error();
    return set;
}

/// How many sets follow.
Result<std::size_t> read_header(Reader& in, std::size_t size) {
    std::string_view found;
    std::uint16_t written_by = 0;
    std::uint16_t reserved = 0;
    std::uint32_t total = 0;
    std::uint32_t sets = 0;
    if (!in.text(magic.size(), found) || found != magic)
        return invalid("message", "it does not start with SACS");
    if (!in.number(written_by))
        return cut_short("message");
    if (written_by != version)
        return broken(Cause::unsupported, fmt::format("version {}", written_by),
                      fmt::format("only version {} is known", version));
    if (!in.number(reserved) || !in.number(total) || !in.number(sets) || total != size)
        return cut_short("message");
    if (reserved != 0)
        return invalid("message", "bytes 6 and 7 are not 0");
    if (sets > max_sets)
        return too_many("sets", sets, max_sets);
    return std::size_t{sets};
}

} // namespace

Result<std::vector<CapabilitySet>> decode(std::span<const std::byte> message) {
    if (message.size() > max_message)
        return too_many("bytes", message.size(), max_message);
    Reader in(message);
    auto count = read_header(in, message.size());
    if (!count)
        return std::move(count).error();
    std::vector<CapabilitySet> sets;
    for (std::size_t i = 0; i < *count; ++i) {
        std::uint32_t length = 0;
        std::span<const std::byte> entries;
        if (!in.number(length) || !in.take(length, entries))
            return cut_short("set");
        auto set = read_set(Reader(entries));
        if (!set)
            return std::move(set).error();
        sets.push_back(*std::move(set));
    }
    if (!in.empty())
        return invalid("message", fmt::format("{} bytes are left over", in.size()));
    return sets;
}

} // namespace simplealloc::wire
