// SPDX-License-Identifier: MIT
// The one table between V4L2 pixel formats and fourccs, read in both directions.
#pragma once

#include <simplealloc/modifier.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace simplealloc {

/// The code spaces overlap without agreeing (`RG16` is RGB565 in DRM and 16-bit Bayer in V4L2), so
/// a code of one is never used for the other but through this table. Lines of pixels that DRM has
/// no code for (Bayer) keep their own, marked as V4L2's.
struct V4l2Format {
    std::uint32_t pixelformat;  ///< V4L2_PIX_FMT_*
    Fourcc fourcc;              ///< the same bytes in memory
    std::uint64_t modifier = 0; ///< LINEAR for formats that are not tiled
    bool per_plane = false;     ///< a buffer for each plane (the `M` formats), else one for all
};

std::span<const V4l2Format> v4l2_formats();

/// All names of these bytes, the best known first: GREY is R8 and Y8. Empty for what has no lines
/// of pixels and no modifier in DRM: bitstreams, and tiles of a driver's own.
std::span<const V4l2Format> v4l2_formats(std::uint32_t pixelformat);

/// The first of them, or null.
const V4l2Format* find_v4l2_format(std::uint32_t pixelformat);

/// The best of the `offered` pixel formats with these pixels in memory, or null: V4L2 has old and
/// new codes for some.
const V4l2Format* find_v4l2_format(Fourcc fourcc, std::uint64_t modifier, bool per_plane,
                                   std::span<const std::uint32_t> offered);

/// The code's characters, as V4L2 tools print them; big-endian ones end in `-BE`.
std::string pixelformat_name(std::uint32_t pixelformat);

} // namespace simplealloc
