// SPDX-License-Identifier: MIT
// What to program for a use, from and to C.
#include "lib/c/setup.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/handed.hpp"

#include <algorithm>

namespace simplealloc::c {

namespace {

simplealloc_v4l2_plane to_c(const V4l2Setup::PlaneSetup& plane) {
    return {plane.dmabuf, plane.bytesperline, plane.sizeimage, plane.length};
}

simplealloc_crop to_c(const Crop& crop) {
    return {crop.left, crop.top, crop.width, crop.height};
}

simplealloc_v4l2_setup to_c(const V4l2Setup& setup, Arena& arena) {
    std::vector<simplealloc_v4l2_plane> planes;
    for (const auto& plane : setup.planes)
        planes.push_back(to_c(plane));
    return {setup.pixelformat, setup.multiplanar, setup.width,
            setup.height,      planes.size(),     arena.copy(planes.data(), planes.size()),
            to_c(setup.crop)};
}

simplealloc_drm_setup to_c(const DrmSetup& setup, Arena& arena) {
    simplealloc_drm_setup out = {};
    out.fourcc = setup.fourcc.value;
    out.width = setup.width;
    out.height = setup.height;
    out.plane_count = setup.plane_count;
    std::copy(setup.dmabufs.begin(), setup.dmabufs.end(), out.dmabufs);
    std::copy(setup.pitches.begin(), setup.pitches.end(), out.pitches);
    std::copy(setup.offsets.begin(), setup.offsets.end(), out.offsets);
    out.modifier = setup.modifier;
    out.pass_modifier = setup.pass_modifier;
    out.crop = to_c(setup.crop);
    out.kms_plane_count = setup.planes.size();
    out.kms_planes = arena.copy(setup.planes.data(), setup.planes.size());
    out.overlay_only = setup.overlay_only;
    return out;
}

} // namespace

simplealloc_setup to_c(const Setup& setup, Arena& arena) {
    return {setup.v4l2 ? arena.add(to_c(*setup.v4l2, arena)) : nullptr,
            setup.drm ? arena.add(to_c(*setup.drm, arena)) : nullptr};
}

V4l2Setup read_v4l2_setup(const simplealloc_v4l2_setup& setup) {
    V4l2Setup out;
    out.pixelformat = setup.pixelformat;
    out.multiplanar = flag(setup.multiplanar, "multiplanar");
    out.width = setup.width;
    out.height = setup.height;
    for (const auto& plane : array(setup.planes, setup.plane_count, "planes"))
        out.planes.push_back({plane.dmabuf, plane.bytesperline, plane.sizeimage, plane.length});
    return out;
}

} // namespace simplealloc::c

void simplealloc_setup_free(simplealloc_setup* setup) {
    simplealloc::c::take_back(setup);
}
