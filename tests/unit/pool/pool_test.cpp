// SPDX-License-Identifier: MIT
// Buffers that are lent and come back: who gets which, how many there may be, and what is left.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/pool_slots.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <linux/dma-heap.h>
#include <set>
#include <thread>

using namespace simplealloc;
using namespace std::chrono_literals;

namespace {

using test::mebibyte;
using test::open_allocator;
using test::take;
using Machine = test::HeapMachine;

/// For the CPU alone: the heap serves it, then udmabuf.
RequestBuilder request(std::uint64_t mebibytes = 1) {
    return test::mebibytes_request(mebibytes);
}

PoolOptions between(std::size_t least, std::size_t most) {
    PoolOptions options;
    options.min_buffers = least;
    options.max_buffers = most;
    return options;
}

Pool make_pool(const Allocator& allocator, PoolOptions options, const Request& what = request()) {
    auto pool = Pool::create(allocator, what, std::move(options));
    INFO((pool ? "" : pool.error().message()));
    REQUIRE(pool);
    return *std::move(pool);
}

Cause cause_of_failure(Pool& pool) {
    auto slot = pool.try_acquire();
    REQUIRE_FALSE(slot);
    return slot.error().cause;
}

/// A device that the caller tests.
Device tested(std::function<Result<void>(const Buffer&)> verify) {
    return test::described("npu", {}, std::move(verify));
}

} // namespace

TEST_CASE("a fixed pool allocates all buffers at once and no other") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(3, 3));
    CHECK(machine.kernel.census().dmabufs == 3);
    const auto slots = take(pool, 3);
    CHECK(slots[0].index() == 0);
    CHECK(slots[1].index() == 1);
    CHECK(slots[2].index() == 2);
    const auto refused = pool.try_acquire();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::busy);
    CHECK(refused.error().stage == Stage::acquire);
    CHECK(refused.error().message() == "pool: all 3 buffers are in use; release slots");
    CHECK(machine.kernel.census().dmabufs == 3);
}

TEST_CASE("recycling makes no system call, and the buffer that came back last goes out first") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(2, 2));
    auto slots = take(pool, 2);
    slots[0].release();
    slots[1].release();
    machine.kernel.clear_calls();
    for (int round = 0; round < 1000; ++round) {
        const PoolSlot slot = take(pool);
        CHECK(slot.index() == 1);
    }
    CHECK(machine.kernel.calls().empty());
    CHECK(pool.stats().recycled == 1002);
    CHECK(pool.stats().allocated == 2);
}

TEST_CASE("a growing pool allocates when none is idle, up to its maximum") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(0, 2));
    CHECK(machine.kernel.census().dmabufs == 0);
    {
        const auto slots = take(pool, 2);
        CHECK(machine.kernel.census().dmabufs == 2);
        CHECK(cause_of_failure(pool) == Cause::busy);
        CHECK(pool.stats().in_flight == 2);
    }
    CHECK(machine.kernel.census().dmabufs == 2);
    const PoolStats stats = pool.stats();
    CHECK(stats.acquired == 2);
    CHECK(stats.recycled == 0);
    CHECK(stats.allocated == 2);
    CHECK(stats.high_water == 2);
    CHECK(stats.in_flight == 0);
    CHECK(stats.idle == 2);
    CHECK(stats.bytes == 2 * mebibyte);
    CHECK(stats.fds == 2);
    CHECK(stats.failures == std::map<Cause, std::uint64_t>{{Cause::busy, 1}});
}

TEST_CASE("an index stays with its buffer, and a freed one is given to the next buffer") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(0, 3));
    auto slots = take(pool, 3);
    const int fd = slots[1]->dmabufs()[0].fd;
    slots[1].release();
    slots[1] = take(pool);
    CHECK(slots[1].index() == 1);
    CHECK(slots[1]->dmabufs()[0].fd == fd);
    slots[1].release();
    CHECK(pool.trim(0) == 1);
    slots[1] = take(pool);
    CHECK(slots[1].index() == 1);
    CHECK(slots[1]->dmabufs()[0].fd != fd);
}

TEST_CASE("a pool and a slot that were moved from are empty") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(1, 1));
    PoolSlot slot = take(pool);
    Pool moved = std::move(pool);
    PoolSlot other = std::move(slot);
    CHECK_FALSE(slot); // NOLINT(bugprone-use-after-move)
    REQUIRE(other);
    slot.release();
    CHECK(moved.stats().in_flight == 1);
    other = PoolSlot();
    CHECK(moved.stats().in_flight == 0);
    other.release();
    other = take(moved);
    auto& same = other;
    other = std::move(same);
    CHECK(other);
    moved = make_pool(allocator, between(2, 2));
    CHECK(machine.kernel.census().dmabufs == 3);
}

TEST_CASE("slots outlive pool and allocator, and leave nothing", "[threads]") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        std::vector<PoolSlot> slots;
        {
            std::optional<Allocator> allocator = open_allocator();
            Pool pool = make_pool(*allocator, between(4, 4));
            allocator.reset();
            slots = take(pool, 2);
            CHECK(machine.kernel.census().dmabufs == 4);
        }
        CHECK(machine.kernel.census().dmabufs == 2);
        CHECK(slots[0]->dmabufs().size() == 1);
        std::thread([slot = std::move(slots[0])]() mutable { slot.release(); }).join();
        CHECK(machine.kernel.census().dmabufs == 1);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("a pool grows after its allocator is gone, within the same quotas") {
    Machine machine;
    machine.kernel.add_file("/etc/libsimplealloc/policy.conf", "[quota]\ntotal = 2M\n");
    std::optional<Allocator> allocator = open_allocator();
    Pool pool = make_pool(*allocator, between(0, 8));
    allocator.reset();
    const auto slots = take(pool, 2);
    CHECK(cause_of_failure(pool) == Cause::limit);
}

TEST_CASE("growth that fails says why and changes nothing") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(2, 8));
    auto slots = take(pool, 2);
    const auto before = machine.kernel.census();
    const PoolStats was = pool.stats();
    const int sys_errno = GENERATE(ENOMEM, EMFILE, EINVAL);

    // Each call that growth makes fails in turn.
    bool grown = false;
    for (unsigned nth = 1; !grown; ++nth) {
        CAPTURE(nth, sys_errno);
        REQUIRE(nth < 100);
        machine.kernel.fail_nth_syscall(nth, sys_errno);
        auto slot = pool.try_acquire();
        grown = slot.has_value();
        machine.kernel.clear_failures();
        if (grown)
            break;
        CHECK(slot.error().detail.starts_with("buffer 3 of a pool of at most 8: "));
        REQUIRE(slot.error().attempts.size() == 1);
        CHECK(slot.error().attempts[0].source == "dma-heap:system");
        CHECK(machine.kernel.census() == before);
        CHECK(pool.stats().bytes == was.bytes);
        CHECK(pool.stats().fds == was.fds);
        slots[0].release();
        slots[0] = take(pool);
        CHECK(slots[0].index() == 0);
    }
    slots.push_back(take(pool));
    CHECK(slots.back().index() == 2);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("preallocation that fails at any call leaves nothing") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(request().without("udmabuf"));
    REQUIRE(plan);
    const auto before = machine.kernel.census();
    unsigned failures = 0;
    for (unsigned nth = 1;; ++nth) {
        CAPTURE(nth);
        REQUIRE(nth < 200);
        machine.kernel.fail_nth_syscall(nth, ENOMEM);
        {
            const auto pool = Pool::create(allocator, *plan, between(3, 3));
            if (pool && !machine.kernel.failed())
                break;
            if (!pool) {
                ++failures;
                CHECK(!pool.error().message().empty());
                CHECK(machine.kernel.census() == before);
            }
        }
        machine.kernel.clear_failures();
        CHECK(machine.kernel.census() == before);
    }
    // Each of the three buffers takes one call at least, and the first opens the source.
    CHECK(failures >= 4);
}

TEST_CASE("a source with memory for some buffers only is passed over for all") {
    Machine machine;
    machine.system->pool->capacity = 3 * mebibyte;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(4, 4));
    CHECK(machine.system->pool->used == 0);
    for (const PoolSlot& slot : take(pool, 4))
        CHECK(slot->source() == "udmabuf");

    const auto neither = Pool::create(allocator, request(3).without("udmabuf"), between(2, 2));
    REQUIRE_FALSE(neither);
    CHECK(neither.error().cause == Cause::exhausted);
    CHECK(neither.error().detail == "buffer 2 of a pool of at most 2: the only candidate failed: "
                                    "allocate 3 MiB");
    CHECK(machine.system->pool->used == 0);
}

TEST_CASE("a request of one buffer is planned for all that the pool allocates in advance") {
    Machine machine;
    machine.kernel.add_file("/etc/libsimplealloc/policy.conf",
                            "[quota]\ndma-heap = 3M\ntotal = 6M\n");
    const Allocator allocator = open_allocator();
    const auto tried = [&] { return machine.kernel.count(DMA_HEAP_IOCTL_ALLOC); };
    SECTION("so that a source which is too small for them is not tried") {
        Pool pool = make_pool(allocator, between(4, 4));
        CHECK(tried() == 0);
        for (const PoolSlot& slot : take(pool, 4))
            CHECK(slot->source() == "udmabuf");
    }
    SECTION("and after a change of the request as well") {
        Pool pool = make_pool(allocator, between(2, 2));
        CHECK(tried() == 2);
        CHECK(take(pool)->source() == "dma-heap:system");
        REQUIRE(pool.replan(request(2)));
        CHECK(tried() == 2);
        CHECK(take(pool)->source() == "udmabuf");
    }
    SECTION("so that a machine which is too small for them says how many it has room for") {
        const auto none = Pool::create(allocator, request(), between(8, 8));
        REQUIRE_FALSE(none);
        CHECK(none.error().cause == Cause::unsatisfiable);
        CHECK(std::any_of(none.error().relaxations.begin(), none.error().relaxations.end(),
                          [](const Relaxation& offer) {
                              return offer.kind == RelaxationKind::count && offer.count == 6;
                          }));
        CHECK(machine.kernel.census().dmabufs == 0);
    }
    SECTION("unless sources may be mixed") {
        PoolOptions mixing = between(4, 4);
        mixing.mix_sources = true;
        Pool pool = make_pool(allocator, mixing);
        CHECK(take(pool)->source() == "dma-heap:system");
    }
    SECTION("or the request says how many") {
        CHECK(Pool::create(allocator, request().count(2), between(4, 4)));
        CHECK(tried() > 0);
    }
    SECTION("and none is no number") {
        const auto none = Pool::create(allocator, request().count(0), between(4, 4));
        REQUIRE_FALSE(none);
        CHECK(none.error().cause == Cause::invalid);
    }
}

TEST_CASE("every source that was asked for all buffers is an attempt of the error") {
    Machine machine;
    machine.system->pool->capacity = 3 * mebibyte;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(request());
    REQUIRE(plan);
    machine.kernel.fail("memfd", 3, ENOMEM);
    const auto pool = Pool::create(allocator, *plan, between(4, 4));
    REQUIRE_FALSE(pool);
    REQUIRE(pool.error().attempts.size() == 2);
    CHECK(pool.error().attempts[0].source == "dma-heap:system");
    CHECK(pool.error().attempts[1].source == "udmabuf");
    CHECK(machine.kernel.census().dmabufs == 0);
}

TEST_CASE("the source of the first buffer serves all, unless sources may be mixed") {
    Machine machine;
    machine.system->pool->capacity = mebibyte;
    const Allocator allocator = open_allocator();
    {
        Pool pool = make_pool(allocator, between(0, 2));
        const PoolSlot first = take(pool);
        CHECK(first->source() == "dma-heap:system");
        CHECK(cause_of_failure(pool) == Cause::exhausted);
    }
    PoolOptions mixing = between(2, 2);
    mixing.mix_sources = true;
    Pool pool = make_pool(allocator, mixing);
    const auto slots = take(pool, 2);
    CHECK(slots[0]->source() == "dma-heap:system");
    CHECK(slots[1]->source() == "udmabuf");
}

TEST_CASE("of two first buffers at a time the one that is there first decides for both") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool* pool = nullptr;
    std::optional<PoolSlot> first;
    const Device npu = tested([&](const Buffer& buffer) -> Result<void> {
        if (buffer.source() == "udmabuf" && !first)
            first = take(*pool);
        return {};
    });
    Pool made = make_pool(allocator, between(0, 2), request().use(npu, Use::read));
    pool = &made;
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 1, ENOMEM);
    const PoolSlot second = take(made);
    REQUIRE(first);
    CHECK((*first)->source() == "dma-heap:system");
    CHECK(second->source() == "dma-heap:system");
    CHECK(made.stats().allocated == 2);
    CHECK(machine.kernel.census().dmabufs == 2);
}

TEST_CASE("a buffer with another layout than its pool's others is refused") {
    Machine machine;
    test::FakeCard card;
    const auto padding = std::make_shared<std::uint32_t>(0);
    card.pitch = [padding](std::uint32_t width, std::uint32_t bpp) {
        return width * bpp / 8 + *padding;
    };
    add_drm_card(machine.kernel, card);
    const Allocator allocator = open_allocator();
    const auto device = allocator.device("/dev/dri/card0");
    REQUIRE(device);
    Pool pool = make_pool(allocator, between(1, 2),
                          Request::image(64, 64, fourcc::xrgb8888)
                              .use(*device, Use::read)
                              .without("dma-heap")
                              .without("udmabuf"));
    const PoolSlot first = take(pool);
    const auto before = machine.kernel.census();
    // Any stride is fine for a buffer alone.
    *padding = 64;
    const auto second = pool.try_acquire();
    REQUIRE_FALSE(second);
    CHECK(second.error().cause == Cause::mismatch);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("bytes and descriptors stay within the budget") {
    Machine machine;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(0, 8);
    SECTION("bytes") {
        options.max_bytes = 3 * mebibyte - 1;
    }
    SECTION("descriptors") {
        options.max_fds = 2;
    }
    Pool pool = make_pool(allocator, options);
    auto slots = take(pool, 2);
    CHECK(cause_of_failure(pool) == Cause::busy);
    slots.pop_back();
    slots.push_back(take(pool));
    CHECK(machine.kernel.census().dmabufs == 2);
}

TEST_CASE("a budget that not one buffer fits into is an error, not a wait") {
    Machine machine;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(0, 8);
    options.max_bytes = mebibyte - 1;
    Pool pool = make_pool(allocator, options);
    const auto slot = pool.acquire();
    REQUIRE_FALSE(slot);
    CHECK(slot.error().cause == Cause::limit);

    options.min_buffers = 1;
    const auto none = Pool::create(allocator, request(), options);
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::limit);
    CHECK(machine.kernel.census().dmabufs == 0);
}

TEST_CASE("memory that turns out larger than the budget is freed again") {
    Machine machine;
    machine.system->missing = static_cast<std::uint64_t>(-4096);
    const Allocator allocator = open_allocator();
    PoolOptions options = between(0, 8);
    options.max_bytes = mebibyte;
    Pool pool = make_pool(allocator, options);
    CHECK(cause_of_failure(pool) == Cause::limit);
    CHECK(machine.kernel.census().dmabufs == 0);
    CHECK(pool.stats().bytes == 0);
}

TEST_CASE("options that make no sense are refused") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto options = GENERATE(between(0, 0), between(2, 1), between(0, 65537));
    const auto pool = Pool::create(allocator, request(), options);
    REQUIRE_FALSE(pool);
    CHECK(pool.error().cause == Cause::invalid);
}

TEST_CASE("a pool whose plan has no candidate is refused with the conflict") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto pool = Pool::create(allocator, request().without("dma-heap").without("udmabuf"));
    REQUIRE_FALSE(pool);
    CHECK(pool.error().cause == Cause::unsatisfiable);
}

TEST_CASE("buffers that were not needed are freed one at a time, the coldest first") {
    Machine machine;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(1, 8);
    options.trim_after = 10;
    options.keep_idle = 1;
    Pool pool = make_pool(allocator, options);
    { const auto slots = take(pool, 5); }
    const auto recycle = [&](unsigned times) {
        while (times-- > 0)
            (void)take(pool);
    };
    // The window began with all of them in flight.
    recycle(5);
    CHECK(pool.stats().idle == 5);
    recycle(9);
    CHECK(pool.stats().idle == 5);
    recycle(1);
    CHECK(pool.stats().idle == 4);
    CHECK(machine.kernel.census().dmabufs == 4);
    recycle(20);
    CHECK(pool.stats().idle == 2);
    // One in flight and one to spare.
    recycle(100);
    CHECK(pool.stats().idle == 2);
    CHECK(pool.stats().trimmed == 3);
    // A need in the window keeps them.
    { const auto slots = take(pool, 3); }
    recycle(7);
    CHECK(pool.stats().idle == 3);
}

TEST_CASE("hysteresis leaves the minimum, and none is trimmed when it is off") {
    Machine machine;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(3, 8);
    options.trim_after = 1;
    options.keep_idle = 0;
    SECTION("minimum") {
        Pool pool = make_pool(allocator, options);
        { const auto slots = take(pool, 5); }
        for (int round = 0; round < 100; ++round)
            (void)take(pool);
        CHECK(pool.stats().idle == 3);
    }
    SECTION("off") {
        options.trim_after = 0;
        Pool pool = make_pool(allocator, options);
        { const auto slots = take(pool, 5); }
        for (int round = 0; round < 1000; ++round)
            (void)take(pool);
        CHECK(pool.stats().idle == 5);
    }
}

TEST_CASE("trim frees idle buffers alone, and a fixed pool grows again after it") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(3, 3));
    {
        const PoolSlot used = take(pool);
        CHECK(pool.trim() == 0);
        CHECK(pool.trim(0) == 2);
        CHECK(machine.kernel.census().dmabufs == 1);
    }
    CHECK(pool.stats().trimmed == 2);
    const auto slots = take(pool, 3);
    CHECK(machine.kernel.census().dmabufs == 3);
}

TEST_CASE("after a replan new buffers come from the new plan, and those in flight stay valid") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(2, 2));
    PoolSlot old = take(pool);
    const std::uint64_t generation = old.generation();
    REQUIRE(pool.replan(request(2)));
    CHECK(pool.stats().retired == 1);
    CHECK(pool.stats().bytes == 5 * mebibyte);

    const auto slots = take(pool, 2);
    CHECK(slots[0].index() == 0);
    CHECK(slots[0].generation() != generation);
    CHECK(slots[0]->dmabufs()[0].size == 2 * mebibyte);
    CHECK(old.index() == 0);
    CHECK(old.generation() == generation);
    CHECK(old->dmabufs()[0].size == mebibyte);
    CHECK(old->map(Access::read).has_value());
    old.release();
    CHECK(pool.stats().retired == 2);
    CHECK(pool.stats().bytes == 4 * mebibyte);
    CHECK(cause_of_failure(pool) == Cause::busy);
    CHECK(machine.kernel.census().dmabufs == 2);
}

TEST_CASE("a replan that fails leaves the pool as it was") {
    Machine machine;
    machine.system->pool->capacity = 4 * mebibyte;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(2, 2);
    options.max_bytes = 5 * mebibyte;
    Pool pool = make_pool(allocator, options, request().without("udmabuf"));
    const auto before = machine.kernel.census();
    CHECK_FALSE(pool.replan(request().without("dma-heap").without("udmabuf")));
    CHECK_FALSE(pool.replan(request().without("no-such-backend")));
    const auto no_memory = pool.replan(request(2).without("udmabuf"));
    REQUIRE_FALSE(no_memory);
    CHECK(no_memory.error().cause == Cause::limit);
    const auto no_budget = pool.replan(request(2).without("dma-heap"));
    REQUIRE_FALSE(no_budget);
    CHECK(machine.kernel.census() == before);
    CHECK(take(pool)->dmabufs()[0].size == mebibyte);

    pool.trim(0);
    CHECK(pool.replan(request(2).without("udmabuf")));
    CHECK(take(pool)->dmabufs()[0].size == 2 * mebibyte);
    CHECK(pool.stats().failures == std::map<Cause, std::uint64_t>{{Cause::unsatisfiable, 1},
                                                                  {Cause::invalid, 1},
                                                                  {Cause::limit, 2}});
}

TEST_CASE("who waits is woken by a release, a trim, a replan and the end of the pool",
          "[threads]") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(1, 1));
    std::optional<PoolSlot> held = take(pool);
    std::optional<Result<PoolSlot>> got;
    std::thread waiter([&] { got = pool.acquire(); });
    while (pool.stats().waited == 0)
        std::this_thread::yield();
    SECTION("release") {
        held.reset();
        waiter.join();
        REQUIRE(got->has_value());
    }
    SECTION("replan") {
        REQUIRE(pool.replan(request(2)));
        waiter.join();
        REQUIRE(got->has_value());
        CHECK((**got)->dmabufs()[0].size == 2 * mebibyte);
    }
    SECTION("close") {
        pool.close();
        waiter.join();
        REQUIRE_FALSE(got->has_value());
        CHECK(got->error().cause == Cause::gone);
        CHECK(cause_of_failure(pool) == Cause::gone);
        CHECK(pool.replan(request()).error().cause == Cause::gone);
        CHECK((*held)->dmabufs().size() == 1);
    }
}

TEST_CASE("who waits for room is woken when a buffer of an earlier plan leaves it", "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    const Allocator allocator = open_allocator();
    PoolOptions options = between(0, 2);
    options.max_bytes = 2 * mebibyte;
    options.wait_for_devices = GENERATE(false, true);
    Pool pool = make_pool(allocator, options);
    PoolSlot old = take(pool);
    REQUIRE(pool.replan(request(2)));
    std::optional<Result<PoolSlot>> got;
    std::thread waiter([&] { got = pool.acquire(); });
    while (pool.stats().waited == 0)
        std::this_thread::yield();
    old.release();
    waiter.join();
    REQUIRE(got->has_value());
    CHECK((**got)->dmabufs()[0].size == 2 * mebibyte);
}

TEST_CASE("a pool that is closed or planned anew while it grows keeps to that") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(0, 4));
    SECTION("closed") {
        machine.kernel.before_nth_syscall(1, [&] { pool.close(); });
        CHECK(cause_of_failure(pool) == Cause::gone);
        CHECK(machine.kernel.census().dmabufs == 0);
        CHECK(pool.stats().bytes == 0);
    }
    SECTION("planned anew") {
        machine.kernel.before_nth_syscall(1, [&] { REQUIRE(pool.replan(request(2))); });
        const PoolSlot slot = take(pool);
        CHECK(slot->dmabufs()[0].size == 2 * mebibyte);
        CHECK(pool.stats().allocated == 1);
        CHECK(machine.kernel.census().dmabufs == 1);
    }
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("the end of a pool wakes all who wait", "[threads]") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(1, 1));
    const PoolSlot held = take(pool);
    std::atomic<unsigned> gone = 0;
    std::vector<std::thread> waiters;
    for (int i = 0; i < 3; ++i)
        waiters.emplace_back([&] {
            if (pool.acquire().error().cause == Cause::gone)
                ++gone;
        });
    while (pool.stats().waited < 3)
        std::this_thread::yield();
    pool.close();
    for (std::thread& waiter : waiters)
        waiter.join();
    CHECK(gone == 3);
}

TEST_CASE("a wait ends in time, and a negative one is none") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(1, 1));
    const PoolSlot held = take(pool);
    const auto begin = std::chrono::steady_clock::now();
    const auto late = pool.acquire(20ms);
    REQUIRE_FALSE(late);
    CHECK(late.error().cause == Cause::busy);
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    CHECK(pool.stats().waited == 1);
    CHECK_FALSE(pool.acquire(-1ms));
    CHECK_FALSE(pool.acquire(0ms));
    CHECK(pool.stats().waited == 1);
}

TEST_CASE("the longest time that can be said is waited for, not none", "[threads]") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Pool pool = make_pool(allocator, between(1, 1));
    std::optional<PoolSlot> held = take(pool);
    std::thread releaser([&] {
        while (pool.stats().waited == 0)
            std::this_thread::yield();
        held.reset();
    });
    CHECK(pool.acquire(forever).has_value());
    releaser.join();
}

TEST_CASE("slots that die in a callback of the library don't block") {
    Machine machine;
    const Allocator allocator = open_allocator();
    std::vector<PoolSlot> held;
    Pool* running = nullptr;
    const Device npu = tested([&](const Buffer&) -> Result<void> {
        held.clear();
        if (running != nullptr)
            (void)running->stats();
        return {};
    });
    Pool pool = make_pool(allocator, between(1, 8), request().use(npu, Use::read));
    running = &pool;
    held = take(pool, 1);
    const PoolSlot grown = take(pool);
    CHECK(held.empty());
    CHECK(grown.index() == 1);
    CHECK(pool.stats().in_flight == 1);

    // Also while a buffer dies, in a log sink.
    set_log(LogLevel::trace, [&](LogLevel, std::string_view) { held.clear(); });
    held = take(pool, 2);
    const PoolSlot again = take(pool);
    set_log(LogLevel::off);
    CHECK(held.empty());
}

TEST_CASE("threads share a pool, and no buffer is lent twice at once", "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    const auto before = machine.kernel.census();
    {
        const Allocator allocator = open_allocator();
        PoolOptions options = between(0, 4);
        options.trim_after = 5;
        options.keep_idle = 0;
        Pool pool = make_pool(allocator, options, request().without("udmabuf"));
        std::atomic<unsigned> failures = 0;
        std::array<std::atomic<bool>, 4> lent{};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 6; ++i)
            threads.emplace_back([&, i] {
                for (unsigned round = 0; round < 400; ++round) {
                    auto slot = round % 3 == 0 ? pool.acquire(10s) : pool.acquire();
                    if (!slot || lent[slot->index()].exchange(true)) {
                        ++failures;
                        return;
                    }
                    if (round % 50 == i)
                        pool.trim(0);
                    std::this_thread::yield();
                    lent[slot->index()] = false;
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(failures == 0);
        const PoolStats stats = pool.stats();
        CHECK(stats.acquired == 2400);
        CHECK(stats.in_flight == 0);
        CHECK(stats.high_water <= 4);
        CHECK(stats.acquired == stats.recycled + stats.allocated);
        CHECK(stats.allocated - stats.trimmed == stats.idle);
        CHECK(stats.bytes == stats.idle * mebibyte);
        CHECK(machine.kernel.census().dmabufs == stats.idle);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("threads replan and acquire, and the budget holds at every moment", "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    machine.system->pool->capacity = 6 * mebibyte;
    const auto before = machine.kernel.census();
    {
        const Allocator allocator = open_allocator();
        PoolOptions options = between(0, 4);
        options.max_bytes = 6 * mebibyte;
        const RequestBuilder one = request().without("udmabuf");
        const RequestBuilder two = request(2).without("udmabuf");
        Pool pool = make_pool(allocator, options, one);
        std::atomic<unsigned> failures = 0;
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (unsigned round = 0; round < 150; ++round) {
                    const auto slot = pool.acquire();
                    if (!slot || (*slot)->dmabufs().empty())
                        ++failures;
                    std::this_thread::yield();
                }
            });
        threads.emplace_back([&] {
            for (unsigned round = 0; round < 60; ++round)
                if (!pool.replan(round % 2 == 0 ? two : one))
                    ++failures;
        });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(failures == 0);
        CHECK(pool.stats().in_flight == 0);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.system->pool->used == 0);
}
