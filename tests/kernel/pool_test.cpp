// SPDX-License-Identifier: MIT
// Pools on real kernels: that run out of something, and with devices at work.
#include "tests/kernel/fences.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pool_slots.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <poll.h>
#include <sys/resource.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using test::take;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t mebibyte = 1U << 20U;

Allocator open_allocator() {
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    return *std::move(allocator);
}

/// From the CMA heap alone.
RequestBuilder contiguous(std::uint64_t size) {
    return Request::bytes(size).cpu(CpuAccess::write).without("dma-heap:system").without("udmabuf");
}

Pool make_pool(const Allocator& allocator, const Request& request, std::size_t least = 0) {
    PoolOptions options;
    options.min_buffers = least;
    options.max_buffers = 200;
    auto pool = Pool::create(allocator, request, options);
    INFO((pool ? "" : pool.error().message()));
    REQUIRE(pool);
    return *std::move(pool);
}

/// Two buffers of a source that are handed out when devices have done with them.
Pool make_patient_pool(const std::string& without) {
    PoolOptions options;
    options.min_buffers = options.max_buffers = 2;
    options.wait_for_devices = true;
    auto pool = Pool::create(open_allocator(),
                             Request::bytes(65536).cpu(CpuAccess::write).without(without), options);
    INFO((pool ? "" : pool.error().message()));
    REQUIRE(pool);
    return *std::move(pool);
}

Cause refusal(Pool& pool, std::chrono::milliseconds timeout = 0ms) {
    const auto slot = pool.acquire(timeout);
    REQUIRE_FALSE(slot);
    return slot.error().cause;
}

bool is_readable(const Pollable& pollable, std::chrono::milliseconds timeout = 0ms) {
    pollfd target = {pollable.fd, pollable.events, 0};
    return ::poll(&target, 1, static_cast<int>(timeout.count())) == 1 && target.revents == POLLIN;
}

/// Acquires until growth fails.
Error exhaust(Pool& pool, std::vector<PoolSlot>& slots) {
    while (slots.size() < 200) {
        auto slot = pool.try_acquire();
        if (!slot)
            return slot.error();
        slots.push_back(*std::move(slot));
    }
    FAIL("nothing ran out");
    return {};
}

/// What was there stays usable: each buffer can be written, and given back and got again.
void check_usable(Pool& pool, std::vector<PoolSlot>& slots) {
    for (PoolSlot& slot : slots) {
        {
            auto mapping = slot->map(Access::write);
            INFO((mapping ? "" : mapping.error().message()));
            REQUIRE(mapping);
            mapping->bytes().front() = std::byte{1};
            mapping->bytes().back() = std::byte{2};
        }
        const std::uint32_t index = slot.index();
        slot.release();
        auto again = pool.try_acquire();
        REQUIRE(again);
        CHECK(again->index() == index);
        slot = *std::move(again);
    }
}

/// Lowers a limit of this process until destruction.
class Limit {
public:
    Limit(decltype(RLIMIT_AS) which, rlim_t value) : which_(which) {
        REQUIRE(getrlimit(which, &was_) == 0);
        rlimit lower = was_;
        lower.rlim_cur = value;
        REQUIRE(setrlimit(which, &lower) == 0);
    }
    ~Limit() { setrlimit(which_, &was_); }
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;

private:
    decltype(RLIMIT_AS) which_;
    rlimit was_{};
};

std::uint64_t address_space() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * 4096;
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "a CMA heap that runs out in the middle of growth leaves the pool as it was",
                 "[full][ion]") {
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, contiguous(10 * mebibyte).without("ion"), 2);
    std::vector<PoolSlot> slots;
    const Error error = exhaust(pool, slots);
    INFO(error.message());
    CHECK(error.cause == Cause::exhausted);
    CHECK(error.stage == Stage::allocate);
    CHECK(error.sys_errno == ENOMEM);
    CHECK(error.object == "dma-heap:reserved");
    REQUIRE(error.attempts.size() == 1);
    CHECK(error.attempts[0].source == "dma-heap:reserved");
    CHECK(slots.size() >= 3);
    CHECK(pool.stats().bytes == slots.size() * 10 * mebibyte);
    CHECK(pool.stats().in_flight == slots.size());
    check_usable(pool, slots);

    // And it grows again when there is memory.
    slots.erase(slots.begin(), slots.begin() + 2);
    CHECK(pool.trim(0) == 2);
    auto slot = pool.try_acquire();
    REQUIRE(slot);
    CHECK(slot->index() < 2);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "descriptors that run out in the middle of growth leave the pool as it was",
                 "[full]") {
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, Request::bytes(4096).cpu(CpuAccess::write));
    std::vector<PoolSlot> slots;
    {
        const Limit limit(RLIMIT_NOFILE, 40);
        const Error error = exhaust(pool, slots);
        INFO(error.message());
        CHECK(error.cause == Cause::fd_limit);
        CHECK(error.sys_errno == EMFILE);
        CHECK(error.attempts.size() == 1);
        CHECK(slots.size() > 10);
        CHECK(pool.stats().fds == slots.size());
        // A buffer that was mapped keeps a descriptor for that: there has to be room for them.
        slots.resize(slots.size() / 2 - 2);
        CHECK(pool.trim(slots.size()) > 0);
        check_usable(pool, slots);
    }
    CHECK(pool.try_acquire().has_value());
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "address space that runs out fails the mapping, and the buffers stay usable",
                 "[full]") {
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, Request::bytes(64 * mebibyte).cpu(CpuAccess::write));
    auto slot = pool.try_acquire();
    REQUIRE(slot);
    {
        const Limit limit(RLIMIT_AS, address_space() + 32 * mebibyte);
        const auto mapping = (*slot)->map(Access::write);
        REQUIRE_FALSE(mapping);
        CHECK(mapping.error().cause == Cause::exhausted);
        CHECK(mapping.error().stage == Stage::map);
        CHECK(mapping.error().sys_errno == ENOMEM);
        // Growth maps nothing: the heap clears its memory itself.
        auto another = pool.try_acquire();
        INFO((another ? "" : another.error().message()));
        CHECK(another);
    }
    CHECK((*slot)->map(Access::write).has_value());
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a program that is executed inherits nothing of buffers that are in use",
                 "[full]") {
    const Allocator allocator = open_allocator();
    const auto listing = [] { return guest::run({"sh", "-c", "ls -l /proc/self/fd"}).output; };
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    const auto before = lines(listing());
    const auto display = allocator.device(guest::card("vkms"));
    REQUIRE(display);
    Pool pool = make_pool(allocator,
                          Request::image(64, 64, fourcc::xrgb8888).use(*display, Use::scanout), 3);
    const auto slot = pool.try_acquire();
    REQUIRE(slot);
    const auto mapping = (*slot)->map(Access::read_write);
    REQUIRE(mapping);
    const std::string during = listing();
    INFO(during);
    CHECK(lines(during) == before);
    CHECK(during.find("dmabuf") == std::string::npos);
    CHECK(during.find("/dev/dri") == std::string::npos);
    CHECK(during.find("/dev/dma_heap") == std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a buffer that was released with a fence is handed out when it is over",
                 "[full]") {
    Pool pool = make_patient_pool(GENERATE("udmabuf", "dma-heap"));
    guest::SwTimeline timeline;
    auto first = take(pool);
    auto second = take(pool);
    CHECK(first.index() == 0);
    REQUIRE(first.release(timeline.next()));
    REQUIRE(second.release(timeline.next()));
    CHECK(refusal(pool) == Cause::busy);
    const auto start = Clock::now();
    CHECK(refusal(pool, 50ms) == Cause::busy);
    CHECK(Clock::now() - start >= 50ms);

    timeline.step();
    first = take(pool);
    CHECK(first.index() == 0);
    CHECK(first->wait(Access::write, 0ns).value());
    CHECK(refusal(pool) == Cause::busy);
    const auto again = Clock::now();
    const guest::Later later([&] { timeline.step(); });
    auto slot = pool.acquire();
    REQUIRE(slot);
    CHECK(slot->index() == 1);
    CHECK(Clock::now() - again >= guest::Later::delay);
    CHECK(refusal(pool) == Cause::busy);
}

TEST_CASE_METHOD(guest::NothingLeft, "a buffer that a GPU driver still writes is not handed out",
                 "[stock][full]") {
    Pool pool = make_patient_pool(GENERATE("udmabuf", "dma-heap"));
    auto slot = take(pool);
    const auto other = take(pool);
    const guest::Vgem vgem(*slot);
    const std::uint32_t writing = vgem.attach(guest::vgem_write);
    slot.release();
    CHECK(refusal(pool) == Cause::busy);
    const auto start = Clock::now();
    {
        const guest::Later later([&] { vgem.signal(writing); });
        auto got = pool.acquire(10s);
        REQUIRE(got);
        CHECK(Clock::now() - start >= guest::Later::delay);
        slot = *std::move(got);
    }
    CHECK(slot.index() == 0);
    const std::uint32_t reading = vgem.attach(0);
    slot.release();
    CHECK(refusal(pool) == Cause::busy);
    vgem.signal(reading);
    CHECK(take(pool).index() == 0);
}

TEST_CASE_METHOD(guest::NothingLeft, "a release ends a wait for devices that don't come to an end",
                 "[full]") {
    Pool pool = make_patient_pool("udmabuf");
    guest::SwTimeline timeline;
    auto stuck = take(pool);
    auto held = take(pool);
    REQUIRE(stuck.release(timeline.next()));
    const auto start = Clock::now();
    std::optional<guest::Later> later([&] { held.release(); });
    const auto slot = pool.acquire(20s);
    later.reset();
    REQUIRE(slot);
    CHECK(slot->index() == 1);
    CHECK(Clock::now() - start < 10s);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "an event loop learns that devices have done, and of a release", "[full]") {
    Pool pool = make_patient_pool("udmabuf");
    const Pollable signal = pool.pollable().value();
    guest::SwTimeline timeline;
    auto first = take(pool);
    auto second = take(pool);
    CHECK(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    REQUIRE(first.release(timeline.next()));
    REQUIRE(second.release(timeline.next()));
    CHECK(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));

    timeline.step();
    CHECK(is_readable(signal));
    first = take(pool);
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    const auto start = Clock::now();
    {
        const guest::Later later([&] { timeline.step(); });
        CHECK(is_readable(signal, 10s));
        CHECK(Clock::now() - start >= guest::Later::delay);
    }
    second = take(pool);
    CHECK(refusal(pool) == Cause::busy);
    {
        const guest::Later later([&] { first.release(); });
        CHECK(is_readable(signal, 10s));
    }
    CHECK(take(pool).index() == 0);
}
