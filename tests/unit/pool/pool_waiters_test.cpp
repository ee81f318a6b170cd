// SPDX-License-Identifier: MIT
// Pools that hand out only what devices have done with.
#include "lib/base/internal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pool_machine.hpp"
#include "tests/support/pool_slots.hpp"

#include <simplealloc/simplealloc.hpp>

#include <atomic>
#include <cerrno>
#include <linux/dma-buf.h>
#include <map>
#include <mutex>
#include <thread>

using namespace simplealloc;
using namespace std::chrono_literals;
using test::mebibyte;
using test::SharedFence;
using test::take;
using test::work;

namespace {

struct Machine : test::PoolMachine {
    Pool make_pool(std::size_t least, std::size_t most,
                   const Request& request = test::mebibytes_request(1)) const {
        PoolOptions options;
        options.min_buffers = least;
        options.max_buffers = most;
        return make_pool(options, request);
    }
    Pool make_pool(PoolOptions options, const Request& request = test::mebibytes_request(1)) const {
        options.wait_for_devices = true;
        return PoolMachine::make_pool(std::move(options), request);
    }
    /// As before Linux 6.0.
    void forget_sync_files(const PoolSlot& slot) const {
        kernel.dmabuf(slot->dmabufs()[0].fd)->has_sync_files = false;
    }
};

Error refusal(Pool& pool) {
    auto slot = pool.try_acquire();
    REQUIRE_FALSE(slot);
    return slot.error();
}

void wait_for_waiters(const Pool& pool, std::uint64_t count = 1) {
    while (pool.stats().waited < count)
        std::this_thread::yield();
}

} // namespace

TEST_CASE("what came back first goes out first, with one look at all that are idle") {
    Machine machine;
    Pool pool = machine.make_pool(3, 3);
    auto slots = take(pool, 3);
    CHECK(slots[0].index() == 0);
    CHECK(slots[2].index() == 2);
    slots[1].release();
    slots[0].release();
    slots[2].release();
    machine.kernel.clear_calls();
    CHECK((slots[0] = take(pool)).index() == 1);
    CHECK(machine.kernel.calls().size() == 1);
    CHECK(machine.kernel.count("poll") == 1);
    CHECK((slots[1] = take(pool)).index() == 0);
    CHECK((slots[2] = take(pool)).index() == 2);
    CHECK(pool.stats().recycled == 6);
}

TEST_CASE("what a device still works on is passed over until it has done") {
    Machine machine;
    Pool pool = machine.make_pool(2, 2);
    auto slots = take(pool, 2);
    const auto first = machine.submit(slots[0]);
    const auto second = machine.submit(slots[1]);
    slots[0].release();
    slots[1].release();
    const Error busy = refusal(pool);
    CHECK(busy.cause == Cause::busy);
    CHECK(busy.message() == "pool: all 2 buffers are in use; release slots, or wait: devices still "
                            "work on 2 that came back");
    second->over = true;
    slots[0] = take(pool);
    CHECK(slots[0].index() == 1);
    CHECK(refusal(pool).cause == Cause::busy);
    first->over = true;
    CHECK(take(pool).index() == 0);
}

TEST_CASE("readers are waited for as well, and each dma-buf of a buffer") {
    Machine machine;
    Constraints needs;
    needs.placements = Placements::of(Placement::per_plane);
    const Device npu = test::described("npu", needs);
    Pool pool = machine.make_pool(1, 1, Request::image(64, 64, fourcc::nv12).use(npu, Use::read));
    auto slot = take(pool);
    REQUIRE(slot->dmabufs().size() == 2);
    const std::size_t last = GENERATE(0U, 1U);
    const auto writing = machine.submit(slot, 1 - last);
    const auto reading = work();
    machine.kernel.dmabuf(slot->dmabufs()[last].fd)->readers.push_back(reading);
    slot.release();
    CHECK(refusal(pool).cause == Cause::busy);
    writing->over = true;
    CHECK(refusal(pool).cause == Cause::busy);
    // Waits for the one that is missing: to wait for both would never end.
    machine.kernel.before_nth_syscall(2, [&] { reading->over = true; });
    machine.kernel.clear_calls();
    CHECK(pool.acquire());
    CHECK(machine.kernel.count("poll") == 3);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("the pool grows before it waits for a device, and trims only what was not needed") {
    Machine machine;
    PoolOptions options;
    options.max_buffers = 4;
    options.trim_after = 10;
    Pool pool = machine.make_pool(options);
    // Two buffers are always with a device.
    std::vector<SharedFence> pipeline{work(), work()};
    for (int frame = 0; frame < 100; ++frame) {
        PoolSlot slot = take(pool);
        pipeline.push_back(machine.submit(slot));
        slot.release();
        pipeline[pipeline.size() - 3]->over = true;
    }
    CHECK(pool.stats().allocated == 3);
    CHECK(pool.stats().trimmed == 0);
    CHECK(pool.stats().idle == 3);
    // Without a device there is one to spare and one that is too much.
    for (const SharedFence& fence : pipeline)
        fence->over = true;
    for (int frame = 0; frame < 100; ++frame)
        (void)take(pool);
    CHECK(pool.stats().trimmed == 1);
    CHECK(machine.kernel.census().dmabufs == 2);
}

TEST_CASE("a wait for a device ends with its work, or in time") {
    Machine machine;
    Pool pool = machine.make_pool(1, 1);
    auto slot = take(pool);
    const auto fence = machine.submit(slot);
    slot.release();
    const auto start = machine.kernel.time;
    machine.kernel.fail("poll", 2, EINTR, 2);
    const auto late = pool.acquire(100ms);
    REQUIRE_FALSE(late);
    CHECK(late.error().cause == Cause::busy);
    CHECK(machine.kernel.time - start == 100ms);
    CHECK(pool.stats().waited == 1);
    CHECK_FALSE(pool.acquire(-1ms));
    CHECK_FALSE(pool.acquire(0ms));
    CHECK(pool.stats().waited == 1);

    machine.kernel.before_nth_syscall(2, [&] { fence->over = true; });
    CHECK(pool.acquire(forever));
    CHECK(machine.kernel.time - start == 100ms);
    CHECK(pool.stats().failures == std::map<Cause, std::uint64_t>{{Cause::busy, 3}});
}

TEST_CASE("a wait for a device that is not told how long ends all the same") {
    Machine machine;
    Pool pool = machine.make_pool(1, 1);
    auto slot = take(pool);
    const auto writing = machine.submit(slot);
    slot.release();
    const auto start = machine.kernel.time;
    CHECK(pool.acquire().error().cause == Cause::busy);
    CHECK(machine.kernel.time - start == default_timeout);
    machine.kernel.before_nth_syscall(2, [&] { writing->over = true; });
    CHECK(pool.acquire(forever));
}

TEST_CASE("a fence that comes with a release is waited for by the pool and by everyone else") {
    Machine machine;
    Pool pool = machine.make_pool(1, 1);
    auto slot = take(pool);
    const auto dmabuf = machine.kernel.dmabuf(slot->dmabufs()[0].fd);
    const auto fence = work();
    const auto before = machine.kernel.census();
    REQUIRE(slot.release(machine.sync_file(fence)));
    CHECK_FALSE(slot);
    CHECK(slot.release(machine.sync_file(fence)));
    CHECK(dmabuf->writers == test::FakeFences{fence});
    CHECK(machine.kernel.census() == before);
    CHECK(refusal(pool).cause == Cause::busy);
    fence->over = true;
    CHECK(take(pool).index() == 0);
}

TEST_CASE("before Linux 6.0 the pool remembers the fence of a release") {
    Machine machine;
    Pool pool = machine.make_pool(2, 2);
    auto slots = take(pool, 2);
    machine.forget_sync_files(slots[0]);
    const auto before = machine.kernel.census();
    const auto fence = work();
    REQUIRE(slots[0].release(machine.sync_file(fence)));
    slots[1].release();
    CHECK((slots[1] = take(pool)).index() == 1);
    CHECK(refusal(pool).cause == Cause::busy);
    machine.kernel.before_nth_syscall(2, [&] { fence->over = true; });
    slots[0] = pool.acquire(forever).value();
    CHECK(slots[0].index() == 0);
    CHECK(machine.kernel.census() == before);

    SECTION("no longer than the pool lives") {
        REQUIRE(slots[0].release(machine.sync_file(work())));
        pool.close();
        CHECK(machine.kernel.census().fds == before.fds - 1);
    }
    SECTION("where a descriptor is left for it") {
        const Fence another = machine.sync_file(work());
        machine.kernel.fail("dup", 1, EMFILE);
        const auto released = slots[0].release(another);
        REQUIRE_FALSE(released);
        CHECK(released.error().cause == Cause::fd_limit);
        CHECK(slots[0].index() == 0);
    }
}

TEST_CASE("before Linux 6.0 a pool that does not wait refuses the fence of a release") {
    Machine machine;
    auto pool = Pool::create(machine.allocator, test::mebibytes_request(1));
    REQUIRE(pool);
    auto slot = take(*pool);
    machine.forget_sync_files(slot);
    const auto released = slot.release(machine.sync_file(work()));
    REQUIRE_FALSE(released);
    CHECK(released.error().cause == Cause::unsupported);
    CHECK(released.error().remedy.find("Linux 6.0") != std::string::npos);
    CHECK(slot.index() == 0);
}

TEST_CASE("a fence that can't be left fails the release, and the slot keeps its buffer") {
    Machine machine;
    PoolOptions options;
    options.max_buffers = 1;
    options.wait_for_devices = GENERATE(false, true);
    auto pool = Pool::create(machine.allocator, test::mebibytes_request(1), options);
    REQUIRE(pool);
    auto slot = take(*pool);
    const Fence fence = machine.sync_file(work());
    SECTION("none") {
        const auto released = slot.release(Internal::make<Fence>(UniqueFd()));
        REQUIRE_FALSE(released);
        CHECK(released.error().cause == Cause::invalid);
    }
    SECTION("no memory") {
        machine.kernel.fail(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, 1, ENOMEM);
        const auto released = slot.release(fence);
        REQUIRE_FALSE(released);
        CHECK(released.error().cause == Cause::exhausted);
    }
    REQUIRE(slot);
    CHECK(slot.index() == 0);
    CHECK(pool->stats().in_flight == 1);
    slot.release();
    CHECK(take(*pool).index() == 0);
}

TEST_CASE("a pool that can't wait for devices is not made, and a look that fails changes nothing") {
    Machine machine;
    const auto before = machine.kernel.census();
    machine.kernel.fail("counter", 1, EMFILE);
    PoolOptions options;
    options.wait_for_devices = true;
    const auto none = Pool::create(machine.allocator, test::mebibytes_request(1), options);
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::fd_limit);
    CHECK(machine.kernel.census() == before);

    Pool pool = machine.make_pool(2, 2);
    take(pool).release();
    machine.kernel.fail("poll", 1, ENOMEM);
    CHECK(refusal(pool).cause == Cause::exhausted);
    CHECK(pool.stats().idle == 2);
    CHECK(pool.stats().failures.at(Cause::exhausted) == 1);
    CHECK(take(pool, 2).size() == 2);

    auto slot = take(pool);
    const auto fence = machine.submit(slot);
    slot.release();
    auto other = take(pool);
    machine.kernel.fail("poll", 2, ENOMEM);
    CHECK(pool.acquire().error().cause == Cause::exhausted);
    fence->over = true;
    CHECK(take(pool));
}

TEST_CASE("who waits for a device is woken by a release, a trim, a replan and the end of the pool",
          "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    Pool pool = machine.make_pool(2, 2);
    auto slots = take(pool, 2);
    const auto endless = machine.submit(slots[0]);
    slots[0].release();
    std::optional<Result<PoolSlot>> got;
    std::thread waiter([&] { got = pool.acquire(); });
    wait_for_waiters(pool);
    SECTION("device") {
        machine.kernel.finish(*endless);
        waiter.join();
        REQUIRE(got->has_value());
        CHECK((*got)->index() == 0);
    }
    SECTION("release") {
        slots[1].release();
        waiter.join();
        REQUIRE(got->has_value());
        CHECK((*got)->index() == 1);
    }
    SECTION("trim") {
        CHECK(pool.trim(1) == 1);
        waiter.join();
        REQUIRE(got->has_value());
        CHECK(pool.stats().allocated == 3);
        CHECK(machine.kernel.census().dmabufs == 2);
    }
    SECTION("replan") {
        REQUIRE(pool.replan(test::mebibytes_request(2)));
        waiter.join();
        REQUIRE(got->has_value());
        CHECK((**got)->dmabufs()[0].size == 2 * mebibyte);
        CHECK(machine.kernel.census().dmabufs == 3);
    }
    SECTION("close") {
        pool.close();
        waiter.join();
        REQUIRE_FALSE(got->has_value());
        CHECK(got->error().cause == Cause::gone);
        CHECK(machine.kernel.census().dmabufs == 1);
    }
}

TEST_CASE("a trim wakes all who wait for a device, since what is freed lives as long as they look",
          "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    PoolOptions options;
    options.max_buffers = 2;
    options.max_bytes = mebibyte;
    Pool pool = machine.make_pool(options);
    auto slot = take(pool);
    const auto endless = machine.submit(slot);
    slot.release();
    std::vector<std::thread> waiters;
    for (int i = 0; i < 2; ++i)
        waiters.emplace_back([&] { (void)pool.acquire(forever).value(); });
    wait_for_waiters(pool, 2);
    std::this_thread::sleep_for(50ms);
    CHECK(pool.trim(0) == 1);
    for (std::thread& waiter : waiters)
        waiter.join();
    CHECK(pool.stats().allocated == 2);
    CHECK(machine.kernel.census().dmabufs == 1);
}

TEST_CASE("what comes back while the idle buffers are looked at is not missed") {
    Machine machine;
    Pool pool = machine.make_pool(2, 2);
    auto slots = take(pool, 2);
    const auto endless = machine.submit(slots[0]);
    slots[0].release();
    machine.kernel.before_nth_syscall(1, [&] { slots[1].release(); });
    const auto slot = pool.acquire();
    REQUIRE(slot);
    CHECK(slot->index() == 1);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("who gives up leaves what it was woken for to others that wait", "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    Pool pool = machine.make_pool(1, 1);
    auto slot = take(pool);
    const auto endless = machine.submit(slot);
    // It waits longest, and is the one to be woken.
    std::thread impatient([&] { (void)pool.acquire(300ms); });
    wait_for_waiters(pool);
    std::this_thread::sleep_for(50ms);
    std::thread patient([&] { slot = pool.acquire(forever).value(); });
    wait_for_waiters(pool, 2);
    std::this_thread::sleep_for(50ms);
    slot.release();
    impatient.join();
    machine.kernel.finish(*endless);
    patient.join();
    CHECK(slot.index() == 0);
}

TEST_CASE("threads and a device share a pool, and nobody gets what the device works on",
          "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    const auto before = machine.kernel.census();
    {
        PoolOptions options;
        options.max_buffers = 3;
        options.trim_after = 7;
        options.keep_idle = 0;
        Pool pool = machine.make_pool(options);
        std::atomic<unsigned> failures = 0;
        std::mutex mutex;
        std::map<int, SharedFence> queue; // by descriptor: those of the fake kernel are unique
        std::atomic<bool> over = false;
        std::thread device([&] {
            while (!over) {
                std::this_thread::yield();
                const std::lock_guard lock(mutex);
                for (const auto& [fd, fence] : std::exchange(queue, {}))
                    machine.kernel.finish(*fence);
            }
        });
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 5; ++i)
            threads.emplace_back([&, i] {
                for (unsigned round = 0; round < 100; ++round) {
                    auto slot = round % 3 == 0 ? pool.acquire(10s) : pool.acquire();
                    if (!slot) {
                        ++failures;
                        return;
                    }
                    const int fd = (*slot)->dmabufs()[0].fd;
                    if (round % 20 == i)
                        pool.trim(0);
                    auto fence = work();
                    const auto file = Internal::make<Fence>(
                        UniqueFd::adopt(machine.kernel.install_sync_file({fence})));
                    const std::lock_guard lock(mutex);
                    if (!queue.emplace(fd, fence).second || !slot->release(file))
                        ++failures;
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        over = true;
        device.join();
        CHECK(failures == 0);
        const PoolStats stats = pool.stats();
        CHECK(stats.acquired == 500);
        CHECK(stats.in_flight == 0);
        CHECK(stats.acquired == stats.recycled + stats.allocated);
        CHECK(stats.bytes == stats.idle * mebibyte);
        CHECK(machine.kernel.census().dmabufs == stats.idle);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}
