// SPDX-License-Identifier: MIT
// Plane geometry of V4L2's formats that have lines of pixels and no code in DRM.
#pragma once

#include "lib/model/formats.hpp"

#include <span>

namespace simplealloc::solver {

/// Bayer, gray, depth and a few more, by code; each a code of V4L2 (Fourcc::is_v4l2).
std::span<const FormatInfo> camera_formats();

} // namespace simplealloc::solver
