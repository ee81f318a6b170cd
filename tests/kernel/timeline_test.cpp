// SPDX-License-Identifier: MIT
// Timelines of virtio-gpu, whose driver has them, with fences of sw_sync.
#include "tests/kernel/fences.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <poll.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using guest::Later;
using guest::SwTimeline;

namespace {

UniqueFd open_card(const std::string& driver) {
    auto node = UniqueFd::adopt(open(guest::card(driver).c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(node);
    return node;
}

Timeline make_timeline() {
    auto made = Timeline::create(open_card("virtio_gpu").get());
    INFO((made ? "" : made.error().message()));
    REQUIRE(made);
    return *std::move(made);
}

Fence exported(const Timeline& timeline, std::uint64_t point) {
    auto fence = timeline.export_sync_file(point);
    INFO((fence ? "" : fence.error().message()));
    REQUIRE(fence);
    return *std::move(fence);
}

bool is_readable(const UniqueFd& event, int timeout_ms = 0) {
    pollfd target = {event.get(), POLLIN, 0};
    return poll(&target, 1, timeout_ms) == 1;
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "a buffer and a pool wait for the points of a timeline",
                 "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(65536));
    REQUIRE(buffer);
    const Timeline timeline = make_timeline();
    REQUIRE(timeline.signal(1));
    REQUIRE(buffer->import_sync_file(exported(timeline, 1).fd(), Access::write));
    CHECK(*buffer->wait(Access::read_write, 0ns));

    SwTimeline work;
    REQUIRE(timeline.import_sync_file(work.next().fd(), 2));
    REQUIRE(timeline.signal(3));
    // The CPU's point comes after that of the device, so it is not over.
    CHECK_FALSE(*timeline.wait(3, 0ns));
    REQUIRE(buffer->import_sync_file(exported(timeline, 3).fd(), Access::write));
    CHECK_FALSE(*buffer->wait(Access::read, 0ns));
    PoolOptions options;
    options.max_buffers = 1;
    options.wait_for_devices = true;
    auto pool = Pool::create(*allocator, Request::bytes(65536), options);
    REQUIRE(pool);
    auto slot = pool->try_acquire();
    REQUIRE(slot);
    REQUIRE(slot->release(exported(timeline, 2)));
    CHECK(pool->try_acquire().error().cause == Cause::busy);

    const Later later([&] { work.step(); });
    CHECK(*buffer->wait(Access::read));
    CHECK(pool->acquire(10s));
    CHECK(*timeline.wait(3, 0ns));
    CHECK(*timeline.last_point() == 3);
}

TEST_CASE_METHOD(guest::NothingLeft, "a point is waited for that nobody has submitted yet",
                 "[stock][full]") {
    const Timeline timeline = make_timeline();
    const auto start = Clock::now();
    CHECK_FALSE(*timeline.wait(1, 50ms));
    CHECK(Clock::now() - start >= 50ms);
    CHECK(timeline.export_sync_file(1).error().cause == Cause::busy);
    const auto submitted = timeline.event(1, PointState::submitted);
    const auto over = timeline.event(1);
    REQUIRE(submitted);
    REQUIRE(over);
    CHECK_FALSE(is_readable(*submitted));
    CHECK_FALSE(is_readable(*over));
    const Later later([&] {
        if (!timeline.signal(1))
            std::abort();
    });
    const auto state = GENERATE(PointState::submitted, PointState::over);
    CHECK(*timeline.wait(1, GENERATE(Timeout(10s), Timeout(forever)), state));
    CHECK(is_readable(*submitted, 10000));
    CHECK(is_readable(*over, 10000));
    CHECK(exported(timeline, 1).status()->state == FenceState::signaled);
    CHECK(timeline.signal(1).error().cause == Cause::invalid);
}

TEST_CASE_METHOD(guest::NothingLeft, "a timeline is the same on two descriptions of a device",
                 "[stock][full]") {
    const Timeline first = make_timeline();
    const auto syncobj = first.export_fd();
    REQUIRE(syncobj);
    const auto second = Timeline::import(open_card("virtio_gpu").get(), syncobj->get());
    REQUIRE(second);
    const auto beside = Timeline::import(first.fd(), syncobj->get());
    REQUIRE(beside);
    CHECK(beside->handle() != first.handle());
    REQUIRE(second->signal(8));
    CHECK(*first.last_point() == 8);
    CHECK(*beside->wait(7, 0ns));
    CHECK(Timeline::import(first.fd(), first.fd()).error().cause == Cause::invalid);
}

TEST_CASE_METHOD(guest::NothingLeft, "a driver without timelines says so", "[stock][full]") {
    const auto made = Timeline::create(open_card("vgem").get());
    REQUIRE_FALSE(made);
    CHECK(made.error().cause == Cause::unsupported);
    const auto device = Allocator::open()->device(guest::card("virtio_gpu"));
    REQUIRE(device);
    CHECK(Timeline::create(*device));
}
