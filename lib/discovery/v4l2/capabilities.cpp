// SPDX-License-Identifier: MIT
// What V4L2 queues accept: one alternative for each way to program the format.
#include "lib/discovery/limits/capabilities.hpp"
#include "lib/discovery/limits/memory_limits.hpp"
#include "lib/discovery/v4l2/choice.hpp"
#include "lib/model/formats.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/videodev2.h>

namespace simplealloc {

namespace {

std::string_view wanted_queue(Use use) {
    return is_output(use) ? "output" : "capture";
}

/// Without DMABUF a queue takes nothing in: not its own exports either, which are orphans by then.
std::vector<const V4l2Queue*> importing_queues(const V4l2Info& v4l2, Use use) {
    std::vector<const V4l2Queue*> queues = queues_for(v4l2, use);
    std::erase_if(
        queues, [](const V4l2Queue* queue) { return queue->capabilities_known && !queue->dmabuf; });
    return queues;
}

/// Why the device can't do the use; empty when it can.
std::string obstacle(const V4l2Info& v4l2, Use use) {
    const bool of_m2m =
        use == Use::encode || use == Use::decode || use == Use::m2m_in || use == Use::m2m_out;
    if (use != Use::capture && use != Use::read && use != Use::write && !of_m2m)
        return "is a V4L2 device, this use is one of DRM";
    if (use == Use::capture && v4l2.m2m)
        return "is a memory-to-memory device: its uses are m2m-in, m2m-out, encode and decode";
    if (of_m2m && !v4l2.m2m)
        return "is no memory-to-memory device";
    if (queues_for(v4l2, use).empty())
        return fmt::format("has no {} queue", wanted_queue(use));
    if ((v4l2.device_caps & V4L2_CAP_STREAMING) == 0)
        return "does not stream, so it takes no dma-buf";
    if (importing_queues(v4l2, use).empty())
        return fmt::format("takes no dma-buf into its {} queue, not even one of its own",
                           wanted_queue(use));
    return {};
}

/// The planes of a format follow from each other where one buffer holds them all; a format of one
/// plane is the same in every placement, and how many an opaque one has its driver says.
Placements placements_of(const V4l2Format& format) {
    const auto info = solver::format_info(format.fourcc);
    if (info && (info->planes.size() == 1 || info->opaque))
        return Placements::all();
    return Placements::of(format.per_plane ? Placement::per_plane : Placement::packed);
}

FormatSupport support_of(const V4l2Format& format) {
    if (format.modifier == 0)
        return {format.fourcc, {}, true};
    return {format.fourcc, {format.modifier}, false};
}

solver::CapabilitySet common(const DeviceRecord& device, Use use, Fourcc fourcc) {
    solver::CapabilitySet set = memory_limits(device, use, fourcc);
    set.constraints.starts_at_zero = true;
    set.evidence[ConstraintKind::starts_at_zero] = {Confidence::known,
                                                    "V4L2 imports have no offset"};
    for (const V4l2Queue* queue : importing_queues(*device.v4l2, use))
        if (queue->max_buffers < set.constraints.max_buffers) {
            set.constraints.max_buffers = queue->max_buffers;
            set.evidence[ConstraintKind::max_buffers] = {Confidence::known,
                                                         queue->max_buffers_origin};
        }
    return set;
}

solver::CapabilitySet set_for(const DeviceRecord& device, Use use, const V4l2Format& format) {
    solver::CapabilitySet set = common(device, use, format.fourcc);
    set.formats = {support_of(format)};
    set.evidence[ConstraintKind::format] = {Confidence::known, "VIDIOC_ENUM_FMT"};
    set.constraints.placements = set.constraints.placements & placements_of(format);
    if (set.constraints.placements != Placements::all())
        set.evidence[ConstraintKind::placement] = {Confidence::known,
                                                   pixelformat_name(format.pixelformat)};
    set.label = pixelformat_name(format.pixelformat);
    return set;
}

/// The ways to program `fourcc` into the queue; of pixel formats that mean the same, the preferred
/// one.
void add_alternatives(const DeviceRecord& device, Use use, const V4l2Queue& queue, Fourcc fourcc,
                      std::vector<solver::CapabilitySet>& sets) {
    if (const auto opaque = opaque_format(queue, fourcc))
        sets.push_back(set_for(device, use, *opaque));
    for (const std::uint32_t pixelformat : queue.pixelformats)
        for (const V4l2Format& format : v4l2_formats(pixelformat)) {
            if (format.fourcc != fourcc || (format.per_plane && !is_multiplanar(queue)))
                continue;
            if (find_v4l2_format(fourcc, format.modifier, format.per_plane, queue.pixelformats) ==
                &format)
                sets.push_back(set_for(device, use, format));
        }
}

/// Everything that the queues take: what is wanted is not in it, and the solver says so.
solver::CapabilitySet set_without(const DeviceRecord& device, Use use, Fourcc fourcc,
                                  const std::vector<const V4l2Queue*>& queues) {
    solver::CapabilitySet set = common(device, use, fourcc);
    set.evidence[ConstraintKind::format] = {Confidence::known, "VIDIOC_ENUM_FMT"};
    const auto add = [&](const FormatSupport& support) {
        if (std::find(set.formats.begin(), set.formats.end(), support) == set.formats.end())
            set.formats.push_back(support);
    };
    for (const V4l2Queue* queue : queues)
        for (const std::uint32_t pixelformat : queue->pixelformats)
            for (const V4l2Format& format : v4l2_formats(pixelformat))
                add(support_of(format));
    // Who asks for pixels is told of pixels first.
    for (const V4l2Queue* queue : queues)
        for (const std::uint32_t pixelformat : queue->pixelformats)
            if (v4l2_formats(pixelformat).empty())
                add({Fourcc::v4l2(pixelformat), {}, true});
    return set;
}

} // namespace

CapabilitySets v4l2_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc) {
    const V4l2Info& v4l2 = *device.v4l2;
    if (const std::string why = obstacle(v4l2, use); !why.empty()) {
        // Memory that it touches in some other way than by a queue.
        if ((use == Use::read || use == Use::write) && queues_for(v4l2, use).empty())
            return std::vector{memory_limits(device, use, fourcc)};
        return unsupported_use(device, use, why);
    }
    if (fourcc == fourcc::bytes)
        return std::vector{common(device, use, fourcc)};

    std::vector<const V4l2Queue*> queues = importing_queues(v4l2, use);
    std::erase_if(queues, [](const V4l2Queue* queue) { return !is_of_pictures(*queue); });
    if (queues.empty())
        return unsupported_use(device, use,
                               fmt::format("has a {} queue of metadata or the like, none of "
                                           "pictures",
                                           wanted_queue(use)),
                               "request plain bytes (--bytes, Request::bytes) of the size that "
                               "VIDIOC_G_FMT tells");
    std::vector<solver::CapabilitySet> sets;
    for (const V4l2Queue* queue : queues)
        add_alternatives(device, use, *queue, fourcc, sets);
    if (sets.empty()) {
        solver::CapabilitySet set = set_without(device, use, fourcc, queues);
        if (set.formats.empty())
            return unsupported_use(device, use, "offers no pixel format at all",
                                   "request plain bytes of the size that VIDIOC_TRY_FMT tells");
        sets.push_back(std::move(set));
    }
    return sets;
}

} // namespace simplealloc
