// SPDX-License-Identifier: MIT
// Ownership, mapping and sync of a buffer.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <linux/dma-buf.h>

using namespace simplealloc;
using test::FakeKernel;

namespace {

struct Machine {
    FakeKernel kernel;
    Machine() {
        kernel.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
        test::FakeHeap heap;
        heap.name = "system";
        add_dma_heap(kernel, heap);
    }
};

Buffer allocate(std::uint64_t size = 8192) {
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    auto buffer = allocator->allocate(Request::bytes(size).cpu(CpuAccess::read_often));
    REQUIRE(buffer);
    return *std::move(buffer);
}

} // namespace

TEST_CASE("a mapping is bracketed by one START and one END") {
    Machine machine;
    const Buffer buffer = allocate();
    const auto dmabuf = machine.kernel.dmabuf(buffer.dmabufs()[0].fd);
    {
        auto mapping = buffer.map(Access::write);
        REQUIRE(mapping);
        CHECK(mapping->bytes().size() == 8192);
        std::fill(mapping->bytes().begin(), mapping->bytes().end(), std::byte{7});
        CHECK(dmabuf->sync_starts == 1);
        CHECK(dmabuf->sync_ends == 0);
    }
    CHECK(dmabuf->sync_ends == 1);
    auto again = buffer.map(Access::read);
    REQUIRE(again);
    CHECK(again->bytes()[8191] == std::byte{7});
    CHECK(again->finish());
    CHECK(again->bytes().empty());
    CHECK(again->finish());
    CHECK(dmabuf->sync_ends == 2);
}

TEST_CASE("assigning over an open mapping ends it first") {
    Machine machine;
    const Buffer first = allocate();
    const Buffer second = allocate();
    const auto dmabuf = machine.kernel.dmabuf(first.dmabufs()[0].fd);
    auto mapping = first.map(Access::read);
    auto other = second.map(Access::read);
    REQUIRE(mapping);
    REQUIRE(other);
    *mapping = *std::move(other);
    CHECK(dmabuf->sync_ends == 1);
    CHECK(machine.kernel.mappings() == 1);
}

TEST_CASE("a mapping outlives its buffer") {
    Machine machine;
    std::optional<Mapping> mapping;
    {
        const Buffer buffer = allocate();
        auto made = buffer.map(Access::read_write);
        REQUIRE(made);
        mapping = *std::move(made);
    }
    mapping->bytes()[0] = std::byte{1};
    CHECK(mapping->finish());
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("an error of the sync is reported and the mapping is gone all the same") {
    Machine machine;
    const Buffer buffer = allocate();
    const auto before = machine.kernel.census();
    machine.kernel.fail(static_cast<unsigned long>(DMA_BUF_IOCTL_SYNC), 1, EIO);
    const auto refused = buffer.map(Access::read);
    REQUIRE(!refused);
    CHECK(refused.error().stage == Stage::sync);
    CHECK(refused.error().sys_errno == EIO);
    CHECK(machine.kernel.census() == before);

    auto mapping = buffer.map(Access::read);
    REQUIRE(mapping);
    machine.kernel.fail(static_cast<unsigned long>(DMA_BUF_IOCTL_SYNC), 1, EIO);
    const auto finished = mapping->finish();
    REQUIRE(!finished);
    CHECK(finished.error().stage == Stage::sync);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("descriptors are handed out as duplicates or for good") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        Buffer buffer = allocate();
        const int original = buffer.dmabufs()[0].fd;
        const auto copy = buffer.dup_fd();
        REQUIRE(copy);
        CHECK(copy->get() != original);
        CHECK(machine.kernel.dmabuf(copy->get()) == machine.kernel.dmabuf(original));
        const auto released = buffer.release();
        REQUIRE(released.size() == 1);
        CHECK(released[0].get() == original);
        CHECK(buffer.dmabufs().empty());
        const auto gone = buffer.map(Access::read);
        REQUIRE(!gone);
        CHECK(gone.error().cause == Cause::invalid);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("a moved buffer closes its descriptors once") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        Buffer first = allocate();
        Buffer second = std::move(first);
        first = std::move(second);
        CHECK(first.dmabufs().size() == 1);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("a wrong dma-buf index is the caller's mistake") {
    Machine machine;
    const Buffer buffer = allocate();
    const auto mapping = buffer.map(Access::read, 1);
    REQUIRE(!mapping);
    CHECK(mapping.error().cause == Cause::invalid);
    CHECK(!buffer.dup_fd(1));
    CHECK(!buffer.setup(0));
}
