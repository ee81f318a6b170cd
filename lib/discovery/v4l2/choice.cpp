// SPDX-License-Identifier: MIT
// Which queue and pixel format of a V4L2 device stand for a use and a layout.
#include "lib/discovery/v4l2/choice.hpp"

#include "lib/model/formats.hpp"

#include <algorithm>
#include <array>
#include <linux/videodev2.h>

namespace simplealloc {

namespace {

constexpr std::array<std::uint32_t, 4> queue_types{
    V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE, V4L2_BUF_TYPE_VIDEO_OUTPUT,
    V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE};

/// Queues of an output node are left alone: it shows what is queued.
bool may_make(const V4l2Info& v4l2, std::uint32_t type) {
    if (!v4l2.m2m && V4L2_TYPE_IS_OUTPUT(type))
        return false;
    // Nothing is known of the queues of a node that was not opened.
    if (v4l2.queues.empty())
        return true;
    bool there = false;
    for (const V4l2Queue& queue : v4l2.queues) {
        if (queue.buf_type != type)
            continue;
        if (queue.capabilities_known && !queue.mmap)
            return false;
        there = true;
    }
    return there;
}

} // namespace

bool is_output(Use use) {
    return use == Use::encode || use == Use::m2m_in || use == Use::read;
}

std::vector<const V4l2Queue*> queues_for(const V4l2Info& v4l2, Use use) {
    std::vector<const V4l2Queue*> found;
    for (const V4l2Queue& queue : v4l2.queues)
        if (V4L2_TYPE_IS_OUTPUT(queue.buf_type) == is_output(use))
            found.push_back(&queue);
    return found;
}

bool is_multiplanar(const V4l2Queue& queue) {
    return V4L2_TYPE_IS_MULTIPLANAR(queue.buf_type);
}

bool is_of_pictures(const V4l2Queue& queue) {
    return queue.buf_type == V4L2_BUF_TYPE_VIDEO_CAPTURE ||
           queue.buf_type == V4L2_BUF_TYPE_VIDEO_OUTPUT || is_multiplanar(queue);
}

std::optional<V4l2Format> opaque_format(const V4l2Queue& queue, Fourcc fourcc) {
    const auto& offered = queue.pixelformats;
    if (!is_of_pictures(queue) || !solver::is_opaque(fourcc) ||
        std::find(offered.begin(), offered.end(), fourcc.v4l2_code()) == offered.end())
        return std::nullopt;
    return V4l2Format{fourcc.v4l2_code(), fourcc, 0, true};
}

solver::QueueSide queue_side(const DeviceRecord& device, Use use) {
    if (!device.v4l2)
        return solver::QueueSide::none;
    return is_output(use) ? solver::QueueSide::output : solver::QueueSide::capture;
}

std::vector<std::uint32_t> making_queues(const V4l2Info& v4l2, std::span<const Use> own_uses) {
    std::vector<std::uint32_t> types;
    for (const std::uint32_t type : queue_types)
        if (may_make(v4l2, type))
            types.push_back(type);
    if (own_uses.empty() || types.empty())
        return types;
    if (std::all_of(own_uses.begin(), own_uses.end(), is_output))
        std::stable_partition(types.begin(), types.end(),
                              [](std::uint32_t type) { return V4L2_TYPE_IS_OUTPUT(type); });
    const bool output = V4L2_TYPE_IS_OUTPUT(types.front());
    std::erase_if(types, [&](std::uint32_t type) { return V4L2_TYPE_IS_OUTPUT(type) != output; });
    return types;
}

std::optional<V4l2Choice> choose_format(const V4l2Info& v4l2, Use use, const Layout& layout) {
    const bool per_plane = layout.placement == Placement::per_plane && layout.planes.size() > 1;
    for (const V4l2Queue* queue : queues_for(v4l2, use)) {
        if (const auto opaque = opaque_format(*queue, layout.fourcc))
            return V4l2Choice{queue, *opaque};
        const V4l2Format* format =
            find_v4l2_format(layout.fourcc, layout.modifier.value, per_plane, queue->pixelformats);
        if (format != nullptr && (!per_plane || is_multiplanar(*queue)))
            return V4l2Choice{queue, *format};
    }
    return std::nullopt;
}

} // namespace simplealloc
