// SPDX-License-Identifier: MIT
// How long C wants to wait.
#pragma once

#include <simplealloc/api.h>
#include <simplealloc/fence.hpp>

#include <chrono>
#include <cstdint>

namespace simplealloc::c {

inline Timeout to_timeout(std::int64_t timeout_ns) {
    if (timeout_ns == SIMPLEALLOC_FOREVER)
        return forever;
    return std::chrono::nanoseconds(timeout_ns);
}

} // namespace simplealloc::c
