// SPDX-License-Identifier: MIT
// The smallest layout that satisfies constraints, and what follows from another stride 0.
//
// All numbers of a packed layout follow from stride 0 (V4L2's single-planar API has one
// bytesperline and no offsets): a chroma stride is stride 0 times a ratio of the format, an offset
// is stride 0 times a sum of such ratios and line counts. So every alignment of a later plane turns
// into a multiple that stride 0 has to be of. In the other placements planes are independent.
#include "lib/solver/layout.hpp"

#include "lib/solver/checked.hpp"

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

Error over_limit(ConstraintKind kind, std::string detail) {
    return failure(Cause::limit, std::string(to_string(kind)), std::move(detail));
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

Ratio stride_ratio(const FormatInfo& format, std::size_t plane) {
    const PlaneGeometry& first = format.planes[0];
    const PlaneGeometry& other = format.planes[plane];
    return reduced(std::uint64_t{other.bytes} * first.horizontal,
                   std::uint64_t{other.horizontal} * first.bytes);
}

/// The number that stride 0 has to be a multiple of so that `ratio` of it is a multiple of `align`.
Checked stride_multiple(Ratio ratio, std::uint64_t align) {
    return Checked{ratio.denominator} * (align / std::gcd(ratio.numerator, align));
}

Checked lines_of(const PlaneGeometry& plane, Checked lines) {
    return divide_up(lines, plane.vertical);
}

Checked line_bytes(const PlaneGeometry& plane, Checked width) {
    return divide_up(width, plane.horizontal) * plane.bytes;
}

/// Line width and line count of plane 0 with their padding.
struct Grid {
    std::uint32_t width;
    Checked padded_width;
    Checked lines;
};

/// The stride 0 whose `ratio` holds a line of the plane.
Checked first_stride_for(const FormatInfo& format, std::size_t plane, Checked width) {
    const Ratio ratio = stride_ratio(format, plane);
    return divide_up(line_bytes(format.planes[plane], width) * ratio.denominator, ratio.numerator);
}

Result<std::uint64_t> first_stride(const FormatInfo& format, const Grid& grid, Placement placement,
                                   const Constraints& c) {
    const std::size_t bound = placement == Placement::packed ? format.planes.size() : 1;
    Raise stride("the stride", c.max_stride);
    for (std::size_t i = 0; i < bound; ++i)
        stride.at_least(ConstraintKind::max_stride, first_stride_for(format, i, grid.width));
    for (std::size_t i = 0; i < bound; ++i)
        stride.at_least(ConstraintKind::width_align,
                        first_stride_for(format, i, grid.padded_width));
    stride.at_least(ConstraintKind::min_stride, c.min_stride);
    for (std::size_t i = 0; i < bound; ++i)
        stride.multiple_of(ConstraintKind::stride_align,
                           stride_multiple(stride_ratio(format, i), c.stride_align));
    // Offsets of packed planes: the lines before a plane, each as a fraction of stride 0.
    Checked before = 0;
    std::uint64_t denominator = 1;
    for (std::size_t i = 0; i < bound; ++i)
        denominator = std::lcm(denominator, stride_ratio(format, i).denominator);
    for (std::size_t i = 0; i + 1 < bound; ++i) {
        const Ratio ratio = stride_ratio(format, i);
        before = before + lines_of(format.planes[i], grid.lines) *
                              (ratio.numerator * (denominator / ratio.denominator));
        if (!before.ok)
            return over_limit(ConstraintKind::offset_align, "an offset does not fit into 64 bits");
        stride.multiple_of(ConstraintKind::offset_align,
                           stride_multiple(reduced(before.value, denominator), c.offset_align));
    }
    return stride.result();
}

/// Sets sizes and offsets of planes whose strides are known.
Result<void> place_planes(Layout& layout, const FormatInfo& format, Checked lines,
                          std::uint64_t offset_align) {
    Checked end = 0;
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        Plane& plane = layout.planes[i];
        const Checked size = Checked{plane.stride} * lines_of(format.planes[i], lines);
        Checked offset = 0;
        if (layout.placement == Placement::packed)
            offset = end;
        else if (layout.placement == Placement::single)
            offset = round_up(end, offset_align);
        end = offset + size;
        if (!end.ok)
            return over_limit(ConstraintKind::request_size, "the image does not fit into 64 bits");
        plane.offset = offset.value;
        plane.size = size.value;
        plane.dmabuf = layout.placement == Placement::per_plane ? static_cast<std::uint32_t>(i) : 0;
    }
    return {};
}

Result<void> size_dmabufs(Layout& layout, const Constraints& c, std::uint64_t granularity) {
    layout.dmabuf_sizes.clear();
    for (const Plane& plane : layout.planes)
        layout.dmabuf_sizes.resize(
            std::max<std::size_t>(layout.dmabuf_sizes.size(), plane.dmabuf + 1U));
    for (std::size_t i = 0; i < layout.dmabuf_sizes.size(); ++i) {
        Checked content = 0;
        for (const Plane& plane : layout.planes)
            if (plane.dmabuf == i)
                content = std::max(content.value, (Checked{plane.offset} + plane.size).value);
        auto size = Raise("the dma-buf", c.max_size)
                        .at_least(ConstraintKind::max_size, content)
                        .at_least(ConstraintKind::tail_padding, content + c.tail_padding)
                        .at_least(ConstraintKind::min_size, i == 0 ? c.min_size : 0)
                        .multiple_of(ConstraintKind::size_align, c.size_align)
                        .multiple_of(ConstraintKind::size_align, granularity)
                        .result();
        if (!size)
            return size.error();
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
        return sized.error();
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
    Constraints c = constraints;
    c.stride_align = std::max<std::uint64_t>(c.stride_align, 1);
    c.offset_align = std::max<std::uint64_t>(c.offset_align, 1);

    const FormatInfo* format = format_info(fourcc);
    if (!format)
        return failure(Cause::invalid, "format",
                       fmt::format("{} is not a format that can be laid out", to_string(fourcc)));
    if (fourcc == fourcc::bytes)
        return bytes_layout(size, std::move(layout), c, granularity);
    if (width == 0 || height == 0)
        return failure(Cause::invalid, width == 0 ? "width" : "height",
                       fmt::format("an image of {}x{} pixels has no size", width, height));
    if (width > c.max_width)
        return over_limit(
            ConstraintKind::max_width,
            fmt::format("the image is {} pixels wide, at most {} are allowed", width, c.max_width));
    if (height > c.max_height)
        return over_limit(
            ConstraintKind::max_height,
            fmt::format("the image has {} lines, at most {} are allowed", height, c.max_height));

    const Grid grid{width, round_up(width, c.width_align), round_up(height, c.height_align)};
    if (!grid.padded_width.ok || !grid.lines.ok)
        return over_limit(grid.lines.ok ? ConstraintKind::width_align
                                        : ConstraintKind::height_align,
                          "the padded image does not fit into 64 bits");
    const auto stride = first_stride(*format, grid, placement, c);
    if (!stride)
        return stride.error();
    for (std::size_t i = 0; i < format->planes.size(); ++i) {
        const Ratio ratio = stride_ratio(*format, i);
        Checked own = *stride;
        if (placement == Placement::packed)
            own = *stride / ratio.denominator * ratio.numerator;
        else if (i > 0)
            own = round_up(line_bytes(format->planes[i], grid.padded_width), c.stride_align);
        if (!own.ok)
            return over_limit(ConstraintKind::stride_align, "a stride does not fit into 64 bits");
        layout.planes.push_back({0, 0, own.value, 0});
    }
    if (auto placed = place_planes(layout, *format, grid.lines, c.offset_align); !placed)
        return placed.error();
    if (auto sized = size_dmabufs(layout, c, granularity); !sized)
        return sized.error();
    return layout;
}

Result<Layout> relayout(const Layout& layout, std::uint64_t stride, std::uint64_t lines,
                        std::uint64_t dmabuf_size) {
    const FormatInfo* format = format_info(layout.fourcc);
    if (!format || layout.planes.size() != format->planes.size() || layout.dmabuf_sizes.empty())
        return failure(Cause::our_bug, "layout", "it is not a layout of its format");
    Layout result = layout;
    result.dmabuf_sizes[0] = dmabuf_size;
    if (layout.fourcc == fourcc::bytes)
        return result;
    if (lines < layout.height)
        return failure(Cause::mismatch, std::string(to_string(ConstraintKind::height_align)),
                       fmt::format("{} lines were given, the image has {}", lines, layout.height));
    const Plane& first = layout.planes[0];
    const Checked planned = Checked{stride} * lines_of(format->planes[0], lines);
    if (stride == first.stride && planned.ok && planned.value == first.size)
        return result;

    // One stride for the whole buffer is the packed rule; it is a valid choice for single as well.
    for (std::size_t i = 0; i < result.planes.size(); ++i) {
        const Ratio ratio = stride_ratio(*format, i);
        if (stride % ratio.denominator != 0)
            return failure(
                Cause::mismatch, std::string(to_string(ConstraintKind::stride_align)),
                fmt::format("a stride of {} bytes leaves no whole stride for plane {}", stride, i));
        const Checked own = Checked{stride / ratio.denominator} * ratio.numerator;
        if (!own.ok)
            return over_limit(ConstraintKind::request_size, "a stride does not fit into 64 bits");
        result.planes[i].stride = own.value;
    }
    if (auto placed = place_planes(result, *format, lines, 1); !placed)
        return placed.error();
    return result;
}

} // namespace simplealloc::solver
