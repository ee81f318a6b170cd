// SPDX-License-Identifier: MIT
// Two lines of as many bytes, in pixels of four bytes and of one, tell bytes from pixels.
#include "lib/discovery/drm/dumb_pitch.hpp"

#include "lib/kernel/kernel.hpp"

#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <optional>

namespace simplealloc {

namespace {

/// Each power of two up to the page rounds it to something else.
constexpr std::uint32_t line = 4100;
constexpr std::uint64_t page = 4096;

/// The pitch of a line of `line` bytes; nothing when the driver makes no such buffer.
std::optional<std::uint64_t> ask_pitch(int fd, std::uint32_t bpp) {
    drm_mode_create_dumb request = {};
    request.width = line * 8 / bpp;
    request.height = 1;
    request.bpp = bpp;
    if (kernel::ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &request) < 0)
        return std::nullopt;
    drm_mode_destroy_dumb destroy = {};
    destroy.handle = request.handle;
    // What is not destroyed goes with the description.
    kernel::ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
    return request.pitch;
}

/// The power of two that the line was rounded to; nothing: it was rounded by another rule.
std::optional<std::uint64_t> alignment_of(std::uint64_t pitch) {
    if (pitch == line)
        return 1;
    for (std::uint64_t align = 8; align <= page; align *= 2)
        if ((line + align - 1) / align * align == pitch)
            return align;
    return std::nullopt;
}

} // namespace

void ask_dumb_pitch(int fd, DeviceRecord& record) {
    DrmInfo& drm = *record.drm;
    const auto pitch = ask_pitch(fd, 32);
    const auto align = pitch ? alignment_of(*pitch) : std::nullopt;
    if (!align || *align == 1)
        return;
    const auto narrow_pitch = ask_pitch(fd, 8);
    const auto narrow = narrow_pitch ? alignment_of(*narrow_pitch) : align;
    if (narrow == align)
        drm.dumb.asked_pitch_align = *align;
    else if (narrow && *narrow * 4 == *align)
        drm.dumb.asked_width_align = *narrow;
    else
        return;
    drm.dumb.asked_pitch_origin = fmt::format(
        "DRM_IOCTL_MODE_CREATE_DUMB: {} pixels of 4 bytes in lines of {} bytes", line / 4, *pitch);
    const bool bytes = drm.dumb.asked_pitch_align > 1;
    record.facts.push_back(
        {"pitch-align",
         fmt::format("{} {}", bytes ? drm.dumb.asked_pitch_align : drm.dumb.asked_width_align,
                     bytes ? "bytes" : "pixels"),
         Confidence::known, drm.dumb.asked_pitch_origin});
}

} // namespace simplealloc
