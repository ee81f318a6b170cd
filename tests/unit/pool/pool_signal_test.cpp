// SPDX-License-Identifier: MIT
// Pools in an event loop: when their descriptor is readable, and what it costs.
#include "tests/support/catch.hpp"
#include "tests/support/pool_machine.hpp"
#include "tests/support/pool_slots.hpp"

#include <simplealloc/simplealloc.hpp>

#include <atomic>
#include <cerrno>
#include <thread>

using namespace simplealloc;
using namespace std::chrono_literals;
using test::mebibyte;
using test::SharedFence;
using test::take;
using test::work;

namespace {

bool is_readable(const Pollable& pollable, Timeout timeout = 0ns) {
    pollfd target = {pollable.fd, pollable.events, 0};
    return kernel::poll(std::span(&target, 1), timeout) == 1 && target.revents == POLLIN;
}

struct Machine : test::PoolMachine {
    using PoolMachine::make_pool;
    Pool make_pool(std::size_t most, bool wait_for_devices,
                   const Request& request = test::mebibytes_request(1)) const {
        PoolOptions options;
        options.max_buffers = most;
        options.wait_for_devices = wait_for_devices;
        return make_pool(options, request);
    }
};

Cause refusal(Pool& pool) {
    auto slot = pool.try_acquire();
    REQUIRE_FALSE(slot);
    return slot.error().cause;
}

} // namespace

TEST_CASE("an event loop waits from the first acquisition in vain to the next chance") {
    Machine machine;
    Pool pool = machine.make_pool(2, GENERATE(false, true));
    const Pollable signal = pool.pollable().value();
    CHECK(signal.events == POLLIN);
    CHECK(is_readable(signal));
    auto slots = take(pool, 2);
    CHECK(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    CHECK(pool.pollable().value().fd == signal.fd);

    SECTION("a release") {
        slots[0].release();
        CHECK(is_readable(signal));
        slots[0] = take(pool);
        CHECK(is_readable(signal));
        CHECK_FALSE(pool.acquire(1ms));
        CHECK_FALSE(is_readable(signal));
    }
    SECTION("another plan") {
        REQUIRE(pool.replan(test::mebibytes_request(2)));
        CHECK(is_readable(signal));
        CHECK(take(pool)->dmabufs()[0].size == 2 * mebibyte);
    }
    SECTION("the end") {
        pool.close();
        CHECK(is_readable(signal));
        CHECK(refusal(pool) == Cause::gone);
        CHECK(is_readable(signal));
    }
}

TEST_CASE("room in a pool is a chance as well") {
    Machine machine;
    PoolOptions options;
    options.max_bytes = 3 * mebibyte;
    auto pool = Pool::create(machine.allocator, test::mebibytes_request(2), options);
    REQUIRE(pool);
    const Pollable signal = pool->pollable().value();
    auto slot = take(*pool);
    REQUIRE(pool->replan(test::mebibytes_request(2)));
    CHECK(refusal(*pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    // It is of the earlier plan, and freed.
    slot.release();
    CHECK(is_readable(signal));
    CHECK(take(*pool));

    REQUIRE(pool->replan(test::mebibytes_request(4)));
    CHECK(refusal(*pool) == Cause::limit);
    CHECK(is_readable(signal));
}

TEST_CASE("nobody who is not asked for a descriptor makes one, and recycling stays without calls") {
    Machine machine;
    Pool pool = machine.make_pool(1, false);
    auto slot = take(pool);
    const auto before = machine.kernel.census();
    CHECK(refusal(pool) == Cause::busy);
    CHECK(machine.kernel.census() == before);
    (void)pool.pollable().value();
    CHECK(machine.kernel.census().fds == before.fds + 1);
    machine.kernel.clear_calls();
    for (int round = 0; round < 100; ++round) {
        slot.release();
        slot = take(pool);
    }
    CHECK(machine.kernel.calls().empty());
    for (int round = 0; round < 100; ++round) {
        CHECK(refusal(pool) == Cause::busy);
        CHECK(refusal(pool) == Cause::busy);
        slot.release();
        slot = take(pool);
    }
    CHECK(machine.kernel.calls().size() == 200);
}

TEST_CASE("the end of a device's work wakes an event loop") {
    Machine machine;
    Pool pool = machine.make_pool(1, true);
    const Pollable signal = pool.pollable().value();
    auto slot = take(pool);
    SharedFence fence;
    SECTION("as the dma-buf knows it") {
        fence = machine.submit(slot);
        slot.release();
    }
    SECTION("as the pool alone knows it") {
        machine.kernel.dmabuf(slot->dmabufs()[0].fd)->has_sync_files = false;
        fence = work();
        REQUIRE(slot.release(machine.sync_file(fence)));
    }
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    fence->over = true;
    CHECK(is_readable(signal));
    slot = take(pool);
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    // Of a buffer that is in use nothing is watched any more.
    machine.submit(slot)->over = true;
    CHECK_FALSE(is_readable(signal));
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("an event loop waits for the last one of several devices") {
    Machine machine;
    Constraints needs;
    needs.placements = Placements::of(Placement::per_plane);
    const Device npu = test::described("npu", needs);
    Pool pool =
        machine.make_pool(1, true, Request::image(64, 64, fourcc::nv12).use(npu, Use::read));
    const Pollable signal = pool.pollable().value();
    auto slot = take(pool);
    const auto first = machine.submit(slot, 0);
    const auto last = machine.submit(slot, 1);
    slot.release();
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    first->over = true;
    CHECK(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    last->over = true;
    CHECK(is_readable(signal));
    CHECK(take(pool));
}

TEST_CASE("what an event loop waits for is let go before it is closed") {
    Machine machine;
    Pool pool = machine.make_pool(2, true);
    const Pollable signal = pool.pollable().value();
    auto slots = take(pool, 2);
    const auto endless = machine.submit(slots[0]);
    const auto before = machine.kernel.census();
    slots[0].release();
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    SECTION("by a trim") {
        CHECK(pool.trim(0) == 1);
        CHECK(is_readable(signal));
    }
    SECTION("by another plan") {
        REQUIRE(pool.replan(test::mebibytes_request(2)));
        CHECK(is_readable(signal));
    }
    SECTION("by the end") {
        pool.close();
        CHECK(is_readable(signal));
    }
    CHECK(machine.kernel.census().dmabufs == before.dmabufs - 1);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("what comes or goes while the idle buffers are looked at is not slept through") {
    Machine machine;
    Pool pool = machine.make_pool(2, true);
    const Pollable signal = pool.pollable().value();
    auto slots = take(pool, 2);
    const auto fence = machine.submit(slots[0]);
    slots[0].release();
    SECTION("a release") {
        machine.kernel.before_nth_syscall(1, [&] { slots[1].release(); });
        CHECK(refusal(pool) == Cause::busy);
        CHECK(is_readable(signal));
        CHECK(take(pool).index() == 1);
    }
    SECTION("the work") {
        machine.kernel.before_nth_syscall(2, [&] { fence->over = true; });
        CHECK(refusal(pool) == Cause::busy);
        CHECK(is_readable(signal));
        CHECK(take(pool).index() == 0);
    }
}

TEST_CASE("a descriptor for an event loop that can't be had changes nothing") {
    Machine machine;
    Pool pool = machine.make_pool(1, true);
    auto slot = take(pool);
    const auto before = machine.kernel.census();
    const std::string call = GENERATE("counter", "add", "watcher", "watch");
    machine.kernel.fail(call, 1, EMFILE);
    CHECK(pool.pollable().error().cause == Cause::fd_limit);
    CHECK(machine.kernel.census() == before);
    const Pollable signal = pool.pollable().value();

    // More than fs.epoll.max_user_watches.
    const auto fence = machine.submit(slot);
    slot.release();
    machine.kernel.fail("watch", 1, ENOSPC);
    CHECK(refusal(pool) == Cause::exhausted);
    CHECK(is_readable(signal));
    CHECK(refusal(pool) == Cause::busy);
    CHECK_FALSE(is_readable(signal));
    machine.kernel.fail("watch", 1, ENOSPC);
    CHECK(refusal(pool) == Cause::exhausted);
    CHECK(is_readable(signal));
}

TEST_CASE("an event loop gets each slot that other threads give back", "[threads]") {
    Machine machine;
    machine.kernel.lets_others_run = true;
    Pool pool = machine.make_pool(2, false);
    const Pollable signal = pool.pollable().value();
    std::atomic<bool> over = false;
    std::atomic<int> late = 0;
    std::thread other([&] {
        while (!over)
            if (auto slot = pool.try_acquire())
                std::this_thread::yield();
    });
    int got = 0;
    while (got < 300 && late == 0) {
        auto first = pool.try_acquire();
        auto second = pool.try_acquire();
        if (first || second)
            ++got;
        else if (!is_readable(signal, 10s))
            ++late;
    }
    over = true;
    other.join();
    CHECK(late == 0);
    CHECK(machine.kernel.errors().empty());
}
