// SPDX-License-Identifier: MIT
// An object of every kind that the C API has, on the fake kernel, and an argument of every type.
#pragma once

#include "tests/support/c_owned.hpp"
#include "tests/support/fake_devices.hpp"
#include "tests/support/fake_socket.hpp"
#include "tests/support/guarded.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <linux/videodev2.h>
#include <span>
#include <sys/socket.h>
#include <type_traits>
#include <vector>

namespace simplealloc::test {

/// Structs and strings that it gives lie at the end of a page that nobody may read beyond.
class CWorld {
public:
    FakeKernel kernel;
    CError error;
    CAllocator allocator;
    CDevice device;
    CDevice npu; ///< a described one, which takes everything
    CPlan plan;
    CBuffer buffer;
    Owned<simplealloc_prepared, simplealloc_prepared_free> prepared;
    Owned<simplealloc_mapping, simplealloc_mapping_free> mapping;
    Owned<simplealloc_mapped_planes, simplealloc_mapped_planes_free> planes;
    CFence fence;
    CTimeline timeline;
    Owned<simplealloc_pool, simplealloc_pool_free> pool;
    Owned<simplealloc_pool_slot, simplealloc_pool_slot_free> slot;
    Owned<simplealloc_monitor, simplealloc_monitor_free> monitor;
    Owned<simplealloc_channel, simplealloc_channel_free> channel;
    Owned<simplealloc_drm_importer, simplealloc_drm_importer_free> importer;
    Owned<simplealloc_drm_import, simplealloc_drm_import_free> import;
    Owned<simplealloc_v4l2_import, simplealloc_v4l2_import_free> queue;

    CWorld() {
        kernel.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
        add_dma_heap(kernel, {.name = "system"});
        add_drm_card(kernel, {.timelines = true});
        auto** const e = error.out();
        must(simplealloc_allocator_open(nullptr, allocator.out(), e));
        must(simplealloc_allocator_device(allocator, "/dev/dri/card0", device.out(), e));
        must(simplealloc_device_describe(
            valid(static_cast<simplealloc_device_description*>(nullptr)), npu.out(), e));
        must(simplealloc_allocator_plan(
            allocator, valid(static_cast<simplealloc_request*>(nullptr)), plan.out(), e));
        must(simplealloc_allocator_allocate(allocator, plan, nullptr, buffer.out(), e));
        must(simplealloc_allocator_prepare(allocator, plan, nullptr, prepared.out(), e));
        must(simplealloc_timeline_create(device, timeline.out(), e));
        must(simplealloc_allocator_monitor(allocator, monitor.out(), e));
        make_of_buffer(e);
        must(simplealloc_pool_create(allocator, plan, nullptr, pool.out(), e));
        must(simplealloc_pool_acquire(pool, 0, slot.out(), e));
        sockets_ = make_socket_pair(kernel, SOCK_STREAM);
        must(simplealloc_channel_open(sockets_.first.release(), channel.out(), e));
    }

    simplealloc_allocator* valid(simplealloc_allocator*) { return allocator; }
    simplealloc_device* valid(simplealloc_device*) { return device; }
    simplealloc_plan* valid(simplealloc_plan*) { return plan; }
    simplealloc_buffer* valid(simplealloc_buffer*) { return buffer; }
    simplealloc_prepared* valid(simplealloc_prepared*) { return prepared; }
    simplealloc_mapping* valid(simplealloc_mapping*) { return mapping; }
    simplealloc_mapped_planes* valid(simplealloc_mapped_planes*) { return planes; }
    simplealloc_fence* valid(simplealloc_fence*) { return fence; }
    simplealloc_timeline* valid(simplealloc_timeline*) { return timeline; }
    simplealloc_pool* valid(simplealloc_pool*) { return pool; }
    simplealloc_pool_slot* valid(simplealloc_pool_slot*) { return slot; }
    simplealloc_monitor* valid(simplealloc_monitor*) { return monitor; }
    simplealloc_channel* valid(simplealloc_channel*) { return channel; }
    simplealloc_drm_importer* valid(simplealloc_drm_importer*) { return importer; }
    simplealloc_drm_import* valid(simplealloc_drm_import*) { return import; }
    simplealloc_v4l2_import* valid(simplealloc_v4l2_import*) { return queue; }

    // Structs that begin with their size, complete enough for a call to succeed.
    simplealloc_request* valid(simplealloc_request*) {
        simplealloc_request out = SIMPLEALLOC_REQUEST_INIT;
        out.width = 64;
        out.height = 64;
        out.fourcc = SIMPLEALLOC_FOURCC('Y', 'U', 'Y', 'V');
        return at_end(out);
    }
    auto* valid(simplealloc_allocator_options*) {
        return at_end(simplealloc_allocator_options SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT);
    }
    auto* valid(simplealloc_allocate_options*) {
        return at_end(simplealloc_allocate_options SIMPLEALLOC_ALLOCATE_OPTIONS_INIT);
    }
    auto* valid(simplealloc_check_options*) {
        return at_end(simplealloc_check_options SIMPLEALLOC_CHECK_OPTIONS_INIT);
    }
    auto* valid(simplealloc_pool_options*) {
        return at_end(simplealloc_pool_options SIMPLEALLOC_POOL_OPTIONS_INIT);
    }
    auto* valid(simplealloc_dmabuf_feedback*) {
        return at_end(simplealloc_dmabuf_feedback SIMPLEALLOC_DMABUF_FEEDBACK_INIT);
    }
    auto* valid(simplealloc_constraints*) {
        return at_end(simplealloc_constraints SIMPLEALLOC_CONSTRAINTS_INIT);
    }
    simplealloc_format_support* valid(simplealloc_format_support*) {
        simplealloc_format_support out = SIMPLEALLOC_FORMAT_SUPPORT_INIT;
        out.fourcc = SIMPLEALLOC_FOURCC('Y', 'U', 'Y', 'V');
        return at_end(out);
    }
    auto* valid(simplealloc_evidence*) {
        return at_end(simplealloc_evidence SIMPLEALLOC_EVIDENCE_INIT);
    }
    auto* valid(simplealloc_capability_set*) {
        return at_end(simplealloc_capability_set SIMPLEALLOC_CAPABILITY_SET_INIT);
    }
    auto* valid(simplealloc_layout*) { return at_end(*simplealloc_buffer_get_layout(buffer)); }
    simplealloc_device_description* valid(simplealloc_device_description*) {
        simplealloc_device_description out = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;
        out.name = "npu";
        return at_end(out);
    }
    simplealloc_device_use* valid(simplealloc_device_use*) {
        simplealloc_device_use out = SIMPLEALLOC_DEVICE_USE_INIT;
        out.device = device;
        return at_end(out);
    }
    simplealloc_foreign_buffer* valid(simplealloc_foreign_buffer*) {
        simplealloc_foreign_buffer out = SIMPLEALLOC_FOREIGN_BUFFER_INIT;
        out.layout = simplealloc_buffer_get_layout(buffer);
        return at_end(out);
    }

    // Other structs, lists and text.
    simplealloc_setup* valid(simplealloc_setup*) {
        static constexpr simplealloc_v4l2_plane plane = {0, 128, 128 * 64, 128 * 64};
        static constexpr simplealloc_v4l2_setup v4l2 = {
            V4L2_PIX_FMT_YUYV, false, 64, 64, 1, &plane, {}};
        return at_end(simplealloc_setup{&v4l2, nullptr});
    }
    auto* valid(simplealloc_dmabuf*) { return at_end(*simplealloc_buffer_get_dmabufs(buffer)[0]); }
    auto* valid(simplealloc_egl_format*) { return at_end(simplealloc_egl_format{}); }
    auto* valid(simplealloc_vulkan_format*) { return at_end(simplealloc_vulkan_format{}); }
    auto* valid(simplealloc_modifier*) { return at_end(simplealloc_modifier{}); }
    auto* valid(simplealloc_pollable*) { return at_end(simplealloc_pollable{}); }
    auto* valid(v4l2_format*) { return at_end(v4l2_format{}); }
    auto* valid(v4l2_buffer*) { return at_end(v4l2_buffer{}); }
    auto* valid(v4l2_requestbuffers*) { return at_end(v4l2_requestbuffers{}); }
    char* valid(char*) { return at_end(std::to_array("text"))->data(); }
    void* valid(void*) { return valid(static_cast<char*>(nullptr)); }
    const char** valid(const char**) {
        return at_end(std::array<const char*, 2>{"ion", nullptr})->data();
    }
    const simplealloc_capability_set** valid(const simplealloc_capability_set**) {
        return at_end(std::array<const simplealloc_capability_set*, 1>{})->data();
    }
    auto valid(simplealloc_log_sink) {
        return +[](simplealloc_log_level, const char*, void*) {};
    }
    /// A number, or where one is stored; no descriptor.
    template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T> T* valid(T*) {
        return at_end(scalar<T>());
    }
    /// Where an object is handed out: it is freed by free_all().
    template <typename T>
    T** valid(T**);

    template <typename T>
    static T scalar() {
        if constexpr (std::is_same_v<T, int>)
            return -1;
        else if constexpr (std::is_same_v<T, std::int64_t> || std::is_class_v<T>)
            return T();
        else
            return static_cast<T>(1);
    }

    template <typename T>
    T* at_end(const T& value) {
        return reinterpret_cast<T*>(place(std::as_bytes(std::span(&value, 1))));
    }
    std::byte* place(std::span<const std::byte> bytes) { return pages_.emplace_back(bytes).data(); }
    /// A struct of which so many bytes exist, and those that its alignment wants.
    template <typename T>
    const T* place_as(std::span<const std::byte> bytes) {
        std::vector<std::byte> whole(bytes.begin(), bytes.end());
        whole.resize((whole.size() + alignof(T) - 1) / alignof(T) * alignof(T));
        return reinterpret_cast<const T*>(place(whole));
    }

    /// What has been given since the last time.
    void free_all() {
        for (const auto& free : freed_)
            free();
        freed_.clear();
        pages_.clear();
    }

private:
    static void must(int code) {
        if (code < 0)
            std::abort();
    }

    void make_of_buffer(simplealloc_error** e) {
        constexpr auto read = SIMPLEALLOC_ACCESS_READ;
        must(simplealloc_buffer_map(buffer, read, 0, mapping.out(), e));
        must(simplealloc_buffer_map_planes(buffer, read, planes.out(), e));
        must(simplealloc_buffer_export_sync_file(buffer, read, 0, fence.out(), e));
        must(simplealloc_drm_importer_open(device, SIMPLEALLOC_DRM_HANDLES_APART, importer.out(),
                                           e));
        must(simplealloc_drm_importer_import(importer, buffer, import.out(), e));
        must(simplealloc_v4l2_import_create(valid(static_cast<simplealloc_setup*>(nullptr)),
                                            SIMPLEALLOC_USE_CAPTURE, queue.out(), e));
    }

    FakeSocketPair sockets_;
    std::deque<Guarded> pages_;
    std::deque<std::function<void()>> freed_;
};

#define FUNCTION(...)
#define VERSIONED(...)
#define FREED(type, function)                                                                      \
    inline void free_object(type* object) {                                                        \
        function(object);                                                                          \
    }
#include "c_headers.inc"
#undef FREED
#undef VERSIONED
#undef FUNCTION

template <typename T>
T** CWorld::valid(T** /*type*/) {
    T** const out = at_end<T*>(nullptr);
    freed_.push_back([out] { free_object(*out); });
    return out;
}

} // namespace simplealloc::test
