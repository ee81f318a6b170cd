// SPDX-License-Identifier: MIT
// Layouts that satisfy constraints.
#pragma once

#include "lib/model/formats.hpp"

#include <simplealloc/constraints.hpp>
#include <simplealloc/layout.hpp>
#include <simplealloc/result.hpp>

namespace simplealloc::solver {

/// The smallest layout of the image (or, for fourcc::bytes, of `size` bytes) with `placement` that
/// satisfies `constraints`; page-rounds the dma-bufs. An opaque image has the planes, strides and
/// sizes that the constraints give it. Every product and sum is checked: fails with
/// limit when it overflows or exceeds a limit (object = the constraint's name), with invalid for an
/// unknown fourcc or a zero size.
Result<Layout> make_layout(Fourcc fourcc, Modifier modifier, std::uint32_t width,
                           std::uint32_t height, std::uint64_t size, Placement placement,
                           const Constraints& constraints, std::uint64_t granularity);

/// The same layout with another stride of plane 0 and another height (in lines, of plane 0, at
/// least the image's), as a driver returned them: offsets and chroma strides follow.
Result<Layout> relayout(const Layout& layout, std::uint64_t stride, std::uint64_t lines,
                        std::uint64_t dmabuf_size);

/// The constraint that `layout` violates, with the numbers in the detail; empty Result when it
/// satisfies all.
Result<void> check_layout(const Layout& layout, const Constraints& constraints);

/// Whether its planes are lines of pixels that stand one stride apart: not so of plain bytes, of
/// opaque images and of tiles.
bool has_lines(const Layout& layout);

/// Whether two planes lie side by side in each of their lines, as U and V of some codecs and
/// cameras do. They don't overlap then, although one begins before the other ends.
bool share_lines(const Layout& layout, std::size_t one, std::size_t other);

/// What so many lines of a plane take. Where another plane lies beside it, the last line ends with
/// its pixels, as it does for a framebuffer (drm_gem_fb_init_with_funcs()).
Checked plane_bytes(const Layout& layout, std::size_t plane, Checked lines);

/// Bytes of all dma-bufs.
std::uint64_t total_size(const Layout& layout) noexcept;

/// Fourcc, modifier and size class of a layout: what a device's refusal is remembered for.
std::string layout_class(const Layout& layout);

} // namespace simplealloc::solver
