// SPDX-License-Identifier: MIT
// TEST_ONLY commits of one plane on a CRTC that is active: no mode has to be chosen for it.
#include "lib/verify/commit.hpp"

#include "lib/discovery/drm/list.hpp"
#include "lib/discovery/drm/planes.hpp"
#include "lib/kernel/kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>

namespace simplealloc {

namespace {

struct Crtc {
    std::uint32_t id = 0;
    std::uint32_t index = 0; ///< its bit in possible_crtcs
    std::uint32_t width = 0; ///< pixels of its mode
    std::uint32_t height = 0;
};

std::vector<Crtc> active_crtcs(int fd) {
    std::vector<std::uint32_t> ids;
    const int listed = read_list(ids, [&](std::uint32_t& count) {
        drm_mode_card_res request = {};
        request.count_crtcs = count;
        request.crtc_id_ptr = user_pointer(ids.data());
        const int answer = kernel::ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &request);
        count = request.count_crtcs;
        return answer;
    });
    std::vector<Crtc> found;
    for (std::uint32_t i = 0; listed >= 0 && i < ids.size() && i < 32; ++i) {
        drm_mode_crtc request = {};
        request.crtc_id = ids[i];
        if (kernel::ioctl(fd, DRM_IOCTL_MODE_GETCRTC, &request) >= 0 && request.mode_valid != 0)
            found.push_back({ids[i], i, request.mode.hdisplay, request.mode.vdisplay});
    }
    return found;
}

/// Whether the plane may be moved to the CRTC: not away from another one, which would have to be
/// told so.
bool is_free_for(int fd, const DrmPlane& plane, const Crtc& crtc) {
    drm_mode_get_plane request = {};
    request.plane_id = plane.id;
    return kernel::ioctl(fd, DRM_IOCTL_MODE_GETPLANE, &request) >= 0 &&
           (request.possible_crtcs >> crtc.index & 1U) != 0 &&
           (request.crtc_id == 0 || request.crtc_id == crtc.id);
}

int commit(int fd, std::uint32_t object, const std::vector<std::uint32_t>& properties,
           const std::vector<std::uint64_t>& values) {
    auto count = static_cast<std::uint32_t>(properties.size());
    drm_mode_atomic request = {};
    // A change of format may need a full modeset; the test does none.
    request.flags = DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET;
    request.count_objs = properties.empty() ? 0 : 1;
    request.objs_ptr = user_pointer(&object);
    request.count_props_ptr = user_pointer(&count);
    request.props_ptr = user_pointer(properties.data());
    request.prop_values_ptr = user_pointer(values.data());
    return kernel::ioctl(fd, DRM_IOCTL_MODE_ATOMIC, &request);
}

/// The framebuffer's top left corner in that of the screen, unscaled.
int commit_plane(int fd, const DrmPlane& plane, const Crtc& crtc, const DrmSetup& setup,
                 std::uint32_t framebuffer) {
    const std::map<std::string, std::uint32_t> ids = plane_property_ids(fd, plane.id);
    const std::uint64_t width = std::min(setup.width, crtc.width);
    const std::uint64_t height = std::min(setup.height, crtc.height);
    const std::pair<const char*, std::uint64_t> wanted[] = {
        {"FB_ID", framebuffer},  {"CRTC_ID", crtc.id},     {"CRTC_X", 0}, {"CRTC_Y", 0},
        {"CRTC_W", width},       {"CRTC_H", height},       {"SRC_X", 0},  {"SRC_Y", 0},
        {"SRC_W", width << 16U}, {"SRC_H", height << 16U}, // 16.16 fixed point
    };
    std::vector<std::uint32_t> properties;
    std::vector<std::uint64_t> values;
    for (const auto& [name, value] : wanted) {
        const auto id = ids.find(name);
        if (id == ids.end())
            return -ENOTTY;
        properties.push_back(id->second);
        values.push_back(value);
    }
    return commit(fd, plane.id, properties, values);
}

/// Whether the caller's description may test commits; a commit of nothing is always right.
Trial may_commit(int fd) {
    switch (const int result = commit(fd, 0, {}, {}); - result) {
    case EACCES:
    case EPERM:
        return {std::nullopt, "not tested by a commit: the caller's descriptor is not DRM master"};
    case EINVAL:
        return {std::nullopt, "not tested by a commit: the caller's descriptor has not enabled "
                              "DRM_CLIENT_CAP_ATOMIC"};
    case EOPNOTSUPP:
        return {std::nullopt, "not tested by a commit: the driver has no atomic mode setting"};
    default:
        return trial_of(result, "not tested by a commit");
    }
}

} // namespace

CommitTrial test_commit(int fd, Use use, const DrmSetup& setup, std::uint32_t framebuffer) {
    if (Trial allowed = may_commit(fd); !allowed.passed.value_or(false))
        return {{std::nullopt, std::move(allowed.reason)}, {}};
    std::vector<DrmPlane> planes;
    if (const int listed = read_planes(fd, planes); listed < 0)
        return {{std::nullopt, trial_of(listed, "not tested by a commit: list planes").reason}, {}};

    CommitTrial refused{
        {std::nullopt, "not tested by a commit: no active CRTC has a free plane for it"}, {}};
    for (const Crtc& crtc : active_crtcs(fd))
        for (const DrmPlane& plane : planes) {
            const bool of_use =
                use == Use::cursor ? plane.type == "cursor" : plane.type != "cursor";
            if (!of_use || !takes(plane, setup) || !is_free_for(fd, plane, crtc))
                continue;
            Trial tried = trial_of(
                commit_plane(fd, plane, crtc, setup, framebuffer),
                fmt::format("TEST_ONLY commit of {}x{} pixels", setup.width, setup.height));
            const std::string how =
                fmt::format("TEST_ONLY commit on plane {} of CRTC {}", plane.id, crtc.id);
            if (tried.passed.value_or(false))
                return {{true, {}}, how};
            // An overlay has limits of its own, and most primary planes must cover the screen:
            // only a primary plane that could do so speaks of the buffer.
            const bool covers = setup.width >= crtc.width && setup.height >= crtc.height;
            if (use == Use::scanout && (plane.type != "primary" || !covers)) {
                if (!refused.trial.passed)
                    refused.trial.reason = "not tested by a commit: planes refuse its size";
                continue;
            }
            if (!refused.trial.passed)
                refused = {std::move(tried), how};
        }
    return refused;
}

} // namespace simplealloc
