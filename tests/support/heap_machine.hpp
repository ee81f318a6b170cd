// SPDX-License-Identifier: MIT
// A machine with a system heap and udmabuf, and plain bytes that both serve.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/allocator.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace simplealloc::test {

constexpr std::uint64_t mebibyte = 1U << 20U;

struct HeapMachine {
    FakeKernel kernel;
    std::shared_ptr<FakeHeap> system;

    HeapMachine() {
        kernel.add_file("/proc/meminfo", "MemAvailable:   2097152 kB\n");
        FakeHeap heap;
        heap.name = "system";
        system = add_dma_heap(kernel, heap);
        add_udmabuf(kernel);
    }
};

inline Allocator open_allocator() {
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    return *std::move(allocator);
}

/// For the CPU alone: the heap serves it, then udmabuf.
inline RequestBuilder mebibytes_request(std::uint64_t mebibytes) {
    return Request::bytes(mebibytes * mebibyte).cpu(CpuAccess::read_often);
}

} // namespace simplealloc::test
