// SPDX-License-Identifier: MIT
// Pools whose buffers devices of the fake kernel work on.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace simplealloc::test {

using SharedFence = std::shared_ptr<FakeFence>;

inline SharedFence work() {
    return std::make_shared<FakeFence>();
}

struct PoolMachine : HeapMachine {
    const Allocator allocator = open_allocator();

    Pool make_pool(PoolOptions options, const Request& request = mebibytes_request(1)) const {
        auto pool = Pool::create(allocator, request, std::move(options));
        INFO((pool ? "" : pool.error().message()));
        REQUIRE(pool);
        return *std::move(pool);
    }
    /// A device begins to write it.
    SharedFence submit(const PoolSlot& slot, std::size_t index = 0) const {
        auto fence = work();
        dmabuf(*slot, index)->writers.push_back(fence);
        return fence;
    }
    Fence sync_file(const SharedFence& fence) {
        auto made = Fence::adopt(UniqueFd::adopt(kernel.install_sync_file({fence})));
        REQUIRE(made);
        return *std::move(made);
    }
};

} // namespace simplealloc::test
