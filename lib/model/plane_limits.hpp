// SPDX-License-Identifier: MIT
// What constraints say of one plane: the limits of all planes and those of this one together.
#pragma once

#include "lib/base/checked.hpp"
#include "lib/model/formats.hpp"

#include <simplealloc/constraints.hpp>

#include <algorithm>

namespace simplealloc::solver {

inline Checked stride_align(const Constraints& c, std::size_t plane) {
    return common_multiple(c.stride_align, c.planes[plane].stride_align);
}

/// In bytes: whole sample blocks that span a multiple of so many pixels.
inline Checked stride_align_pixels(const Constraints& c, const PlaneGeometry& geometry) {
    const Checked pixels = common_multiple(c.stride_align_pixels, geometry.horizontal);
    Checked bytes = line_bytes(geometry, pixels);
    bytes.ok = bytes.ok && pixels.ok;
    return c.stride_align_pixels <= 1 ? Checked{1} : bytes;
}

inline Checked offset_align(const Constraints& c, std::size_t plane) {
    return common_multiple(c.offset_align, c.planes[plane].offset_align);
}

inline std::uint64_t min_stride(const Constraints& c, std::size_t plane) {
    return std::max(plane == 0 ? c.min_stride : 0, c.planes[plane].min_stride);
}

inline std::uint64_t max_stride(const Constraints& c, std::size_t plane) {
    return std::min(plane == 0 ? c.max_stride : no_limit, c.planes[plane].max_stride);
}

} // namespace simplealloc::solver
