// SPDX-License-Identifier: MIT
// Whether a layout, as the kernel returned it, satisfies constraints, and what can be told of one.
#include "lib/model/layout.hpp"

#include "lib/base/checked.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/plane_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace simplealloc::solver {
namespace {

using Verdict = std::optional<Error>;

Error violation(ConstraintKind kind, std::string detail) {
    Error error;
    error.cause = Cause::mismatch;
    error.stage = Stage::layout;
    error.object = to_string(kind);
    error.constraint = kind;
    error.detail = std::move(detail);
    return error;
}

/// Nothing but 0 is a multiple of what doesn't fit into 64 bits.
bool divides(Checked divisor, std::uint64_t number) {
    if (!divisor.ok)
        return number == 0;
    return divisor.value <= 1 || number % divisor.value == 0;
}

Placements placements_of(const Layout& layout) {
    return layout.planes.size() == 1 ? Placements::all() : Placements::of(layout.placement);
}

/// A modifier may add planes of its own (compression data) to those of the format.
Verdict check_plane_count(const Layout& layout, const FormatInfo& format) {
    const bool fits = has_lines(layout) || layout.fourcc == fourcc::bytes
                          ? layout.planes.size() == format.planes.size()
                          : !layout.planes.empty();
    if (!fits)
        return violation(ConstraintKind::format,
                         fmt::format("{} has {} planes, the layout {}", to_string(layout.fourcc),
                                     format.planes.size(), layout.planes.size()));
    return std::nullopt;
}

/// Of every plane, also of those that a modifier adds.
Verdict check_max_offset(const Layout& layout, const Constraints& c) {
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        if (layout.planes[i].offset > c.max_offset)
            return violation(ConstraintKind::max_offset,
                             fmt::format("plane {} is at offset {}, at most {} is allowed", i,
                                         layout.planes[i].offset, c.max_offset));
    return std::nullopt;
}

/// Planes and dma-bufs belong together, and each plane lies inside its dma-buf.
Verdict check_bounds(const Layout& layout, const Constraints& c) {
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const Plane& plane = layout.planes[i];
        if (plane.dmabuf >= layout.dmabuf_sizes.size())
            return violation(ConstraintKind::placement,
                             fmt::format("plane {} is in dma-buf {}, of {}", i, plane.dmabuf,
                                         layout.dmabuf_sizes.size()));
        const std::uint64_t room = layout.dmabuf_sizes[plane.dmabuf];
        const Checked end = Checked{plane.offset} + plane.size;
        const Checked padded = end + c.tail_padding;
        if (!end.ok || end.value > room)
            return violation(ConstraintKind::min_size,
                             fmt::format("plane {} has {} bytes from offset {}, its dma-buf {}", i,
                                         plane.size, plane.offset, room));
        if (!padded.ok || padded.value > room)
            return violation(ConstraintKind::tail_padding,
                             fmt::format("{} bytes are left behind plane {}, {} are needed",
                                         room - end.value, i, c.tail_padding));
    }
    return std::nullopt;
}

/// Of a dma-buf, and of the planes that it holds.
std::uint64_t least_size(const Layout& layout, std::size_t dmabuf, const Constraints& c) {
    std::uint64_t least = dmabuf == 0 ? c.min_size : 0;
    const std::size_t known = std::min(layout.planes.size(), max_planes);
    for (std::size_t i = 0; i < known; ++i)
        if (layout.planes[i].dmabuf == dmabuf)
            least = std::max(least, c.planes[i].min_size);
    return least;
}

Verdict check_sizes(const Layout& layout, const Constraints& c) {
    for (std::size_t i = 0; i < layout.dmabuf_sizes.size(); ++i) {
        const std::uint64_t size = layout.dmabuf_sizes[i];
        if (const std::uint64_t least = least_size(layout, i, c); size < least)
            return violation(
                ConstraintKind::min_size,
                fmt::format("the dma-buf has {} bytes, at least {} are needed", size, least));
        if (size > c.max_size)
            return violation(
                ConstraintKind::max_size,
                fmt::format("the dma-buf has {} bytes, at most {} are allowed", size, c.max_size));
        if (!divides(c.size_align, size))
            return violation(
                ConstraintKind::size_align,
                fmt::format("the dma-buf has {} bytes, no multiple of {}", size, c.size_align));
    }
    return std::nullopt;
}

Verdict check_extent(const Layout& layout, const Constraints& c) {
    if (layout.width > c.max_width)
        return violation(ConstraintKind::max_width,
                         fmt::format("the image is {} pixels wide, at most {} are allowed",
                                     layout.width, c.max_width));
    if (layout.height > c.max_height)
        return violation(ConstraintKind::max_height,
                         fmt::format("the image has {} lines, at most {} are allowed",
                                     layout.height, c.max_height));
    if (layout.width < c.min_width)
        return violation(ConstraintKind::min_width,
                         fmt::format("the image is {} pixels wide, at least {} are needed",
                                     layout.width, c.min_width));
    if (layout.height < c.min_height)
        return violation(ConstraintKind::min_height,
                         fmt::format("the image has {} lines, at least {} are needed",
                                     layout.height, c.min_height));
    return std::nullopt;
}

Verdict wrong_stride(const Layout& layout, std::size_t index, ConstraintKind kind, const char* what,
                     std::uint64_t limit) {
    return violation(kind, fmt::format("the stride of plane {} is {} bytes, {} {}", index,
                                       layout.planes[index].stride, what, limit));
}

Verdict check_stride_bounds(const Layout& layout, std::size_t index, const Constraints& c) {
    const std::uint64_t stride = layout.planes[index].stride;
    if (stride < min_stride(c, index))
        return wrong_stride(layout, index, ConstraintKind::min_stride, "needed are at least",
                            min_stride(c, index));
    if (stride > max_stride(c, index))
        return wrong_stride(layout, index, ConstraintKind::max_stride, "allowed are at most",
                            max_stride(c, index));
    return std::nullopt;
}

Verdict check_stride(const Layout& layout, const PlaneGeometry& geometry, std::size_t index,
                     const Constraints& c) {
    const std::uint64_t stride = layout.planes[index].stride;
    if (Verdict wrong = check_stride_bounds(layout, index, c))
        return wrong;
    if (!divides(stride_align(c, index), stride))
        return wrong_stride(layout, index, ConstraintKind::stride_align, "no multiple of",
                            stride_align(c, index).value);
    if (!divides(stride_align_pixels(c, geometry), stride))
        return wrong_stride(layout, index, ConstraintKind::stride_align_pixels, "no multiple of",
                            stride_align_pixels(c, geometry).value);
    return std::nullopt;
}

Verdict check_offset(const Layout& layout, std::size_t index, const Constraints& c) {
    const std::uint64_t offset = layout.planes[index].offset;
    if (!divides(offset_align(c, index), offset))
        return violation(ConstraintKind::offset_align,
                         fmt::format("plane {} is at offset {}, no multiple of {}", index, offset,
                                     offset_align(c, index).value));
    return std::nullopt;
}

Verdict check_plane(const Layout& layout, const FormatInfo& format, std::size_t index,
                    const Constraints& c) {
    const Plane& plane = layout.planes[index];
    const PlaneGeometry& geometry = format.planes[index];
    if (Verdict wrong = check_stride(layout, geometry, index, c))
        return wrong;
    if (Verdict wrong = check_offset(layout, index, c))
        return wrong;
    const std::uint64_t line = line_bytes(geometry, layout.width).value;
    if (plane.stride == 0 || plane.stride < line)
        return violation(ConstraintKind::min_stride,
                         fmt::format("the stride of plane {} is {} bytes, a line has {}", index,
                                     plane.stride, line));
    const Checked width = round_up(layout.width, c.width_align);
    const Checked padded = line_bytes(geometry, width);
    if (!padded.ok || plane.stride < padded.value)
        return violation(
            ConstraintKind::width_align,
            fmt::format("the stride of plane {} is {} bytes, too few for a width padded to {}",
                        index, plane.stride, c.width_align));
    const Checked lines = round_up(layout.height, c.height_align);
    const Checked needed = line_count(geometry, lines);
    const Checked bytes = plane_bytes(layout, index, needed);
    if (!bytes.ok || plane.size < bytes.value)
        return violation(ConstraintKind::height_align,
                         fmt::format("plane {} has {} lines, {} are needed", index,
                                     plane.size / plane.stride, needed.value));
    return std::nullopt;
}

/// Chroma strides and offsets follow from stride 0, as a device with one stride computes them.
Verdict check_packed(const Layout& layout, const FormatInfo& format, const Constraints& c) {
    const Plane& first = layout.planes[0];
    const std::uint64_t lines = first.size / first.stride;
    if (!divides(c.height_align, lines))
        return violation(
            ConstraintKind::height_align,
            fmt::format("plane 0 has {} lines, no multiple of {}", lines, c.height_align));
    // A device that takes no offsets counts the lines before a plane itself.
    const Checked counted = round_up(layout.height, c.height_align);
    if (!c.placements.has(Placement::single) && lines != counted.value)
        return violation(
            ConstraintKind::height_align,
            fmt::format("plane 0 has {} lines, packed planes lie behind {}", lines, counted.value));
    Checked end = 0;
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const PlaneGeometry& own = format.planes[i];
        const PlaneGeometry& base = format.planes[0];
        const Checked scaled = Checked{first.stride} * own.bytes * base.horizontal * base.rows;
        const std::uint64_t divisor = std::uint64_t{own.horizontal} * base.bytes * own.rows;
        const Plane& plane = layout.planes[i];
        if (!scaled.ok || scaled.value % divisor != 0 || plane.stride != scaled.value / divisor)
            return violation(ConstraintKind::placement,
                             fmt::format("plane {} has a stride of {} bytes, which does not "
                                         "follow from stride {} of plane 0",
                                         i, plane.stride, first.stride));
        if (!end.ok || plane.offset != end.value)
            return violation(ConstraintKind::placement,
                             fmt::format("plane {} is at offset {}, packed planes have it at {}", i,
                                         plane.offset, end.value));
        end = end + Checked{plane.stride} * line_count(own, lines);
    }
    return std::nullopt;
}

Verdict check_placement(const Layout& layout, const Constraints& c) {
    if ((placements_of(layout) & c.placements).bits == 0)
        return violation(ConstraintKind::placement,
                         "the planes are spread over dma-bufs in a way that is not accepted");
    // The first plane of a dma-buf starts its payload.
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const Plane& plane = layout.planes[i];
        const bool starts = i == 0 || plane.dmabuf != layout.planes[i - 1].dmabuf;
        if (c.starts_at_zero && starts && plane.offset != 0)
            return violation(
                ConstraintKind::starts_at_zero,
                fmt::format("the payload starts at byte {} of its dma-buf", plane.offset));
    }
    return std::nullopt;
}

} // namespace

bool has_lines(const Layout& layout) {
    return layout.modifier.is_linear() && layout.fourcc != fourcc::bytes &&
           !is_opaque(layout.fourcc);
}

bool share_lines(const Layout& layout, std::size_t one, std::size_t other) {
    const auto format = format_info(layout.fourcc);
    if (!format || !has_lines(layout) || one == other)
        return false;
    if (layout.planes[one].offset > layout.planes[other].offset)
        std::swap(one, other);
    const Plane& left = layout.planes[one];
    const Plane& right = layout.planes[other];
    if (left.dmabuf != right.dmabuf || left.stride != right.stride || left.stride == 0)
        return false;
    const std::uint64_t column = (right.offset - left.offset) % left.stride;
    const Checked end = Checked{column} + line_bytes(format->planes[other], layout.width);
    return column >= line_bytes(format->planes[one], layout.width).value && end.ok &&
           end.value <= left.stride;
}

Checked plane_bytes(const Layout& layout, std::size_t plane, Checked lines) {
    const Checked stride = layout.planes[plane].stride;
    bool shares = false;
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        shares = shares || share_lines(layout, plane, i);
    if (!shares || !lines.ok || lines.value == 0)
        return stride * lines;
    return stride * (lines.value - 1) +
           line_bytes(format_info(layout.fourcc)->planes[plane], layout.width);
}

Result<void> check_layout(const Layout& layout, const Constraints& constraints) {
    const Constraints c = normal(constraints);
    const auto format = format_info(layout.fourcc);
    if (!format)
        return violation(
            ConstraintKind::format,
            fmt::format("{} is not a format that can be laid out", to_string(layout.fourcc)));
    if (Verdict wrong = check_plane_count(layout, *format))
        return *wrong;
    if (Verdict wrong = check_bounds(layout, c))
        return *wrong;
    if (Verdict wrong = check_sizes(layout, c))
        return *wrong;
    if (layout.fourcc == fourcc::bytes)
        return {};
    if (Verdict wrong = check_extent(layout, c))
        return *wrong;
    if (Verdict wrong = check_max_offset(layout, c))
        return *wrong;
    if (format->opaque)
        for (std::size_t i = 0; i < std::min(layout.planes.size(), max_planes); ++i)
            if (Verdict wrong = check_stride_bounds(layout, i, c))
                return *wrong;
    // Strides and lines mean nothing that others could check where pixels are not in lines.
    if (!has_lines(layout)) {
        if (Verdict wrong = check_placement(layout, c))
            return *wrong;
        return {};
    }
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        if (Verdict wrong = check_plane(layout, *format, i, c))
            return *wrong;
    if (Verdict wrong = check_placement(layout, c))
        return *wrong;
    if (layout.planes.size() > 1 && layout.placement == Placement::packed)
        if (Verdict wrong = check_packed(layout, *format, c))
            return *wrong;
    return {};
}

std::uint64_t total_size(const Layout& layout) noexcept {
    std::uint64_t total = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes)
        total += size;
    return total;
}

std::string layout_class(const Layout& layout) {
    std::uint64_t largest = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes)
        largest = std::max(largest, size);
    return fmt::format("{:x}/{:x}/{} dma-bufs/2^{}", layout.fourcc.value, layout.modifier.value,
                       layout.dmabuf_sizes.size(), std::bit_width(largest));
}

} // namespace simplealloc::solver
