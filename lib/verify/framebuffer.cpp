// SPDX-License-Identifier: MIT
// Some drivers round pitches up in silence, and show a sheared picture.
#include "lib/verify/framebuffer.hpp"

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <algorithm>
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace simplealloc {

namespace {

/// A master or root is given new handles, one for an object (drm_mode_getfb2_ioctl()). Handles have
/// no count: one that the import has, should a driver answer it, is the import's to close.
void close_handles(int fd, const drm_mode_fb_cmd2& kept, std::span<const std::uint32_t> imported) {
    std::vector<std::uint32_t> closed{0};
    for (const std::uint32_t handle : kept.handles) {
        if (std::find(closed.begin(), closed.end(), handle) != closed.end() ||
            std::find(imported.begin(), imported.end(), handle) != imported.end())
            continue;
        closed.push_back(handle);
        drm_gem_close request = {};
        request.handle = handle;
        if (const int result = kernel::ioctl(fd, DRM_IOCTL_GEM_CLOSE, &request); result < 0)
            log::line(LogLevel::warning, "verify: close GEM handle {} of GETFB2: errno {}", handle,
                      -result);
    }
}

} // namespace

std::optional<Trial> read_back(int fd, const DrmSetup& setup, std::uint32_t framebuffer,
                               std::span<const std::uint32_t> handles) {
    drm_mode_fb_cmd2 kept = {};
    kept.fb_id = framebuffer;
    if (const int result = kernel::ioctl(fd, DRM_IOCTL_MODE_GETFB2, &kept); result < 0) {
        log::line(LogLevel::debug, "verify: GETFB2: errno {}, nothing is compared", -result);
        return std::nullopt;
    }
    close_handles(fd, kept, handles);
    std::vector<std::string> differences;
    const auto compare = [&](const char* name, std::uint64_t real, std::uint64_t wanted) {
        if (real != wanted)
            differences.push_back(fmt::format("{} {} instead of {}", name, real, wanted));
    };
    for (std::uint32_t i = 0; i < setup.plane_count; ++i) {
        compare("pitch", kept.pitches[i], setup.pitches[i]);
        compare("offset", kept.offsets[i], setup.offsets[i]);
        if (setup.pass_modifier && (kept.flags & DRM_MODE_FB_MODIFIERS) != 0 &&
            kept.modifier[i] != setup.modifier)
            differences.push_back(fmt::format("modifier {:#018x} instead of {:#018x}",
                                              kept.modifier[i], setup.modifier));
    }
    if (differences.empty())
        return Trial{true, {}};
    return Trial{false, fmt::format("AddFB2 takes it, and the driver keeps {}",
                                    fmt::join(differences, ", "))};
}

} // namespace simplealloc
