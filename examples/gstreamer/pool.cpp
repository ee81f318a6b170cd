// SPDX-License-Identifier: MIT
#include "pool.hpp"

#include "memory.hpp"

#include <algorithm>
#include <array>
#include <gst/video/video.h>
#include <memory>
#include <optional>
#include <utility>

namespace {

/// What a pool has beside its parent.
struct Frames {
    simplealloc::Prepared source;
    GstAllocator* memories;
    GstVideoInfo video;
};

/// Elements that don't read a GstVideoMeta assume the strides and offsets of the caps.
bool fits(const simplealloc::Layout& layout, const GstVideoInfo& video) {
    if (layout.width != static_cast<std::uint32_t>(GST_VIDEO_INFO_WIDTH(&video)) ||
        layout.height != static_cast<std::uint32_t>(GST_VIDEO_INFO_HEIGHT(&video)) ||
        layout.planes.size() != GST_VIDEO_INFO_N_PLANES(&video))
        return false;
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        if (layout.planes[i].stride !=
            static_cast<std::uint64_t>(GST_VIDEO_INFO_PLANE_STRIDE(&video, i)))
            return false;
    return true;
}

gsize total_size(const simplealloc::Layout& layout) {
    gsize size = 0;
    for (const std::uint64_t part : layout.dmabuf_sizes)
        size += part;
    return size;
}

void add_video_meta(GstBuffer* frame, const simplealloc::Layout& layout,
                    const GstVideoInfo& video) {
    std::array<gsize, GST_VIDEO_MAX_PLANES> offsets = {};
    std::array<gint, GST_VIDEO_MAX_PLANES> strides = {};
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const simplealloc::Plane& plane = layout.planes[i];
        // GStreamer counts through all memories of a buffer.
        offsets[i] = plane.offset;
        for (std::size_t before = 0; before < plane.dmabuf; ++before)
            offsets[i] += layout.dmabuf_sizes[before];
        strides[i] = static_cast<gint>(plane.stride);
    }
    gst_buffer_add_video_meta_full(
        frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&video), layout.width,
        layout.height, static_cast<guint>(layout.planes.size()), offsets.data(), strides.data());
}

} // namespace

struct SimplePool {
    GstBufferPool parent;
    std::optional<Frames> frames;
};
struct SimplePoolClass {
    GstBufferPoolClass parent;
};

G_DEFINE_TYPE(SimplePool, simple_pool, GST_TYPE_BUFFER_POOL)

static const gchar** simple_pool_get_options(GstBufferPool*) {
    static const gchar* options[] = {GST_BUFFER_POOL_OPTION_VIDEO_META, nullptr};
    return options;
}

static gboolean simple_pool_set_config(GstBufferPool* pool, GstStructure* config) {
    Frames& frames = *reinterpret_cast<SimplePool*>(pool)->frames;
    GstCaps* caps = nullptr;
    guint min = 0;
    guint max = 0;
    if (gst_buffer_pool_config_get_params(config, &caps, nullptr, &min, &max) == FALSE ||
        caps == nullptr || gst_video_info_from_caps(&frames.video, caps) == FALSE)
        return FALSE;
    const simplealloc::Layout& layout = frames.source.plan().candidates().front().layout;
    if (!fits(layout, frames.video)) {
        GST_WARNING_OBJECT(pool, "the plan is for another image than %" GST_PTR_FORMAT,
                           static_cast<gpointer>(caps));
        return FALSE;
    }
    gst_buffer_pool_config_set_params(config, caps, static_cast<guint>(total_size(layout)), min,
                                      max);
    return GST_BUFFER_POOL_CLASS(simple_pool_parent_class)->set_config(pool, config);
}

static GstFlowReturn simple_pool_alloc_buffer(GstBufferPool* pool, GstBuffer** frame,
                                              GstBufferPoolAcquireParams*) {
    const Frames& frames = *reinterpret_cast<SimplePool*>(pool)->frames;
    auto buffer = frames.source.allocate();
    if (!buffer) {
        GST_ERROR_OBJECT(pool, "%s", buffer.error().message().c_str());
        return GST_FLOW_ERROR;
    }
    const simplealloc::Layout layout = buffer->layout();
    if (!fits(layout, frames.video)) {
        GST_ERROR_OBJECT(pool, "%s gave another stride", buffer->source().c_str());
        return GST_FLOW_ERROR;
    }
    *frame = gst_buffer_new();
    for (GstMemory* memory : simple_allocator_wrap(frames.memories, *std::move(buffer)))
        gst_buffer_append_memory(*frame, memory);
    add_video_meta(*frame, layout, frames.video);
    return GST_FLOW_OK;
}

static void simple_pool_finalize(GObject* object) {
    auto* self = reinterpret_cast<SimplePool*>(object);
    if (self->frames)
        gst_object_unref(self->frames->memories);
    std::destroy_at(&self->frames);
    G_OBJECT_CLASS(simple_pool_parent_class)->finalize(object);
}

static void simple_pool_class_init(SimplePoolClass* type) {
    G_OBJECT_CLASS(type)->finalize = simple_pool_finalize;
    auto* pool = GST_BUFFER_POOL_CLASS(type);
    pool->get_options = simple_pool_get_options;
    pool->set_config = simple_pool_set_config;
    pool->alloc_buffer = simple_pool_alloc_buffer;
}

static void simple_pool_init(SimplePool* self) {
    std::construct_at(&self->frames);
}

GstBufferPool* simple_pool_new(const simplealloc::Allocator& allocator,
                               const simplealloc::Plan& plan, GstAllocator* memories) {
    auto* self = static_cast<SimplePool*>(g_object_new(simple_pool_get_type(), nullptr));
    gst_object_ref_sink(self);
    self->frames.emplace(
        Frames{allocator.prepare(plan), GST_ALLOCATOR_CAST(gst_object_ref(memories)), {}});
    return GST_BUFFER_POOL_CAST(self);
}
