// SPDX-License-Identifier: MIT
// Slots of a pool that has to have them.
#pragma once

#include "tests/support/catch.hpp"

#include <simplealloc/pool.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace simplealloc::test {

inline PoolSlot take(Pool& pool) {
    auto slot = pool.try_acquire();
    INFO((slot ? "" : slot.error().message()));
    REQUIRE(slot);
    return *std::move(slot);
}

inline std::vector<PoolSlot> take(Pool& pool, std::size_t count) {
    std::vector<PoolSlot> slots;
    while (slots.size() < count)
        slots.push_back(take(pool));
    return slots;
}

} // namespace simplealloc::test
