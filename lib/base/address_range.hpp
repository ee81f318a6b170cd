// SPDX-License-Identifier: MIT
// A run of addresses, of a bus or of the CPU.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace simplealloc {

/// Both ends included.
struct AddressRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const AddressRange&) const = default;
};

/// What both have; nothing when they don't meet.
inline std::optional<AddressRange> overlap(const AddressRange& a, const AddressRange& b) {
    const AddressRange both{std::max(a.first, b.first), std::min(a.last, b.last)};
    return both.first <= both.last ? std::optional(both) : std::nullopt;
}

} // namespace simplealloc
