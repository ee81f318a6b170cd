// SPDX-License-Identifier: MIT
// The entries of the wire form that are one number each, and what their values may be.
#pragma once

#include "lib/model/constraint_table.hpp"
#include "lib/share/wire/bytes.hpp"

#include <simplealloc/capability_set.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace simplealloc::wire {

inline constexpr std::string_view magic = "SACS";

/// Flags of a format.
inline constexpr std::uint32_t takes_without_modifier = 1;

/// Those beside solver::limit_rows, whose numbers are 1 to 15 and 24 to 29. Numbers are for ever:
/// one that is given up is not given to another entry.
enum class Entry : std::uint16_t {
    contiguity = 16,
    min_address = 17,
    max_address = 18,
    placements = 19,
    starts_at_zero = 20,
    memory_kinds = 21,
    protected_memory = 22,
    import_path = 23,
    exporters = 64,
    format = 65,
    evidence = 66,
    label = 67,
    plane = 68,
};

/// What travels of one plane's limits, each as a 64-bit number: what comes later has a higher
/// number and lies behind.
inline constexpr auto plane_numbers = [] {
    auto rows =
        solver::made_of_limits<[](const solver::LimitRow& row) { return row.of_plane != nullptr; },
                               [](const solver::LimitRow& row) { return row; }>();
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.entry < b.entry; });
    return rows;
}();

/// A field of CapabilitySet that travels as a 64-bit number.
struct NumberEntry {
    Entry entry;
    const char* name; ///< the field's
    std::uint64_t (*get)(const CapabilitySet&);
    void (*set)(CapabilitySet&, std::uint64_t);
    std::uint64_t least;
    std::uint64_t most;
};

/// In the order in which they are written.
std::span<const NumberEntry> number_entries();

} // namespace simplealloc::wire
