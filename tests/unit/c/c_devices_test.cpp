// SPDX-License-Identifier: MIT
// Buffers with devices in C: fences, hotplug, DRM and V4L2.
#include "tests/support/c_objects.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_fences.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <string_view>
#include <vector>

using namespace simplealloc::test;
using simplealloc::UniqueFd;

namespace {

using Monitor = Owned<simplealloc_monitor, simplealloc_monitor_free>;
using Event = Owned<simplealloc_hotplug_event, simplealloc_hotplug_event_free>;
using Importer = Owned<simplealloc_drm_importer, simplealloc_drm_importer_free>;
using Import = Owned<simplealloc_drm_import, simplealloc_drm_import_free>;
using Queue = Owned<simplealloc_v4l2_import, simplealloc_v4l2_import_free>;

struct Machine : FakeMachine {
    CError error;
    CAllocator allocator;
    CBuffer buffer;

    Machine() {
        expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
        CRequest request;
        request.make_image(640, 480, SIMPLEALLOC_FOURCC('Y', 'U', 'Y', 'V'));
        expect(simplealloc_allocator_allocate_request(allocator, request, nullptr, buffer.out(),
                                                      error.out()),
               error);
    }
    [[nodiscard]] std::shared_ptr<FakeDmaBuf> dmabuf() const {
        return kernel.dmabuf(simplealloc_buffer_get_dmabufs(buffer)[0]->fd);
    }
};

} // namespace

TEST_CASE("waits of C end with the device's work, or with their time") {
    Machine machine;
    CError& error = machine.error;
    const auto work = std::make_shared<FakeFence>();
    machine.dmabuf()->writers = {work};
    CHECK(simplealloc_buffer_wait(machine.buffer, SIMPLEALLOC_ACCESS_READ, 0, error.out()) == 0);
    const auto start = machine.kernel.time;
    CHECK(simplealloc_buffer_wait(machine.buffer, SIMPLEALLOC_ACCESS_READ, 5000000, nullptr) == 0);
    CHECK(machine.kernel.time - start >= std::chrono::milliseconds(5));
    simplealloc_pollable pollable{};
    expect(simplealloc_buffer_pollable(machine.buffer, SIMPLEALLOC_ACCESS_READ, 0, &pollable,
                                       error.out()),
           error);
    CHECK(pollable.fd == simplealloc_buffer_get_dmabufs(machine.buffer)[0]->fd);

    CFence fence;
    expect(simplealloc_buffer_export_sync_file(machine.buffer, SIMPLEALLOC_ACCESS_READ, 0,
                                               fence.out(), error.out()),
           error);
    CHECK(simplealloc_fence_get_pollable(fence).fd == simplealloc_fence_get_fd(fence));
    CHECK(simplealloc_fence_get_pollable(fence).events == POLLIN);
    simplealloc_fence_state state{};
    int sys_errno = -1;
    expect(simplealloc_fence_status(fence, &state, &sys_errno, error.out()), error);
    CHECK(state == SIMPLEALLOC_FENCE_PENDING);
    CHECK(sys_errno == 0);
    CFence both;
    expect(simplealloc_fence_merge(fence, fence, both.out(), error.out()), error);
    expect(simplealloc_buffer_import_sync_file(machine.buffer, simplealloc_fence_get_fd(both),
                                               SIMPLEALLOC_ACCESS_WRITE, error.out()),
           error);
    CHECK(simplealloc_fence_wait(both, 0, error.out()) == 0);

    work->over = true;
    CHECK(simplealloc_fence_wait(both, SIMPLEALLOC_FOREVER, error.out()) == 1);
    CHECK(simplealloc_buffer_wait(machine.buffer, SIMPLEALLOC_ACCESS_READ_WRITE,
                                  SIMPLEALLOC_FOREVER, error.out()) == 1);
    expect(simplealloc_fence_status(fence, &state, nullptr, error.out()), error);
    CHECK(state == SIMPLEALLOC_FENCE_SIGNALED);

    const int fd = simplealloc_fence_release(fence);
    CHECK(fd >= 0);
    CHECK(simplealloc_fence_get_fd(fence) == -1);
    CHECK(simplealloc_fence_wait(fence, 0, error.out()) == -EINVAL);
    expect(simplealloc_fence_adopt(fd, fence.out(), error.out()), error);
    CHECK(simplealloc_fence_get_fd(fence) == fd);
    // No sync_file: closed all the same.
    const auto before = machine.kernel.census();
    CHECK(simplealloc_fence_adopt(simplealloc_buffer_dup_fd(machine.buffer, 0, nullptr), both.out(),
                                  error.out()) == -EINVAL);
    CHECK(both == nullptr);
    CHECK(machine.kernel.census().fds == before.fds - 1);
}

TEST_CASE("points of a timeline in C become fences, and fences points") {
    Machine machine;
    CError& error = machine.error;
    add_drm_card(machine.kernel, {.timelines = true});
    CDevice device;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/dri/card0", device.out(),
                                        error.out()),
           error);
    CTimeline timeline;
    expect(simplealloc_timeline_create(device, timeline.out(), error.out()), error);
    const auto work = std::make_shared<FakeFence>();
    const UniqueFd sync_file = UniqueFd::adopt(machine.kernel.install_sync_file({work}));
    expect(simplealloc_timeline_import_sync_file(timeline, sync_file.get(), 2, error.out()), error);
    CFence fence;
    expect(simplealloc_timeline_export_sync_file(timeline, 1, fence.out(), error.out()), error);
    CHECK(simplealloc_fence_wait(fence, 0, error.out()) == 0);
    const auto over = SIMPLEALLOC_POINT_OVER;
    CHECK(simplealloc_timeline_wait(timeline, 2, 0, over, error.out()) == 0);
    CHECK(simplealloc_timeline_wait(timeline, 2, 0, SIMPLEALLOC_POINT_SUBMITTED, error.out()) == 1);
    work->over = true;
    CHECK(simplealloc_timeline_wait(timeline, 2, SIMPLEALLOC_FOREVER, over, error.out()) == 1);
    CHECK(simplealloc_timeline_signal(timeline, 2, error.out()) == -EINVAL);
    CHECK(simplealloc_timeline_export_sync_file(timeline, 3, fence.out(), error.out()) == -EBUSY);
    CHECK(simplealloc_timeline_wait(timeline, 2, 0, static_cast<simplealloc_point_state>(2),
                                    error.out()) == -EINVAL);

    const UniqueFd event =
        UniqueFd::adopt(simplealloc_timeline_event(timeline, 3, over, error.out()));
    const UniqueFd syncobj = UniqueFd::adopt(simplealloc_timeline_export_fd(timeline, error.out()));
    const int node = simplealloc_timeline_get_fd(timeline);
    CTimeline second;
    expect(simplealloc_timeline_import(device, syncobj.get(), second.out(), error.out()), error);
    expect(simplealloc_timeline_import_fd(node, syncobj.get(), second.out(), error.out()), error);
    CHECK(simplealloc_timeline_get_handle(second) != simplealloc_timeline_get_handle(timeline));
    expect(simplealloc_timeline_signal(second, 3, error.out()), error);
    std::uint64_t last = 0;
    expect(simplealloc_timeline_last_point(timeline, over, &last, error.out()), error);
    CHECK(last == 3);
    pollfd target = {event.get(), POLLIN, 0};
    CHECK(simplealloc::kernel::poll(std::span(&target, 1), std::chrono::nanoseconds(0)) == 1);
    expect(simplealloc_timeline_create_fd(node, second.out(), error.out()), error);
}

TEST_CASE("a monitor of C tells what comes and goes") {
    Machine machine;
    CError& error = machine.error;
    Monitor monitor;
    expect(simplealloc_allocator_monitor(machine.allocator, monitor.out(), error.out()), error);
    CHECK(simplealloc_monitor_get_fd(monitor) >= 0);
    const std::string_view origin = simplealloc_monitor_get_origin(monitor);
    CHECK((origin == "udev" || origin == "kernel"));
    Event event;
    CHECK(simplealloc_monitor_next(monitor, event.out(), error.out()) == 0);
    CHECK(event == nullptr);

    add_dma_heap(machine.kernel, {.name = "late"});
    int failed = 0;
    for (const auto& node : simplealloc::udev::enumerate("dma_heap", failed))
        if (node.devnode == "/dev/dma_heap/late")
            machine.kernel.send({"add", node});
    CHECK(simplealloc_monitor_next(monitor, event.out(), error.out()) == 1);
    REQUIRE(event);
    CHECK(event->kind == SIMPLEALLOC_HOTPLUG_ADDED);
    CHECK(event->subject == SIMPLEALLOC_HOTPLUG_HEAP);
    CHECK(event->name == std::string_view("late"));
    REQUIRE(length(event->sources_added) == 1);
    CHECK(event->sources_added[0] == std::string_view("dma-heap:late"));
    CHECK(length(event->sources_removed) == 0);

    machine.kernel.lose_events();
    CHECK(simplealloc_monitor_next(monitor, event.out(), error.out()) == 1);
    CHECK(event->kind == SIMPLEALLOC_HOTPLUG_RESCAN);
    CHECK(event->subject == SIMPLEALLOC_HOTPLUG_MACHINE);
}

TEST_CASE("a buffer becomes GEM handles and a framebuffer, which go with their import") {
    Machine machine;
    CError& error = machine.error;
    const auto card = add_drm_card(machine.kernel);
    CDevice device;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/dri/card0", device.out(),
                                        error.out()),
           error);
    const auto before = machine.kernel.census();
    {
        Importer importer;
        expect(simplealloc_drm_importer_open(device, SIMPLEALLOC_DRM_HANDLES_APART, importer.out(),
                                             error.out()),
               error);
        CHECK(simplealloc_drm_importer_get_place(importer) == SIMPLEALLOC_DRM_PLACE_OWN_NODE);
        CHECK(simplealloc_drm_importer_get_fd(importer) >= 0);
        Import import;
        expect(simplealloc_drm_importer_import(importer, machine.buffer, import.out(), error.out()),
               error);
        std::size_t count = 0;
        const std::uint32_t* const handles = simplealloc_drm_import_get_handles(import, &count);
        REQUIRE(count == 1);
        CHECK(handles[0] != 0);
        std::uint32_t id = 0;
        expect(simplealloc_drm_import_framebuffer(import, &id, error.out()), error);
        CHECK(id != 0);
        CHECK(card->framebuffers == 1);
        CHECK(simplealloc_drm_importer_open_fd(-1, SIMPLEALLOC_DRM_HANDLES_CALLERS, importer.out(),
                                               error.out()) == -EINVAL);
        CHECK(importer == nullptr);
    }
    CHECK(card->framebuffers == 0);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("a buffer becomes what the ioctls of a V4L2 queue take") {
    Machine machine;
    CError& error = machine.error;
    const simplealloc_v4l2_plane plane = {0, 1280, 1280 * 480, 1280 * 480};
    const simplealloc_v4l2_setup v4l2 = {V4L2_PIX_FMT_YUYV, false, 640, 480, 1, &plane, {}};
    const simplealloc_setup setup = {&v4l2, nullptr};
    Queue queue;
    expect(
        simplealloc_v4l2_import_create(&setup, SIMPLEALLOC_USE_CAPTURE, queue.out(), error.out()),
        error);
    CHECK(simplealloc_v4l2_import_get_type(queue) == V4L2_BUF_TYPE_VIDEO_CAPTURE);
    v4l2_format format;
    expect(simplealloc_v4l2_import_fill_format(queue, &format, error.out()), error);
    CHECK(format.fmt.pix.bytesperline == 1280);
    expect(simplealloc_v4l2_import_check_format(queue, &format, error.out()), error);
    format.fmt.pix.bytesperline = 2048;
    CHECK(simplealloc_v4l2_import_check_format(queue, &format, error.out()) == -ERANGE);

    std::uint32_t index = 7;
    expect(simplealloc_v4l2_import_add(queue, machine.buffer, &index, error.out()), error);
    CHECK(index == 0);
    v4l2_requestbuffers request;
    expect(simplealloc_v4l2_import_fill_request(queue, &request, error.out()), error);
    CHECK(request.count == 1);
    CHECK(request.memory == V4L2_MEMORY_DMABUF);
    v4l2_buffer buffer;
    expect(simplealloc_v4l2_import_fill_buffer(queue, &buffer, 0, error.out()), error);
    CHECK(buffer.length == 1280 * 480);
    CHECK(simplealloc_v4l2_import_fill_buffer(queue, &buffer, 1, error.out()) == -EINVAL);
    expect(simplealloc_v4l2_import_fill_dequeue(queue, &buffer, error.out()), error);
    buffer.index = 0;
    expect(simplealloc_v4l2_import_index_of(queue, &buffer, &index, error.out()), error);
    CHECK(index == 0);

    CHECK(simplealloc_v4l2_import_create(&setup, SIMPLEALLOC_USE_SCANOUT, queue.out(),
                                         error.out()) == -EINVAL);
    const simplealloc_setup for_drm = {nullptr, nullptr};
    CHECK(simplealloc_v4l2_import_create(&for_drm, SIMPLEALLOC_USE_CAPTURE, queue.out(),
                                         error.out()) == -EINVAL);
    CHECK(error->object == std::string_view("setup->v4l2"));
}
