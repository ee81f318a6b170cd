// SPDX-License-Identifier: MIT
// Points of DRM timelines: as fences, for the CPU and for event loops.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"
#include "tests/support/fake_syncobjs.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <fcntl.h>
#include <poll.h>

using namespace simplealloc;
using namespace simplealloc::test;
using namespace std::chrono_literals;

namespace {

struct Gpu {
    FakeKernel kernel;
    std::shared_ptr<FakeCard> card;
    UniqueFd node;
    std::shared_ptr<FakeFence> work = std::make_shared<FakeFence>();

    explicit Gpu(FakeCard wanted = {.render_node = true, .timelines = true})
        : card(add_drm_card(kernel, std::move(wanted))),
          node(UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR))) {
        add_dma_heap(kernel, {.name = "system"});
    }
    [[nodiscard]] Timeline timeline() const {
        auto made = Timeline::create(node.get());
        INFO((made ? "" : made.error().message()));
        REQUIRE(made);
        return *std::move(made);
    }
    UniqueFd sync_file() { return UniqueFd::adopt(kernel.install_sync_file({work})); }
    /// A timeline whose point 5 is over when `work` is.
    Timeline busy_timeline() {
        Timeline made = timeline();
        REQUIRE(made.import_sync_file(sync_file().get(), 5));
        return made;
    }
};

bool is_readable(const UniqueFd& event) {
    pollfd target = {event.get(), POLLIN, 0};
    return kernel::poll(std::span(&target, 1), 0ns) == 1;
}

template <typename T>
Cause cause(const Result<T>& result) {
    REQUIRE_FALSE(result);
    INFO(result.error().message());
    CHECK_FALSE(result.error().object.empty());
    CHECK_FALSE(result.error().detail.empty());
    return result.error().cause;
}

} // namespace

TEST_CASE("a point that the CPU signals is over, and so are all before it") {
    Gpu gpu;
    const Timeline timeline = gpu.timeline();
    CHECK(*timeline.last_point() == 0);
    CHECK_FALSE(*timeline.wait(3, 0ns));
    REQUIRE(timeline.signal(3));
    CHECK(*timeline.wait(3, 0ns));
    CHECK(*timeline.wait(2, 0ns));
    CHECK_FALSE(*timeline.wait(4, 0ns));
    CHECK(*timeline.last_point() == 3);
    CHECK(timeline.export_sync_file(2)->status()->state == FenceState::signaled);
}

TEST_CASE("a sync_file becomes a point, and a point a sync_file") {
    Gpu gpu;
    const Timeline timeline = gpu.busy_timeline();
    CHECK(*timeline.last_point() == 0);
    CHECK(*timeline.last_point(PointState::submitted) == 5);
    const auto fence = timeline.export_sync_file(4);
    REQUIRE(fence);
    CHECK(fence->status()->state == FenceState::pending);
    CHECK_FALSE(*timeline.wait(5, 0ns));
    CHECK(*timeline.wait(5, 0ns, PointState::submitted));
    gpu.work->over = true;
    CHECK(fence->status()->state == FenceState::signaled);
    CHECK(*timeline.wait(5));
    CHECK(*timeline.last_point() == 5);
}

TEST_CASE("a buffer waits for a point, and so does a pool's slot") {
    Gpu gpu;
    const Timeline timeline = gpu.busy_timeline();
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(8192));
    REQUIRE(buffer);
    REQUIRE(buffer->import_sync_file(timeline.export_sync_file(5)->fd(), Access::write));
    CHECK_FALSE(*buffer->wait(Access::read, 0ns));
    PoolOptions options;
    options.max_buffers = 1;
    options.wait_for_devices = true;
    auto pool = Pool::create(*allocator, Request::bytes(8192), options);
    REQUIRE(pool);
    auto slot = pool->try_acquire();
    REQUIRE(slot);
    REQUIRE(slot->release(*timeline.export_sync_file(5)));
    CHECK(cause(pool->try_acquire()) == Cause::busy);
    gpu.work->over = true;
    CHECK(*buffer->wait(Access::read, 0ns));
    CHECK(pool->try_acquire());
}

TEST_CASE("points are submitted once, and in order") {
    Gpu gpu;
    const Timeline timeline = gpu.busy_timeline();
    for (const std::uint64_t point : {4, 5}) {
        CHECK(cause(timeline.signal(point)) == Cause::invalid);
        const auto imported = timeline.import_sync_file(gpu.sync_file().get(), point);
        CHECK(cause(imported) == Cause::invalid);
        CHECK(imported.error().detail.find("is not after 5") != std::string::npos);
    }
    CHECK(timeline.signal(6));
    CHECK(gpu.kernel.errors().empty());
}

TEST_CASE("a point that is not submitted yet is no sync_file, but can be waited for") {
    Gpu gpu;
    const Timeline timeline = gpu.busy_timeline();
    const auto fence = timeline.export_sync_file(6);
    CHECK(cause(fence) == Cause::busy);
    CHECK(fence.error().remedy == "wait for PointState::submitted first");
    const auto start = gpu.kernel.time;
    CHECK_FALSE(*timeline.wait(6, 5ms));
    CHECK(gpu.kernel.time - start == 5ms);
    CHECK_FALSE(*timeline.wait(6, -5ms, PointState::submitted));
    CHECK(gpu.kernel.time - start == 5ms);
}

TEST_CASE("an event loop learns that a point is there, or over") {
    Gpu gpu;
    const Timeline timeline = gpu.timeline();
    const auto submitted = timeline.event(1, PointState::submitted);
    const auto over = timeline.event(2);
    REQUIRE(submitted);
    REQUIRE(over);
    REQUIRE(timeline.import_sync_file(gpu.sync_file().get(), 1));
    CHECK(is_readable(*submitted));
    gpu.work->over = true;
    CHECK_FALSE(is_readable(*over));
    REQUIRE(timeline.signal(2));
    CHECK(is_readable(*over));
}

TEST_CASE("a kernel without events for points says so, and leaves no eventfd") {
    Gpu gpu({.timelines = true, .timeline_events = false});
    const Timeline timeline = gpu.timeline();
    const std::size_t before = gpu.kernel.census().fds;
    CHECK(cause(timeline.event(1)) == Cause::unsupported);
    CHECK(gpu.kernel.census().fds == before);
}

TEST_CASE("a timeline travels as a descriptor, to another description as well") {
    Gpu gpu;
    const Timeline first = gpu.timeline();
    const auto syncobj = first.export_fd();
    REQUIRE(syncobj);
    const UniqueFd other = UniqueFd::adopt(kernel::open("/dev/dri/renderD128", O_RDWR));
    for (const int node : {gpu.node.get(), other.get()}) {
        const auto second = Timeline::import(node, syncobj->get());
        REQUIRE(second);
        const std::uint64_t next = *first.last_point() + 1;
        REQUIRE(second->signal(next));
        CHECK(*first.wait(next, 0ns));
    }
    CHECK(first.signal(7));
    CHECK(gpu.kernel.errors().empty());
}

TEST_CASE("a timeline of a device is on a node of its own, or on the caller's") {
    Gpu gpu;
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto device = allocator->device("/dev/dri/card0");
    REQUIRE(device);
    CHECK(Timeline::create(*device)->signal(1));
    const auto callers = allocator->device(gpu.node.get());
    REQUIRE(callers);
    gpu.kernel.remove("/dev/dri/card0");
    CHECK(Timeline::create(*callers)->signal(1));
    CHECK(cause(Timeline::create(*device)) == Cause::gone);
}

TEST_CASE("a driver without timelines is told from what is no DRM node at all") {
    Gpu gpu(FakeCard{});
    const auto made = Timeline::create(gpu.node.get());
    CHECK(cause(made) == Cause::unsupported);
    CHECK(made.error().remedy == "use the node of another GPU, or sync_files (Fence)");
    CHECK(cause(Timeline::create(gpu.sync_file().get())) == Cause::invalid);
    CHECK(cause(Timeline::create(-1)) == Cause::invalid);
    const UniqueFd heap = UniqueFd::adopt(kernel::open("/dev/dma_heap/system", O_RDWR));
    gpu.kernel.clear_calls();
    CHECK(cause(Timeline::create(heap.get())) == Cause::invalid);
    CHECK(gpu.kernel.count(DRM_IOCTL_GET_CAP) == 0);
}

TEST_CASE("a kernel that does not know timelines has none") {
    Gpu gpu;
    gpu.kernel.fail(DRM_IOCTL_GET_CAP, 1, EINVAL);
    CHECK(cause(Timeline::create(gpu.node.get())) == Cause::unsupported);
    gpu.kernel.fail(DRM_IOCTL_GET_CAP, 1, ENODEV);
    CHECK(cause(Timeline::create(gpu.node.get())) == Cause::gone);
}

TEST_CASE("what is no syncobj is no timeline, and what is no sync_file no point") {
    Gpu gpu;
    CHECK(cause(Timeline::import(gpu.node.get(), gpu.sync_file().get())) == Cause::invalid);
    CHECK(cause(Timeline::import(gpu.node.get(), -1)) == Cause::invalid);
    const Timeline timeline = gpu.timeline();
    CHECK(cause(timeline.import_sync_file(timeline.export_fd()->get(), 1)) == Cause::invalid);
    CHECK(*timeline.last_point(PointState::submitted) == 0);
}

TEST_CASE("there is no point 0, and nothing in a timeline that was moved away") {
    Gpu gpu;
    Timeline timeline = gpu.timeline();
    CHECK(cause(timeline.signal(0)) == Cause::invalid);
    CHECK(cause(timeline.wait(0)) == Cause::invalid);
    CHECK(cause(timeline.event(0)) == Cause::invalid);
    CHECK(cause(timeline.export_sync_file(0)) == Cause::invalid);
    Timeline other = gpu.timeline();
    other = std::move(timeline);
    CHECK(other.signal(1));
    CHECK(timeline.fd() == -1);
    CHECK(timeline.handle() == 0);
    CHECK(cause(timeline.signal(1)) == Cause::invalid);
    CHECK(cause(timeline.last_point()) == Cause::invalid);
    CHECK(cause(timeline.export_fd()) == Cause::invalid);
}

TEST_CASE("timelines survive failing calls, and leave nothing") {
    const int sys_errno = GENERATE(ENOMEM, EMFILE, ENODEV);
    bool has_failed = true;
    std::size_t nth = 1;
    for (; has_failed; ++nth) {
        Gpu gpu;
        const UniqueFd sync_file = gpu.sync_file();
        const Census before = gpu.kernel.census();
        gpu.kernel.clear_calls();
        gpu.kernel.fail_nth_syscall(nth, sys_errno);
        bool done = false;
        {
            const auto timeline = Timeline::create(gpu.node.get());
            done = timeline && timeline->import_sync_file(sync_file.get(), 1) &&
                   timeline->export_sync_file(1) && timeline->event(1) && timeline->export_fd() &&
                   timeline->signal(2);
        }
        INFO(nth);
        has_failed = gpu.kernel.failed();
        REQUIRE((done || has_failed));
        REQUIRE(gpu.kernel.census() == before);
        const bool kept =
            has_failed && gpu.kernel.calls()[nth - 1].request == DRM_IOCTL_SYNCOBJ_DESTROY;
        // The lowest numbers are free again.
        gpu.kernel.clear_failures();
        const Timeline first = gpu.timeline();
        CHECK((kept || (first.handle() == 1 && gpu.timeline().handle() == 2)));
    }
    CHECK(nth > 15);
}

TEST_CASE("EINVAL of a point's export means that there was no memory") {
    Gpu gpu;
    const Timeline timeline = gpu.busy_timeline();
    gpu.kernel.fail(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, 1, EINVAL);
    CHECK(cause(timeline.export_sync_file(5)) == Cause::exhausted);
    gpu.kernel.fail(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, 1, EMFILE);
    CHECK(cause(timeline.export_sync_file(5)) == Cause::fd_limit);
}
