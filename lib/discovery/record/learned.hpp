// SPDX-License-Identifier: MIT
// A value with the row that says it, so that two rows are never taken for one.
#pragma once

#include <simplealloc/capability_set.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc {

/// A value that a quirk row may say; without an origin nobody did, and it is what is supposed then.
template <typename T>
struct Learned {
    T value{};
    Evidence evidence{Confidence::unknown, ""};

    [[nodiscard]] bool is_said() const { return !evidence.origin.empty(); }
};

/// Of what two rows make together: both are named, and it is as sure as the less sure one.
inline Evidence both(const Evidence& one, const Evidence& other) {
    if (one.origin == other.origin)
        return one;
    return {std::max(one.confidence, other.confidence),
            fmt::format("{}; {}", one.origin, other.origin)};
}

} // namespace simplealloc
