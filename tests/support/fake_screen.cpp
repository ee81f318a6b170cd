// SPDX-License-Identifier: MIT
// Mode setting of one CRTC and its primary plane, for a fake card.
#include "tests/support/fake_devices.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>

namespace simplealloc::test {

namespace {

/// The property with number i + 1.
constexpr std::array names{"type",   "FB_ID", "CRTC_ID", "CRTC_X", "CRTC_Y", "CRTC_W",
                           "CRTC_H", "SRC_X", "SRC_Y",   "SRC_W",  "SRC_H"};
constexpr std::size_t without_atomic = 1;

template <typename Element>
Element* user(std::uint64_t pointer) {
    return reinterpret_cast<Element*>(static_cast<std::uintptr_t>(pointer));
}

/// The two-call pattern: the count always, the elements when there is room.
template <typename Element>
void fill(const std::vector<Element>& from, std::uint64_t pointer, std::uint32_t& room) {
    if (room >= from.size() && pointer != 0)
        std::copy(from.begin(), from.end(), user<Element>(pointer));
    room = static_cast<std::uint32_t>(from.size());
}

int properties(bool atomic, drm_mode_obj_get_properties& out) {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < (atomic ? names.size() : without_atomic); ++i) {
        ids.push_back(static_cast<std::uint32_t>(i + 1));
        values.push_back(i == 0 ? 1 : 0); // a primary plane
    }
    std::uint32_t room = out.count_props;
    fill(ids, out.props_ptr, room);
    fill(values, out.prop_values_ptr, out.count_props);
    return 0;
}

/// drivers/gpu/drm/drm_atomic_uapi.c, of a plane that must cover the screen without scaling.
int commit(FakeKernel& kernel, FakeScreen& screen, bool atomic, const drm_mode_atomic& request) {
    if (!screen.atomic)
        return -EOPNOTSUPP;
    if (!atomic)
        return -EINVAL;
    if ((request.flags & DRM_MODE_ATOMIC_TEST_ONLY) == 0)
        kernel.record_error("a commit that is not a test");
    if (request.count_objs == 0)
        return 0;
    std::map<std::string, std::uint64_t> set;
    for (std::uint32_t i = 0; i < *user<std::uint32_t>(request.count_props_ptr); ++i) {
        const std::uint32_t id = user<std::uint32_t>(request.props_ptr)[i];
        if (id == 0 || id > names.size())
            return -ENOENT;
        set[names[id - 1]] = user<std::uint64_t>(request.prop_values_ptr)[i];
    }
    screen.commits.push_back(set);
    const bool covers = set["CRTC_W"] == screen.width && set["CRTC_H"] == screen.height;
    const bool unscaled =
        set["SRC_W"] >> 16U == set["CRTC_W"] && set["SRC_H"] >> 16U == set["CRTC_H"];
    if (set["FB_ID"] == 0 || set["CRTC_ID"] != FakeScreen::crtc || !covers || !unscaled)
        return -EINVAL;
    return -screen.commit_errno;
}

} // namespace

std::optional<int> screen_ioctl(FakeKernel& kernel, FakeScreen& screen, bool atomic,
                                unsigned long request, void* argument) {
    switch (request) {
    case DRM_IOCTL_MODE_GETRESOURCES: {
        auto& out = *static_cast<drm_mode_card_res*>(argument);
        fill(std::vector<std::uint32_t>{FakeScreen::crtc}, out.crtc_id_ptr, out.count_crtcs);
        out.max_width = out.max_height = 8192;
        return 0;
    }
    case DRM_IOCTL_MODE_GETCRTC: {
        auto& out = *static_cast<drm_mode_crtc*>(argument);
        out.mode_valid = screen.active ? 1 : 0;
        out.mode.hdisplay = static_cast<std::uint16_t>(screen.width);
        out.mode.vdisplay = static_cast<std::uint16_t>(screen.height);
        return 0;
    }
    case DRM_IOCTL_MODE_GETPLANERESOURCES: {
        auto& out = *static_cast<drm_mode_get_plane_res*>(argument);
        fill(std::vector<std::uint32_t>{FakeScreen::plane}, out.plane_id_ptr, out.count_planes);
        return 0;
    }
    case DRM_IOCTL_MODE_GETPLANE: {
        auto& out = *static_cast<drm_mode_get_plane*>(argument);
        out.possible_crtcs = 1;
        fill(std::vector<std::uint32_t>{DRM_FORMAT_XRGB8888}, out.format_type_ptr,
             out.count_format_types);
        return 0;
    }
    case DRM_IOCTL_MODE_OBJ_GETPROPERTIES:
        return properties(atomic, *static_cast<drm_mode_obj_get_properties*>(argument));
    case DRM_IOCTL_MODE_GETPROPERTY: {
        auto& out = *static_cast<drm_mode_get_property*>(argument);
        if (out.prop_id == 0 || out.prop_id > names.size())
            return -ENOENT;
        std::strcpy(out.name, names[out.prop_id - 1]);
        return 0;
    }
    case DRM_IOCTL_MODE_ATOMIC:
        return commit(kernel, screen, atomic, *static_cast<drm_mode_atomic*>(argument));
    default:
        return std::nullopt;
    }
}

} // namespace simplealloc::test
