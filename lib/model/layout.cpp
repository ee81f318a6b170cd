// SPDX-License-Identifier: MIT
// The smallest layout that satisfies constraints, and what follows from another stride 0.
//
// All numbers of a packed layout follow from stride 0 (V4L2's single-planar API has one
// bytesperline and no offsets): a chroma stride is stride 0 times a ratio of the format, an offset
// is stride 0 times a sum of such ratios and line counts. So every alignment of a later plane turns
// into a multiple that stride 0 has to be of. In the other placements planes are independent.
#include "lib/model/layout.hpp"

#include "lib/base/checked.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/plane_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace simplealloc::solver {
namespace {

Error failure(Cause cause, std::string object, std::string detail) {
    Error error;
    error.cause = cause;
    error.stage = Stage::layout;
    error.object = std::move(object);
    error.detail = std::move(detail);
    return error;
}

Error violation(Cause cause, ConstraintKind kind, std::string detail) {
    Error error = failure(cause, std::string(to_string(kind)), std::move(detail));
    error.constraint = kind;
    return error;
}

Error over_limit(ConstraintKind kind, std::string detail) {
    return violation(Cause::limit, kind, std::move(detail));
}

/// Raises a number step by step under an upper limit, so that the constraint that carries it over
/// is the one that is named.
class Raise {
public:
    Raise(const char* what, std::uint64_t most) : what_(what), most_(most) {}

    Raise& at_least(ConstraintKind kind, Checked least) {
        return step(kind, value_.value > least.value && least.ok ? value_ : least);
    }
    Raise& multiple_of(ConstraintKind kind, Checked multiple) {
        multiple_ = common_multiple(multiple_, multiple);
        return step(kind, round_up(value_, multiple_));
    }
    [[nodiscard]] Result<std::uint64_t> result() const {
        if (failed_)
            return *failed_;
        return value_.value;
    }

private:
    Raise& step(ConstraintKind kind, Checked next) {
        if (failed_)
            return *this;
        if (!next.ok)
            failed_ = over_limit(kind, fmt::format("{} does not fit into 64 bits", what_));
        else if (next.value > most_)
            failed_ = over_limit(kind, fmt::format("{} would be {} bytes, at most {} are allowed",
                                                   what_, next.value, most_));
        value_ = next;
        return *this;
    }

    const char* what_;
    std::uint64_t most_;
    Checked value_;
    Checked multiple_ = 1;
    std::optional<Error> failed_;
};

/// A fraction of stride 0, reduced.
struct Ratio {
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
};

Ratio reduced(std::uint64_t numerator, std::uint64_t denominator) {
    const std::uint64_t common = std::gcd(numerator, denominator);
    return {numerator / common, denominator / common};
}

/// The stride of `plane` as a fraction of that of `base`, where they hang together.
Ratio stride_ratio(const FormatInfo& format, std::size_t plane, std::size_t base = 0) {
    const PlaneGeometry& first = format.planes[base];
    const PlaneGeometry& other = format.planes[plane];
    return reduced(std::uint64_t{other.bytes} * first.horizontal * first.rows,
                   std::uint64_t{other.horizontal} * first.bytes * other.rows);
}

/// The number that a stride has to be a multiple of so that `ratio` of it is a multiple of `align`.
Checked stride_multiple(Ratio ratio, Checked align) {
    Checked multiple =
        Checked{ratio.denominator} * (align.value / std::gcd(ratio.numerator, align.value));
    multiple.ok = multiple.ok && align.ok;
    return multiple;
}

/// Line width and line count of plane 0 with their padding.
struct Grid {
    std::uint32_t width;
    Checked padded_width;
    Checked lines;
};

/// The planes from `first` up to `end` whose strides hang together: that of the first decides.
struct Group {
    const FormatInfo& format;
    std::size_t first;
    std::size_t end;

    [[nodiscard]] Ratio ratio(std::size_t plane) const {
        return stride_ratio(format, plane, first);
    }
    /// The first stride whose `ratio` is at least `bytes` for the plane.
    [[nodiscard]] Checked at_least(std::size_t plane, Checked bytes) const {
        return divide_up(bytes * ratio(plane).denominator, ratio(plane).numerator);
    }
    /// The greatest first stride under everybody's upper limit.
    [[nodiscard]] std::uint64_t at_most(const Constraints& c) const {
        std::uint64_t most = no_limit;
        for (std::size_t i = first; i < end; ++i) {
            const Checked scaled = Checked{max_stride(c, i)} * ratio(i).denominator;
            if (scaled.ok)
                most = std::min(most, scaled.value / ratio(i).numerator);
        }
        return most;
    }
};

/// Offsets of packed planes: the lines before a plane, each as a fraction of the first stride.
/// Lines that do not fit into 64 bits are left to place_planes().
void align_offsets(Raise& stride, const Group& group, Checked lines, const Constraints& c) {
    std::uint64_t denominator = 1;
    for (std::size_t i = group.first; i < group.end; ++i)
        denominator = std::lcm(denominator, group.ratio(i).denominator);
    Checked before = 0;
    for (std::size_t i = group.first; i + 1 < group.end; ++i) {
        const Ratio ratio = group.ratio(i);
        before = before + line_count(group.format.planes[i], lines) *
                              (ratio.numerator * (denominator / ratio.denominator));
        if (!before.ok)
            return;
        stride.multiple_of(
            ConstraintKind::offset_align,
            stride_multiple(reduced(before.value, denominator), offset_align(c, i + 1)));
    }
}

Result<std::uint64_t> first_stride(const Group& group, const Grid& grid, const Constraints& c) {
    Raise stride("the stride", group.at_most(c));
    const auto each = [&](auto step) {
        for (std::size_t i = group.first; i < group.end; ++i)
            step(i, group.format.planes[i]);
    };
    each([&](std::size_t i, const PlaneGeometry& plane) {
        stride.at_least(ConstraintKind::max_stride,
                        group.at_least(i, line_bytes(plane, grid.width)));
    });
    each([&](std::size_t i, const PlaneGeometry& plane) {
        stride.at_least(ConstraintKind::width_align,
                        group.at_least(i, line_bytes(plane, grid.padded_width)));
    });
    each([&](std::size_t i, const PlaneGeometry&) {
        stride.at_least(ConstraintKind::min_stride, group.at_least(i, min_stride(c, i)));
    });
    each([&](std::size_t i, const PlaneGeometry&) {
        stride.multiple_of(ConstraintKind::stride_align,
                           stride_multiple(group.ratio(i), stride_align(c, i)));
    });
    each([&](std::size_t i, const PlaneGeometry& plane) {
        stride.multiple_of(ConstraintKind::stride_align_pixels,
                           stride_multiple(group.ratio(i), stride_align_pixels(c, plane)));
    });
    align_offsets(stride, group, grid.lines, c);
    return stride.result();
}

/// Sets sizes and offsets of planes whose strides are known.
Result<void> place_planes(Layout& layout, const FormatInfo& format, Checked lines,
                          const Constraints& c) {
    Checked end = 0;
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        Plane& plane = layout.planes[i];
        const Checked size = Checked{plane.stride} * line_count(format.planes[i], lines);
        Checked offset = 0;
        if (layout.placement == Placement::packed)
            offset = end;
        else if (layout.placement == Placement::single)
            offset = round_up(end, offset_align(c, i));
        end = offset + size;
        if (!end.ok)
            return over_limit(ConstraintKind::request_size, "the image does not fit into 64 bits");
        if (offset.value > c.max_offset)
            return over_limit(ConstraintKind::max_offset,
                              fmt::format("plane {} would be at offset {}, at most {} is allowed",
                                          i, offset.value, c.max_offset));
        plane.offset = offset.value;
        plane.size = size.value;
        plane.dmabuf = layout.placement == Placement::per_plane ? static_cast<std::uint32_t>(i) : 0;
    }
    return {};
}

Result<void> set_strides(Layout& layout, const FormatInfo& format, const Grid& grid,
                         const Constraints& c) {
    const std::size_t count = format.planes.size();
    const std::size_t group_size = layout.placement == Placement::packed ? count : 1;
    for (std::size_t first = 0; first < count; first += group_size) {
        const Group group{format, first, first + group_size};
        auto stride = first_stride(group, grid, c);
        if (!stride)
            return std::move(stride).error();
        for (std::size_t i = first; i < group.end; ++i) {
            const Checked own =
                Checked{*stride / group.ratio(i).denominator} * group.ratio(i).numerator;
            if (!own.ok)
                return over_limit(ConstraintKind::request_size,
                                  "a stride does not fit into 64 bits");
            layout.planes.push_back({0, 0, own.value, 0});
        }
    }
    return {};
}

/// The image as it was asked for, against the extents that are allowed.
Result<void> check_extent(const Layout& layout, const Constraints& c) {
    const auto outside = [](ConstraintKind kind, const char* what, std::uint64_t is,
                            const char* bound, std::uint64_t limit) {
        return over_limit(
            kind, fmt::format("the image has {} {}, at {} {} are allowed", is, what, bound, limit));
    };
    if (layout.width > c.max_width)
        return outside(ConstraintKind::max_width, "pixels a line", layout.width, "most",
                       c.max_width);
    if (layout.width < c.min_width)
        return outside(ConstraintKind::min_width, "pixels a line", layout.width, "least",
                       c.min_width);
    if (layout.height > c.max_height)
        return outside(ConstraintKind::max_height, "lines", layout.height, "most", c.max_height);
    if (layout.height < c.min_height)
        return outside(ConstraintKind::min_height, "lines", layout.height, "least", c.min_height);
    return {};
}

Result<void> size_dmabufs(Layout& layout, const Constraints& c, std::uint64_t granularity) {
    layout.dmabuf_sizes.clear();
    for (const Plane& plane : layout.planes)
        layout.dmabuf_sizes.resize(
            std::max<std::size_t>(layout.dmabuf_sizes.size(), plane.dmabuf + 1U));
    for (std::size_t i = 0; i < layout.dmabuf_sizes.size(); ++i) {
        Checked content = 0;
        std::uint64_t least = i == 0 ? c.min_size : 0;
        for (std::size_t p = 0; p < layout.planes.size(); ++p)
            if (const Plane& plane = layout.planes[p]; plane.dmabuf == i) {
                content = std::max(content.value, (Checked{plane.offset} + plane.size).value);
                least = std::max(least, c.planes[p].min_size);
            }
        auto size = Raise("the dma-buf", c.max_size)
                        .at_least(ConstraintKind::max_size, content)
                        .at_least(ConstraintKind::tail_padding, content + c.tail_padding)
                        .at_least(ConstraintKind::min_size, least)
                        .multiple_of(ConstraintKind::size_align, c.size_align)
                        .multiple_of(ConstraintKind::size_align, granularity)
                        .result();
        if (!size)
            return std::move(size).error();
        layout.dmabuf_sizes[i] = *size;
    }
    return {};
}

Result<Layout> bytes_layout(std::uint64_t size, Layout layout, const Constraints& c,
                            std::uint64_t granularity) {
    if (size == 0)
        return failure(Cause::invalid, "size", "0 bytes are nothing to allocate");
    layout.width = 0;
    layout.height = 0;
    layout.planes = {Plane{0, 0, 0, size}};
    if (auto sized = size_dmabufs(layout, c, granularity); !sized)
        return std::move(sized).error();
    return layout;
}

/// A plane for each size that a driver wants, in a dma-buf of its own, and the stride that it
/// wants.
Result<Layout> opaque_layout(Layout layout, const Constraints& c, std::uint64_t granularity) {
    for (std::size_t i = 0; i < max_planes; ++i) {
        const std::uint64_t size = std::max(i == 0 ? c.min_size : 0, c.planes[i].min_size);
        // Somebody has told a size before anything is planned, or lacks the format.
        if (size == 0 && i > 0)
            break;
        if (min_stride(c, i) > max_stride(c, i))
            return over_limit(ConstraintKind::max_stride,
                              fmt::format("the stride of plane {} would be {} bytes, at most {} "
                                          "are allowed",
                                          i, min_stride(c, i), max_stride(c, i)));
        layout.planes.push_back(
            {static_cast<std::uint32_t>(i), 0, min_stride(c, i), std::max<std::uint64_t>(size, 1)});
    }
    if (layout.planes.size() > 1 && layout.placement != Placement::per_plane)
        return over_limit(ConstraintKind::placement,
                          fmt::format("{} memory planes are a dma-buf each", layout.planes.size()));
    if (auto sized = size_dmabufs(layout, c, granularity); !sized)
        return std::move(sized).error();
    return layout;
}

} // namespace

Result<Layout> make_layout(Fourcc fourcc, Modifier modifier, std::uint32_t width,
                           std::uint32_t height, std::uint64_t size, Placement placement,
                           const Constraints& constraints, std::uint64_t granularity) {
    Layout layout;
    layout.width = width;
    layout.height = height;
    layout.fourcc = fourcc;
    layout.modifier = modifier;
    layout.placement = placement;
    const Constraints c = normal(constraints);

    const auto format = format_info(fourcc);
    if (!format)
        return failure(
            Cause::invalid, "format",
            never_linear(fourcc)
                ? fmt::format("{} has no linear layout, tiled ones only", to_string(fourcc))
                : fmt::format("{} is not a format that can be laid out", to_string(fourcc)));
    if (fourcc == fourcc::bytes)
        return bytes_layout(size, std::move(layout), c, granularity);
    if (width == 0 || height == 0)
        return failure(Cause::invalid, width == 0 ? "width" : "height",
                       fmt::format("an image of {}x{} pixels has no size", width, height));
    if (auto extent = check_extent(layout, c); !extent)
        return std::move(extent).error();

    if (format->opaque)
        return opaque_layout(std::move(layout), c, granularity);

    // Numbers of 32 bits can't overflow: they become one multiple, or less than twice as much.
    const Grid grid{width, round_up(width, c.width_align), round_up(height, c.height_align)};
    if (auto known = set_strides(layout, *format, grid, c); !known)
        return std::move(known).error();
    if (auto placed = place_planes(layout, *format, grid.lines, c); !placed)
        return std::move(placed).error();
    if (auto sized = size_dmabufs(layout, c, granularity); !sized)
        return std::move(sized).error();
    return layout;
}

Result<Layout> relayout(const Layout& layout, std::uint64_t stride, std::uint64_t lines,
                        std::uint64_t dmabuf_size) {
    const auto format = format_info(layout.fourcc);
    const bool whole = format && (format->opaque || layout.planes.size() == format->planes.size());
    if (!whole || layout.dmabuf_sizes.empty())
        return failure(Cause::our_bug, "layout", "it is not a layout of its format");
    Layout result = layout;
    result.dmabuf_sizes[0] = dmabuf_size;
    if (layout.fourcc == fourcc::bytes || format->opaque)
        return result;
    if (lines < layout.height)
        return violation(
            Cause::mismatch, ConstraintKind::height_align,
            fmt::format("{} lines were given, the image has {}", lines, layout.height));
    const Plane& first = layout.planes[0];
    const Checked planned = Checked{stride} * line_count(format->planes[0], lines);
    if (stride == first.stride && planned.ok && planned.value == first.size)
        return result;

    // One stride for the whole buffer is the packed rule; it is a valid choice for single as well.
    for (std::size_t i = 0; i < result.planes.size(); ++i) {
        const Ratio ratio = stride_ratio(*format, i);
        if (stride % ratio.denominator != 0)
            return violation(
                Cause::mismatch, ConstraintKind::stride_align,
                fmt::format("a stride of {} bytes leaves no whole stride for plane {}", stride, i));
        const Checked own = Checked{stride / ratio.denominator} * ratio.numerator;
        if (!own.ok)
            return over_limit(ConstraintKind::request_size, "a stride does not fit into 64 bits");
        result.planes[i].stride = own.value;
    }
    if (auto placed = place_planes(result, *format, lines, {}); !placed)
        return std::move(placed).error();
    return result;
}

} // namespace simplealloc::solver
