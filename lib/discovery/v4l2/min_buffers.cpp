// SPDX-License-Identifier: MIT
// Which descriptor may be asked: drivers answer a volatile control by themselves, and may wait for
// a stream in it (s5p_mfc_dec.c s5p_mfc_dec_g_v_ctrl(), s5p_mfc_enc.c s5p_mfc_enc_g_v_ctrl()).
#include "lib/discovery/v4l2/min_buffers.hpp"
#include "lib/base/internal.hpp"

#include "lib/discovery/v4l2/choice.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <string_view>
#include <system_error>

namespace simplealloc {

namespace {

bool is_decoder(const V4l2Info& v4l2) {
    const auto any = [&](bool output, bool V4l2Queue::*quality) {
        return std::any_of(v4l2.queues.begin(), v4l2.queues.end(), [&](const V4l2Queue& queue) {
            return V4L2_TYPE_IS_OUTPUT(queue.buf_type) == output && queue.*quality;
        });
    };
    return v4l2.m2m && any(true, &V4l2Queue::any_compressed) && any(false, &V4l2Queue::any_raw);
}

/// Without waiting: what of the picture is shown is EINVAL until a header was parsed
/// (s5p_mfc_dec.c vidioc_g_selection()), and ENOTTY where the driver has no such call.
bool lacks_stream(int fd) {
    v4l2_selection shown = {};
    shown.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    shown.target = V4L2_SEL_TGT_COMPOSE;
    return kernel::ioctl(fd, VIDIOC_G_SELECTION, &shown) == -EINVAL;
}

/// Those that answer a volatile control with a number at hand
/// (drivers/media/platform/amphion/vpu_helpers.c vpu_helper_g_volatile_ctrl(), renesas/rcar_fdp1.c
/// fdp1_g_ctrl()).
bool answers_at_once(std::string_view driver) {
    return driver == "amphion-vpu" || driver == "rcar_fdp1";
}

/// Why the control is not read; empty: it is.
std::string obstacle(int fd, const DeviceRecord& record, const V4l2Queue& queue, bool is_volatile) {
    if (!is_decoder(*record.v4l2) || V4L2_TYPE_IS_OUTPUT(queue.buf_type))
        return is_volatile && !answers_at_once(record.driver)
                   ? "the driver may wait before it answers"
                   : "";
    if (record.queue_access != QueueAccess::lent)
        return "a decoder tells it on its caller's descriptor, after V4L2_EVENT_SOURCE_CHANGE";
    return lacks_stream(fd) ? "no stream was parsed yet" : "";
}

void ask(int fd, DeviceRecord& record, V4l2Queue& queue) {
    const bool output = V4L2_TYPE_IS_OUTPUT(queue.buf_type);
    v4l2_queryctrl known = {};
    known.id = output ? V4L2_CID_MIN_BUFFERS_FOR_OUTPUT : V4L2_CID_MIN_BUFFERS_FOR_CAPTURE;
    // What a control is the kernel knows without its driver.
    if (questions::ioctl(fd, VIDIOC_QUERYCTRL, &known) < 0 ||
        (known.flags & V4L2_CTRL_FLAG_DISABLED) != 0)
        return;
    const std::string name = fmt::format("{}-min-buffers", output ? "output" : "capture");
    const auto unknown = [&](std::string why) {
        record.facts.push_back({name, "unknown", Confidence::unknown, std::move(why)});
    };
    if (std::string why = obstacle(fd, record, queue, (known.flags & V4L2_CTRL_FLAG_VOLATILE) != 0);
        !why.empty())
        return unknown(std::move(why));
    v4l2_control control = {known.id, 0};
    if (const int result = kernel::ioctl(fd, VIDIOC_G_CTRL, &control); result < 0)
        return unknown("VIDIOC_G_CTRL: " + std::generic_category().message(-result));
    // 0 of a decoder that has not seen enough (mtk_vcodec_dec_stateful.c mtk_vdec_g_v_ctrl()).
    if (control.value <= 0)
        return unknown("VIDIOC_G_CTRL: 0");
    queue.min_buffers = static_cast<std::uint32_t>(control.value);
    // Another context may need more, unless the control has one value only.
    const bool certain = record.queue_access == QueueAccess::lent || known.minimum == known.maximum;
    record.facts.push_back(
        {name, fmt::format("{}", control.value), certain ? Confidence::known : Confidence::assumed,
         output ? "V4L2_CID_MIN_BUFFERS_FOR_OUTPUT" : "V4L2_CID_MIN_BUFFERS_FOR_CAPTURE"});
}

} // namespace

void ask_min_buffers(int fd, DeviceRecord& record) {
    for (V4l2Queue& queue : record.v4l2->queues)
        ask(fd, record, queue);
}

std::uint32_t least_buffers(std::span<const DeviceUse> uses) {
    std::uint32_t least = 0;
    for (const DeviceUse& use : uses)
        if (const auto& v4l2 = Internal::data(use.device).v4l2)
            for (const V4l2Queue* queue : queues_for(*v4l2, use.use))
                least = std::max(least, queue->min_buffers);
    return least;
}

} // namespace simplealloc
