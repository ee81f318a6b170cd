// SPDX-License-Identifier: MIT
// Old data in fresh memory: cleared before it is handed out, or said to be there.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <linux/dma-buf.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr unsigned char old_data = 0xa5;

/// A heap that nobody knows, whose memory has old data.
FakeHeap vendor_heap() {
    FakeHeap heap;
    heap.name = "vendor";
    heap.old_data = old_data;
    return heap;
}

Result<Buffer> allocate(RequestBuilder request = Request::bytes(8192)) {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    return allocator->allocate(request.name("zero"));
}

const Fact& zeroed(const Buffer& buffer) {
    const auto facts = buffer.facts();
    const auto found = std::find_if(facts.begin(), facts.end(),
                                    [](const Fact& fact) { return fact.name == "zeroed"; });
    REQUIRE(found != facts.end());
    return *found;
}

bool all_bytes_are(const Buffer& buffer, unsigned char value, std::size_t dmabuf = 0) {
    const auto mapping = buffer.map(Access::read, dmabuf);
    REQUIRE(mapping);
    const auto bytes = mapping->bytes();
    return std::all_of(bytes.begin(), bytes.end(),
                       [&](std::byte byte) { return byte == std::byte{value}; });
}

} // namespace

TEST_CASE("memory of a source that promises nothing is cleared between balanced syncs") {
    FakeKernel fake;
    add_dma_heap(fake, vendor_heap());
    const auto buffer = allocate(Request::image(64, 64, fourcc::nv12));
    REQUIRE(buffer);
    const auto dmabuf = fake.dmabuf(buffer->dmabufs()[0].fd);
    CHECK(dmabuf->sync_starts == 1);
    CHECK(dmabuf->sync_ends == 1);
    CHECK(fake.mappings() == 0);
    CHECK(all_bytes_are(*buffer, 0));
    CHECK(zeroed(*buffer).value == "yes");
    CHECK(zeroed(*buffer).confidence == Confidence::known);
}

TEST_CASE("old data stays, and is said to, when the caller does not care") {
    FakeKernel fake;
    add_dma_heap(fake, vendor_heap());
    const auto buffer = allocate(Request::bytes(8192).zeroed(false));
    REQUIRE(buffer);
    CHECK(fake.count("map") == 0);
    CHECK(zeroed(*buffer).value == "unknown");
    CHECK(all_bytes_are(*buffer, old_data));
}

TEST_CASE("memory that its source clears is not touched") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const auto buffer = allocate();
    REQUIRE(buffer);
    CHECK(fake.count("map") == 0);
    CHECK(zeroed(*buffer).value == "yes");
}

TEST_CASE("memory that can't be mapped is handed out as it is, and says so") {
    FakeKernel fake;
    FakeHeap heap = vendor_heap();
    heap.mappable = false;
    add_dma_heap(fake, heap);
    const auto buffer = allocate();
    REQUIRE(buffer);
    CHECK(zeroed(*buffer).value == "unknown");
}

TEST_CASE("memory that is known to be out of the CPU's reach is not even mapped") {
    FakeKernel fake;
    FakeHeap heap = vendor_heap();
    heap.name = "vframe-secure";
    add_dma_heap(fake, heap);
    DeviceDescription decoder;
    decoder.name = "decoder";
    decoder.alternatives.emplace_back().constraints.protected_memory = true;
    const auto buffer =
        allocate(Request::bytes(8192).use(Device::described(std::move(decoder)), Use::decode));
    REQUIRE(buffer);
    CHECK(fake.count("map") == 0);
}

TEST_CASE("memory that can't be cleared is not handed out, and nothing of it is left") {
    FakeKernel fake;
    add_dma_heap(fake, vendor_heap());
    const auto before = fake.census();
    struct Row {
        FakeTarget target;
        unsigned nth;
        int sys_errno;
        Cause cause;
        Stage stage;
    };
    const auto row = GENERATE(values<Row>({
        {"map", 1, ENOMEM, Cause::exhausted, Stage::map},
        {"map", 1, EACCES, Cause::denied, Stage::map},
        {DMA_BUF_IOCTL_SYNC, 1, EIO, Cause::unsupported, Stage::sync},
        {DMA_BUF_IOCTL_SYNC, 2, EIO, Cause::unsupported, Stage::sync},
    }));
    fake.fail(row.target, row.nth, row.sys_errno);
    const auto buffer = allocate();
    REQUIRE_FALSE(buffer);
    REQUIRE(buffer.error().attempts.size() == 1);
    const Attempt& attempt = buffer.error().attempts[0];
    CHECK(attempt.source == "dma-heap:vendor");
    CHECK(attempt.cause == row.cause);
    CHECK(attempt.stage == row.stage);
    CHECK(attempt.sys_errno == row.sys_errno);
    CHECK(fake.census() == before);
}
