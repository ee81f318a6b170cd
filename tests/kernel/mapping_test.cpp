// SPDX-License-Identifier: MIT
// The CPU's turns on memory of every source, against the real kernel.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace simplealloc;

namespace {

/// Of dma-bufs, in this process.
std::size_t mappings() {
    std::ifstream file("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);)
        count += line.find("/dmabuf") != std::string::npos ? 1 : 0;
    return count;
}

void fill(const Mapping& mapping, unsigned char value) {
    std::fill(mapping.bytes().begin(), mapping.bytes().end(), std::byte{value});
}

bool is_full_of(const Mapping& mapping, unsigned char value) {
    return std::all_of(mapping.bytes().begin(), mapping.bytes().end(),
                       [&](std::byte one) { return one == std::byte{value}; });
}

void finish(Mapping& mapping) {
    const auto finished = mapping.finish();
    INFO((finished ? "" : finished.error().message()));
    CHECK(finished);
}

Mapping map(const Buffer& buffer, Access access) {
    auto mapping = buffer.map(access);
    INFO((mapping ? "" : mapping.error().message()));
    REQUIRE(mapping);
    return *std::move(mapping);
}

/// Each END that has no START fails on udmabuf, and each error here is seen.
void check_nested(const Buffer& buffer) {
    // Read-only at first, writable at the same address later.
    Mapping reader = map(buffer, Access::read);
    Mapping writer = map(buffer, Access::write);
    CHECK(writer.bytes().data() == reader.bytes().data());
    fill(writer, 0x5a);
    finish(writer);
    CHECK(is_full_of(reader, 0x5a));
    Mapping both = map(buffer, Access::read_write);
    finish(reader);
    fill(both, 0xc3);
    finish(both);
    Mapping again = map(buffer, Access::read);
    CHECK(is_full_of(again, 0xc3));
    finish(again);
    CHECK(mappings() == 1);
}

void check_concurrent(const Buffer& buffer) {
    std::atomic<unsigned> failures = 0;
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < 4; ++number)
        threads.emplace_back([&, number] {
            constexpr std::array all{Access::read, Access::write, Access::read_write};
            for (std::size_t round = 0; round < 200; ++round) {
                auto outer = buffer.map(all[(number + round) % 3]);
                auto inner = buffer.map(Access::write);
                if (!outer || !inner) {
                    ++failures;
                    continue;
                }
                inner->bytes()[number] = std::byte(round % 256);
                if (!outer->finish() || inner->bytes()[number] != std::byte(round % 256) ||
                    !inner->finish())
                    ++failures;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(failures == 0);
    CHECK(mappings() == 1);
}

/// Of one dma-buf.
void check_turns(Buffer buffer) {
    INFO(buffer.source());
    REQUIRE(mappings() == 0);
    check_nested(buffer);
    check_concurrent(buffer);
    std::optional<Mapping> last = map(buffer, Access::read_write);
    { const Buffer gone = std::move(buffer); }
    fill(*last, 0x11);
    CHECK(is_full_of(*last, 0x11));
    CHECK(mappings() == 1);
    finish(*last);
    CHECK(mappings() == 0);
}

Buffer allocate(RequestBuilder request, const std::vector<std::string>& without) {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const std::string& name : without)
        request.without(name);
    AllocateOptions options;
    options.verify = false;
    auto buffer = allocator->allocate(request, options);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

Device device(const std::string& path) {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    auto found = allocator->device(path);
    REQUIRE(found);
    return *std::move(found);
}

RequestBuilder some_bytes() {
    return Request::bytes(300000).cpu(CpuAccess::read_often);
}

/// A Buffer of a dma-buf that the heap made with these flags.
Result<Buffer> adopted(std::uint64_t size, std::uint32_t flags) {
    const UniqueFd heap = UniqueFd::adopt(open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC));
    dma_heap_allocation_data request = {};
    request.len = size;
    request.fd_flags = flags | O_CLOEXEC;
    REQUIRE(ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request) == 0);
    const UniqueFd fd = UniqueFd::adopt(static_cast<int>(request.fd));
    ForeignBuffer foreign;
    foreign.layout.fourcc = fourcc::bytes;
    foreign.layout.planes = {{0, 0, 0, size}};
    foreign.dmabufs = {fd.get()};
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    return allocator->adopt(foreign);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "turns nest and overlap on memory of heaps and udmabuf, balanced", "[stock]") {
    check_turns(allocate(some_bytes(), {"udmabuf"}));
    check_turns(allocate(some_bytes(), {"dma-heap"}));
}

TEST_CASE_METHOD(guest::NothingLeft, "turns nest and overlap on memory of cards", "[stock]") {
    for (const std::string driver : {"virtio_gpu", "bochs-drm", "vgem"})
        check_turns(
            allocate(RequestBuilder(some_bytes()).use(device(guest::card(driver)), Use::read),
                     {"dma-heap", "udmabuf"}));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "turns nest and overlap on memory of the CMA heap and a V4L2 queue", "[full]") {
    check_turns(allocate(some_bytes(), {"dma-heap:system", "udmabuf"}));
    check_turns(allocate(Request::image(640, 480, fourcc::rgb565)
                             .use(device(guest::video("vim2m")), Use::m2m_out)
                             .cpu(CpuAccess::read_often),
                         {"dma-heap", "udmabuf"}));
}

TEST_CASE_METHOD(guest::NothingLeft, "turns nest and overlap on memory of the simple allocator",
                 "[stock][full]") {
    const guest::Driver driver("simple_allocator");
    check_turns(allocate(some_bytes(), {"dma-heap", "udmabuf"}));
}

TEST_CASE_METHOD(guest::NothingLeft, "turns nest and overlap on memory of ION, old and new",
                 "[ion]") {
    for (const std::string abi : {"modern", "legacy"}) {
        std::ofstream("/sys/module/ion/parameters/abi") << abi;
        check_turns(allocate(some_bytes(), {"dma-heap", "udmabuf"}));
    }
    std::ofstream("/sys/module/ion/parameters/abi") << "modern";
}

TEST_CASE_METHOD(guest::NothingLeft, "a picture's planes are written row by row", "[stock]") {
    const Buffer buffer =
        allocate(Request::image(322, 242, fourcc::nv12).cpu(CpuAccess::read_often), {});
    {
        auto planes = buffer.map_planes(Access::write);
        REQUIRE(planes);
        for (const PlaneView& plane : planes->planes())
            for (std::size_t row = 0; row < plane.rows; ++row)
                std::fill(plane.row(row).begin(), plane.row(row).end(), std::byte(row));
        const auto finished = planes->finish();
        CHECK(finished);
    }
    const Mapping whole = map(buffer, Access::read);
    const Plane& chroma = buffer.planes()[1];
    CHECK(whole.bytes()[chroma.offset + chroma.stride * 120 + 321] == std::byte{120});
    CHECK(whole.bytes()[buffer.planes()[0].stride * 241] == std::byte{241});
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a descriptor that is exported for reading is only read, and says so", "[stock]") {
    const auto buffer = adopted(4096, O_RDONLY);
    REQUIRE(buffer);
    const Mapping reader = map(*buffer, Access::read);
    CHECK(reader.bytes()[4095] == std::byte{0});
    const auto refused = buffer->map(Access::write);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::denied);
    CHECK(refused.error().sys_errno == EACCES);
    CHECK(refused.error().detail.find("read-only") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft, "an address space that is used up is named with its limit",
                 "[stock]") {
    const auto buffer = adopted(64U << 20U, O_RDWR);
    REQUIRE(buffer);
    rlimit before = {};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    const rlimit tight = {pages * static_cast<rlim_t>(getpagesize()) + (32U << 20U),
                          before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_AS, &tight) == 0);
    const auto refused = buffer->map(Access::read);
    setrlimit(RLIMIT_AS, &before);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::exhausted);
    CHECK(refused.error().sys_errno == ENOMEM);
    CHECK(refused.error().remedy.find("ulimit -v") != std::string::npos);
    CHECK(mappings() == 0);
    CHECK(buffer->map(Access::read));
}

TEST_CASE_METHOD(guest::NothingLeft, "many turns on many buffers leave nothing", "[stock]") {
    for (unsigned round = 0; round < 500; ++round) {
        const auto buffer = adopted(16384, O_RDWR);
        REQUIRE(buffer);
        fill(map(*buffer, Access::write), 1);
        CHECK(is_full_of(map(*buffer, Access::read), 1));
    }
    CHECK(mappings() == 0);
}
