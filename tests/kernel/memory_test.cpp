// SPDX-License-Identifier: MIT
// All that devices take part in while memory runs out, with every source of the machine; the rest
// is in tests/unit/memory_test.cpp.
#include "tests/support/starving.hpp"

#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace simplealloc::test;

namespace {

/// An emulated machine is slow: fewer tries, unless more are asked for.
[[maybe_unused]] const int fewer_tries = ::setenv("SIMPLEALLOC_TEST_EVERY", "3", 0);

constexpr std::uint32_t xrgb8888 = SIMPLEALLOC_FOURCC('X', 'R', '2', '4');

/// A machine, a device of it, and an image for it.
struct Scene {
    CAllocator allocator;
    CDevice device;
    CRequest request;
    CPlan plan;
    CError error;

    Scene(const std::string& path, simplealloc_use use) {
        expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
        expect(simplealloc_allocator_device(allocator, path.c_str(), device.out(), error.out()),
               error);
        // Vivid makes none that are smaller.
        request.make_image(320, 180, xrgb8888);
        request.add_use(device, use);
        request.fields.cpu = SIMPLEALLOC_CPU_WRITE;
        expect(simplealloc_allocator_plan(allocator, request, plan.out(), error.out()), error);
    }

    /// The sources that the plan has.
    [[nodiscard]] std::vector<std::string> sources() const {
        std::vector<std::string> names;
        const auto* const* candidates = simplealloc_plan_get_candidates(plan);
        for (; *candidates != nullptr; ++candidates)
            names.emplace_back((*candidates)->source);
        return names;
    }

    /// From now on without all but one.
    void keep_only(const std::string& source) {
        for (const std::string& other : sources())
            if (other != source)
                request.add_without(other);
        expect(simplealloc_allocator_plan(allocator, request, plan.out(), error.out()), error);
    }
};

void check_memory(const simplealloc_buffer* buffer) {
    // Another buffer each time, since the first mapping stays.
    const int fd = simplealloc_buffer_get_dmabufs(buffer)[0]->fd;
    check_starving<simplealloc_buffer>(
        "import and map", simplealloc_buffer_free, [&](auto** out, auto** error) {
            int code = simplealloc_buffer_import(&fd, 1, simplealloc_buffer_get_layout(buffer), out,
                                                 error);
            simplealloc_mapping* mapping = nullptr;
            if (code >= 0)
                code = simplealloc_buffer_map(*out, SIMPLEALLOC_ACCESS_WRITE, 0, &mapping, error);
            if (code >= 0)
                code = simplealloc_mapping_finish(mapping, error);
            simplealloc_mapping_free(mapping);
            return code;
        });
    check_starving<simplealloc_mapped_planes>(
        "map planes", simplealloc_mapped_planes_free, [&](auto** out, auto** error) {
            const int code =
                simplealloc_buffer_map_planes(buffer, SIMPLEALLOC_ACCESS_READ, out, error);
            return code < 0 ? code : simplealloc_mapped_planes_finish(*out, error);
        });
    check_starving<simplealloc_dmabuf_info>(
        "info", simplealloc_dmabuf_info_free,
        [&](auto** out, auto** error) { return simplealloc_buffer_info(buffer, 0, out, error); });
    check_starving<simplealloc_setup>(
        "setup", simplealloc_setup_free,
        [&](auto** out, auto** error) { return simplealloc_buffer_setup(buffer, 0, out, error); });
    check_starving(
        "wait",
        [&](simplealloc_error** error) {
            return simplealloc_buffer_wait(buffer, SIMPLEALLOC_ACCESS_WRITE, 0, error);
        },
        1);
    check_starving<simplealloc_fence>(
        "export and import a fence", simplealloc_fence_free, [&](auto** out, auto** error) {
            const int code = simplealloc_buffer_export_sync_file(buffer, SIMPLEALLOC_ACCESS_WRITE,
                                                                 0, out, error);
            if (code < 0)
                return code;
            simplealloc_fence* both = nullptr;
            const int merged = simplealloc_fence_merge(*out, *out, &both, error);
            simplealloc_fence_state state{};
            int status = merged < 0 ? merged : simplealloc_fence_wait(both, 0, error);
            if (status >= 0)
                status = simplealloc_fence_status(both, &state, nullptr, error);
            simplealloc_fence_free(both);
            if (status < 0)
                return status;
            return simplealloc_buffer_import_sync_file(buffer, simplealloc_fence_get_fd(*out),
                                                       SIMPLEALLOC_ACCESS_READ, error);
        });
}

/// Ways to a buffer, and out of it.
void check_ways(const Scene& scene, const simplealloc_buffer* buffer) {
    simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
    use.device = scene.device;
    use.use = SIMPLEALLOC_USE_SCANOUT;
    check_starving<simplealloc_setup>(
        "setup for a use", simplealloc_setup_free, [&](auto** out, auto** error) {
            return simplealloc_buffer_setup_for(buffer, &use, out, error);
        });
    check_starving<simplealloc_setup>(
        "setup of a plan", simplealloc_setup_free, [&](auto** out, auto** error) {
            return simplealloc_plan_setup(scene.plan, 0, 0, out, error);
        });
    check_starving("pollable", [&](simplealloc_error** error) {
        simplealloc_pollable watched = {};
        return simplealloc_buffer_pollable(buffer, SIMPLEALLOC_ACCESS_READ, 0, &watched, error);
    });
    check_starving<simplealloc_prepared>(
        "prepared", simplealloc_prepared_free, [&](auto** out, auto** error) {
            const int code =
                simplealloc_allocator_prepare(scene.allocator, scene.plan, nullptr, out, error);
            simplealloc_buffer* made = nullptr;
            const int allocated =
                code < 0 ? code : simplealloc_prepared_allocate(*out, &made, error);
            simplealloc_buffer_free(made);
            return allocated;
        });
    check_starving<simplealloc_buffer>(
        "allocate a request and release it", simplealloc_buffer_free,
        [&](auto** out, auto** error) {
            const int code = simplealloc_allocator_allocate_request(scene.allocator, scene.request,
                                                                    nullptr, out, error);
            std::array<int, 4> fds{};
            const int count =
                code < 0 ? code : simplealloc_buffer_release(*out, fds.data(), fds.size(), error);
            for (int i = 0; i < count; ++i)
                ::close(fds[static_cast<std::size_t>(i)]);
            return std::min(count, 0);
        });
    const int fd = simplealloc_buffer_get_dmabufs(buffer)[0]->fd;
    simplealloc_foreign_buffer foreign = SIMPLEALLOC_FOREIGN_BUFFER_INIT;
    foreign.layout = simplealloc_buffer_get_layout(buffer);
    foreign.dmabuf_count = 1;
    foreign.dmabufs = &fd;
    check_starving<simplealloc_buffer>(
        "adopt", simplealloc_buffer_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_adopt(scene.allocator, &foreign, out, error);
        });
}

void check_travel(const simplealloc_buffer* buffer) {
    check_starving<simplealloc_buffer>(
        "share", simplealloc_buffer_free, [&](auto** out, auto** error) {
            std::array<int, 2> ends{};
            (void)::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data());
            std::array<simplealloc_channel*, 2> channels{};
            int code = simplealloc_channel_open(ends[0], &channels[0], error);
            if (code < 0)
                ::close(ends[1]);
            else
                code = simplealloc_channel_open(ends[1], &channels[1], error);
            if (code >= 0)
                code = simplealloc_channel_send(channels[0], buffer, 0, error);
            if (code >= 0)
                code = simplealloc_channel_receive(channels[1], 0, out, error);
            for (simplealloc_channel* channel : channels)
                simplealloc_channel_free(channel);
            return code;
        });
    check_starving<simplealloc_buffer>(
        "pack and unpack", simplealloc_buffer_free, [&](auto** out, auto** error) {
            simplealloc_parcel* parcel = nullptr;
            int code = simplealloc_share_pack(buffer, &parcel, error);
            if (code >= 0) {
                const int copy = ::fcntl(parcel->fds[0], F_DUPFD_CLOEXEC, 0);
                code = simplealloc_share_unpack(parcel->data, parcel->size, &copy, 1, out, error);
            }
            simplealloc_parcel_free(parcel);
            return code;
        });
    check_starving("dup", [&](simplealloc_error** error) {
        const int fd = simplealloc_buffer_dup_fd(buffer, 0, error);
        if (fd >= 0)
            ::close(fd);
        return fd < 0 ? fd : 0;
    });
}

void check_pool(const Scene& scene) {
    check_starving<simplealloc_pool>("pool", simplealloc_pool_free, [&](auto** out, auto** error) {
        simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
        options.min_buffers = 1;
        options.max_buffers = 2;
        options.wait_for_devices = true;
        int code = simplealloc_pool_create(scene.allocator, scene.plan, &options, out, error);
        simplealloc_pollable pollable = {};
        if (code >= 0)
            code = simplealloc_pool_pollable(*out, &pollable, error);
        std::array<simplealloc_pool_slot*, 2> slots{};
        for (auto& slot : slots)
            if (code >= 0)
                code = simplealloc_pool_acquire(*out, 0, &slot, error);
        simplealloc_fence* fence = nullptr;
        if (code >= 0)
            code = simplealloc_buffer_export_sync_file(simplealloc_pool_slot_get_buffer(slots[0]),
                                                       SIMPLEALLOC_ACCESS_WRITE, 0, &fence, error);
        if (code >= 0)
            code = simplealloc_pool_slot_release(slots[0], fence, error);
        if (code >= 0)
            slots[0] = nullptr; // released with its slot
        simplealloc_fence_free(fence);
        for (auto* slot : slots)
            simplealloc_pool_slot_free(slot);
        if (code >= 0)
            code = simplealloc_pool_replan(*out, scene.plan, error);
        simplealloc_pool_stats* stats = nullptr;
        if (code >= 0)
            code = simplealloc_pool_get_stats(*out, &stats, error);
        simplealloc_pool_stats_free(stats);
        return code;
    });
}

void check_pool_of_request(const Scene& scene) {
    check_starving<simplealloc_pool>(
        "pool of a request", simplealloc_pool_free, [&](auto** out, auto** error) {
            simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
            options.min_buffers = options.max_buffers = 1;
            const int code = simplealloc_pool_create_request(scene.allocator, scene.request,
                                                             &options, out, error);
            return code < 0 ? code : simplealloc_pool_replan_request(*out, scene.request, error);
        });
}

/// The structures of a queue, of a camera's buffer.
void check_queue(const Scene& scene) {
    CBuffer buffer;
    CSetup setup;
    CError told;
    expect(simplealloc_allocator_allocate(scene.allocator, scene.plan, nullptr, buffer.out(),
                                          told.out()),
           told);
    expect(simplealloc_buffer_setup(buffer, 0, setup.out(), told.out()), told);
    check_starving<simplealloc_v4l2_import>(
        "V4L2 import", simplealloc_v4l2_import_free, [&](auto** out, auto** error) {
            v4l2_format format = {};
            v4l2_requestbuffers request = {};
            v4l2_buffer queued = {};
            std::uint32_t index = 0;
            int code = simplealloc_v4l2_import_create(setup, SIMPLEALLOC_USE_CAPTURE, out, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_fill_format(*out, &format, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_check_format(*out, &format, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_add(*out, buffer, &index, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_fill_request(*out, &request, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_fill_buffer(*out, &queued, index, error);
            if (code >= 0)
                code = simplealloc_v4l2_import_fill_dequeue(*out, &queued, error);
            return code < 0 ? code : simplealloc_v4l2_import_index_of(*out, &queued, &index, error);
        });
}

/// Test imports on a queue that is lent: it has no buffer afterwards.
void check_lent_queue(const Scene& scene, int camera) {
    CDevice lent;
    CRequest request;
    CPlan plan;
    CError told;
    expect(simplealloc_allocator_device_fd(scene.allocator, camera, SIMPLEALLOC_QUEUE_ACCESS_LENT,
                                           lent.out(), told.out()),
           told);
    request.make_image(320, 180, xrgb8888);
    request.add_use(lent, SIMPLEALLOC_USE_CAPTURE);
    expect(simplealloc_allocator_plan(scene.allocator, request, plan.out(), told.out()), told);
    check_starving<simplealloc_buffer>(
        "allocate for a lent queue", simplealloc_buffer_free, [&](auto** out, auto** error) {
            const int code =
                simplealloc_allocator_allocate(scene.allocator, plan, nullptr, out, error);
            v4l2_buffer first = {};
            first.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
            return ::ioctl(camera, VIDIOC_QUERYBUF, &first) == 0 ? -EBUSY : code;
        });
}

void check_drm(const Scene& scene, const simplealloc_buffer* buffer) {
    check_starving<simplealloc_drm_importer>(
        "DRM import", simplealloc_drm_importer_free, [&](auto** out, auto** error) {
            int code = simplealloc_drm_importer_open(scene.device, SIMPLEALLOC_DRM_HANDLES_APART,
                                                     out, error);
            simplealloc_drm_import* import = nullptr;
            if (code >= 0)
                code = simplealloc_drm_importer_import(*out, buffer, &import, error);
            std::uint32_t id = 0;
            if (code >= 0)
                code = simplealloc_drm_import_framebuffer(import, &id, error);
            simplealloc_drm_import_free(import);
            return code;
        });
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "memory runs out while devices are asked", "[memory]") {
    const std::string path = GENERATE(as<std::string>(), "vivid", "bochs-drm");
    const bool camera = path == "vivid";
    const std::string node = camera ? guest::video("vivid-000-vid-cap") : guest::card(path);
    const auto use = camera ? SIMPLEALLOC_USE_CAPTURE : SIMPLEALLOC_USE_SCANOUT;
    Scene scene(node, use);
    check_starving<simplealloc_device>(
        "device", simplealloc_device_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_device(scene.allocator, node.c_str(), out, error);
        });
    const int fd = ::open(node.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct stat status = {};
    REQUIRE(::fstat(fd, &status) == 0);
    check_starving<simplealloc_device>(
        "device of a number", simplealloc_device_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_device_number(scene.allocator, status.st_rdev, out, error);
        });
    check_starving<simplealloc_device>(
        "device of a descriptor", simplealloc_device_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_device_fd(scene.allocator, fd,
                                                   SIMPLEALLOC_QUEUE_ACCESS_NONE, out, error);
        });
    if (!camera)
        check_starving<simplealloc_drm_importer>(
            "importer of a descriptor", simplealloc_drm_importer_free,
            [&](auto** out, auto** error) {
                return simplealloc_drm_importer_open_fd(fd, SIMPLEALLOC_DRM_HANDLES_APART, out,
                                                        error);
            });
    if (camera)
        check_lent_queue(scene, fd);
    ::close(fd);
    check_starving<simplealloc_capabilities>(
        "capabilities", simplealloc_capabilities_free, [&](auto** out, auto** error) {
            return simplealloc_device_capabilities(scene.device, use, xrgb8888, out, error);
        });
    check_starving<simplealloc_devices>(
        "devices", simplealloc_devices_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_devices(scene.allocator, out, error);
        });
    check_starving<simplealloc_sources>(
        "sources", simplealloc_sources_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_sources(scene.allocator, out, error);
        });
    check_starving<simplealloc_plan>("plan", simplealloc_plan_free, [&](auto** out, auto** error) {
        return simplealloc_allocator_plan(scene.allocator, scene.request, out, error);
    });
    if (camera)
        check_queue(scene);
}

TEST_CASE_METHOD(guest::NothingLeft, "memory runs out while a timeline is used", "[memory]") {
    const std::string node = guest::card("virtio_gpu");
    Scene scene(node, SIMPLEALLOC_USE_SCANOUT);
    const int fd = ::open(node.c_str(), O_RDWR | O_CLOEXEC);
    check_starving<simplealloc_timeline>(
        "create a timeline", simplealloc_timeline_free, [&](auto** out, auto** error) {
            return simplealloc_timeline_create(scene.device, out, error);
        });
    // Each try submits a point, or not: the next one is larger either way.
    std::uint64_t point = 0;
    check_starving<simplealloc_timeline>(
        "use a timeline", simplealloc_timeline_free, [&](auto** out, auto** error) {
            int code = simplealloc_timeline_create_fd(fd, out, error);
            if (code >= 0)
                code = simplealloc_timeline_signal(*out, ++point, error);
            simplealloc_fence* fence = nullptr;
            if (code >= 0)
                code = simplealloc_timeline_export_sync_file(*out, point, &fence, error);
            if (code >= 0)
                code = simplealloc_timeline_import_sync_file(*out, simplealloc_fence_get_fd(fence),
                                                             ++point, error);
            simplealloc_fence_free(fence);
            if (code >= 0)
                code = simplealloc_timeline_wait(*out, point, 0, SIMPLEALLOC_POINT_OVER, error);
            std::uint64_t last = 0;
            if (code >= 0)
                code = simplealloc_timeline_last_point(*out, SIMPLEALLOC_POINT_SUBMITTED, &last,
                                                       error);
            const int event =
                code < 0 ? code
                         : simplealloc_timeline_event(*out, point, SIMPLEALLOC_POINT_OVER, error);
            ::close(event);
            return event < 0 ? event : 0;
        });
    for (const bool of_device : {true, false})
        check_starving<simplealloc_timeline>(
            "export and import a timeline", simplealloc_timeline_free,
            [&](auto** out, auto** error) {
                simplealloc_timeline* first = nullptr;
                int code = simplealloc_timeline_create_fd(fd, &first, error);
                const int syncobj = code < 0 ? code : simplealloc_timeline_export_fd(first, error);
                simplealloc_timeline_free(first);
                if (syncobj < 0)
                    return syncobj;
                code = of_device ? simplealloc_timeline_import(scene.device, syncobj, out, error)
                                 : simplealloc_timeline_import_fd(fd, syncobj, out, error);
                ::close(syncobj);
                return code;
            });
    ::close(fd);
}

TEST_CASE_METHOD(guest::NothingLeft, "memory runs out while buffers of a display are made and used",
                 "[memory]") {
    const std::string card = guest::card("bochs-drm");
    const std::vector<std::string> sources = Scene(card, SIMPLEALLOC_USE_SCANOUT).sources();
    bool first = true;
    for (const std::string& source : sources) {
        // Mesa, which GBM loads, is no part of this.
        if (source.starts_with("gbm"))
            continue;
        std::printf("-- %s\n", source.c_str());
        Scene scene(card, SIMPLEALLOC_USE_SCANOUT);
        scene.keep_only(source);
        check_starving<simplealloc_buffer>(
            "allocate", simplealloc_buffer_free, [&](auto** out, auto** error) {
                return simplealloc_allocator_allocate(scene.allocator, scene.plan, nullptr, out,
                                                      error);
            });
        CBuffer buffer;
        expect(simplealloc_allocator_allocate(scene.allocator, scene.plan, nullptr, buffer.out(),
                                              scene.error.out()),
               scene.error);
        check_memory(buffer);
        // What follows looks at no source, and takes minutes.
        if (!std::exchange(first, false))
            continue;
        check_ways(scene, buffer);
        check_travel(buffer);
        check_pool(scene);
        check_pool_of_request(scene);
        check_drm(scene, buffer);
        check_starving<simplealloc_check>(
            "check", simplealloc_check_free, [&](auto** out, auto** error) {
                simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
                use.device = scene.device;
                use.use = SIMPLEALLOC_USE_SCANOUT;
                return simplealloc_allocator_check(scene.allocator, buffer, &use, nullptr, out,
                                                   error);
            });
    }
    CHECK_FALSE(first);
}
