// SPDX-License-Identifier: MIT
// Plane geometry of every format of drm_fourcc.h that has a linear layout, and of V4L2's own.
#pragma once

#include "lib/base/checked.hpp"

#include <simplealloc/fourcc.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace simplealloc::solver {

/// One plane of a format: `bytes` for each block of `horizontal` x `vertical` pixels of the image.
struct PlaneGeometry {
    std::uint32_t bytes;
    std::uint32_t horizontal; ///< e.g. 2 for the CbCr plane of NV12, 4 for the Y plane of NV15
    std::uint32_t vertical;
    /// Lines of one stride that a block takes; a divisor of `bytes`. More than 1 only where a word
    /// holds pixels of two lines (X0L2): a stride stands for one line of the image there too.
    std::uint32_t rows = 1;
};

struct FormatInfo {
    Fourcc fourcc;
    std::span<const PlaneGeometry> planes;
    /// Only drivers know where its pixels lie: it has a plane for each memory plane that they want,
    /// `planes` is as many as there can be, and their geometry is that of bytes.
    bool opaque = false;
};

/// All formats of DRM that can be laid out, fourcc::bytes among them; see camera_formats() for
/// those of V4L2.
std::span<const FormatInfo> formats();

/// Nothing for formats that this library can't lay out.
std::optional<FormatInfo> format_info(Fourcc fourcc);

/// Any code of V4L2 that has no lines of pixels here: bitstreams, and tiles of drivers' own.
bool is_opaque(Fourcc fourcc);

/// Whether drm_fourcc.h defines the format for tiled modifiers alone.
bool never_linear(Fourcc fourcc);

/// The format that drm_fourcc.h defines as `DRM_FORMAT_` and this name, e.g. `XRGB8888`.
std::optional<Fourcc> format_named(std::string_view name);

/// Whether a source that lays images out itself (GBM) can be asked for one: by DRM's codes alone.
constexpr bool has_drm_code(Fourcc fourcc) {
    return fourcc != fourcc::bytes && !fourcc.is_v4l2();
}

/// The format that differs in one thing: whether the bits for alpha mean something.
std::optional<Fourcc> alpha_sibling(Fourcc fourcc);

/// The least stride of a plane: whole blocks, however many pixels of the last one are used.
constexpr Checked line_bytes(const PlaneGeometry& plane, Checked width) {
    Checked block_row = divide_up(width, plane.horizontal) * plane.bytes;
    block_row.value /= plane.rows;
    return block_row;
}

/// How many strides a plane has for `lines` of the image.
constexpr Checked line_count(const PlaneGeometry& plane, Checked lines) {
    return divide_up(lines, plane.vertical) * plane.rows;
}

} // namespace simplealloc::solver
