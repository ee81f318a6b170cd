// SPDX-License-Identifier: MIT
// How long C wants to wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace simplealloc::c {

/// Nothing is for ever.
inline std::optional<std::chrono::nanoseconds> to_timeout(std::int64_t timeout_ns) {
    if (timeout_ns < 0)
        return std::nullopt;
    return std::chrono::nanoseconds(timeout_ns);
}

/// The same in milliseconds: never shorter.
inline std::optional<std::chrono::milliseconds> to_milliseconds(std::int64_t timeout_ns) {
    if (timeout_ns < 0)
        return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(timeout_ns));
}

} // namespace simplealloc::c
