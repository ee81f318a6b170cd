// SPDX-License-Identifier: MIT
// Ownership of a buffer's dma-bufs.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

using namespace simplealloc;

namespace {

Buffer allocate(std::uint64_t size = 8192) {
    return test::allocate(test::open_allocator(), Request::bytes(size).cpu(CpuAccess::read_often));
}

} // namespace

TEST_CASE("descriptors are handed out as duplicates or for good") {
    test::FakeMachine machine;
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
    test::FakeMachine machine;
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
    test::FakeMachine machine;
    const Buffer buffer = allocate();
    const auto mapping = buffer.map(Access::read, 1);
    REQUIRE(!mapping);
    CHECK(mapping.error().cause == Cause::invalid);
    CHECK(!buffer.dup_fd(1));
    CHECK(!buffer.setup(0));
}
