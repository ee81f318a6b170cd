// SPDX-License-Identifier: MIT
// What has to hold of any layout, whoever describes it.
#include "lib/model/foreign_layout.hpp"

#include "lib/model/layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace simplealloc::solver {
namespace {

/// Of a framebuffer (drm_mode_fb_cmd2), and of every format and modifier there is.
constexpr std::size_t most_planes = 4;

Error invalid(std::string detail) {
    Error error;
    error.cause = Cause::invalid;
    error.stage = Stage::layout;
    error.object = "layout";
    error.detail = std::move(detail);
    return error;
}

/// As far as a caller says how plain bytes and codes of V4L2 lie, it says it by the code.
void complete_modifier(Layout& layout) {
    const bool has_none = layout.fourcc == fourcc::bytes || layout.fourcc.is_v4l2();
    if (has_none && layout.modifier == Modifier::implicit())
        layout.modifier = Modifier::linear();
}

Result<void> check_modifier(const Layout& layout) {
    const Modifier& modifier = layout.modifier;
    const bool says_invalid = modifier.value == Modifier::implicit().value;
    if (says_invalid != (modifier.state == Modifier::State::implicit))
        return invalid(fmt::format("the modifier {:#x} is {}", modifier.value,
                                   says_invalid ? "none: say that it is implicit"
                                                : "a number: it can't be implicit"));
    if (modifier.state == Modifier::State::linear_by_interface && modifier.value != 0)
        return invalid(fmt::format("the modifier {:#x} is not linear", modifier.value));
    if (layout.fourcc == fourcc::bytes && !modifier.is_linear())
        return invalid("plain bytes have no modifier");
    if (layout.fourcc.is_v4l2() && !modifier.is_linear())
        return invalid(fmt::format("{} has no modifier", to_string(layout.fourcc)));
    if (modifier.is_linear() && never_linear(layout.fourcc))
        return invalid(fmt::format("{} has no linear layout", to_string(layout.fourcc)));
    return {};
}

Result<void> check_extent(const Layout& layout) {
    const bool bytes = layout.fourcc == fourcc::bytes;
    if (bytes && (layout.width != 0 || layout.height != 0 || layout.planes[0].stride != 0))
        return invalid("plain bytes have neither width nor height nor stride");
    if (!bytes && (layout.width == 0 || layout.height == 0))
        return invalid(fmt::format("an image of {}x{} pixels", layout.width, layout.height));
    return {};
}

/// Every plane is in a dma-buf, every dma-buf has one, and they are spread in one of the ways of
/// Placement.
Result<void> check_dmabufs(const Layout& layout) {
    const std::size_t planes = layout.planes.size();
    const std::size_t dmabufs = layout.dmabuf_sizes.size();
    if (planes == 0 || planes > most_planes)
        return invalid(fmt::format("{} planes, it takes 1 to {}", planes, most_planes));
    if (dmabufs != 1 && dmabufs != planes)
        return invalid(fmt::format("{} planes in {} dma-bufs: they are all in one, or each in one "
                                   "of its own",
                                   planes, dmabufs));
    std::vector<bool> used(dmabufs);
    for (const Plane& plane : layout.planes) {
        if (plane.dmabuf >= dmabufs)
            return invalid(fmt::format("a plane in dma-buf {}, of {}", plane.dmabuf, dmabufs));
        if (used[plane.dmabuf] && dmabufs > 1)
            return invalid(fmt::format("two planes in dma-buf {}, none in another", plane.dmabuf));
        used[plane.dmabuf] = true;
    }
    return {};
}

/// Where the next plane of the same dma-buf begins, or the dma-buf ends.
std::uint64_t room_end(const Layout& layout, const Plane& plane) {
    std::uint64_t end = layout.dmabuf_sizes[plane.dmabuf];
    for (const Plane& other : layout.planes)
        if (other.dmabuf == plane.dmabuf && other.offset > plane.offset)
            end = std::min(end, other.offset);
    return end;
}

Result<void> complete_size(Layout& layout, std::size_t index) {
    Plane& plane = layout.planes[index];
    if (plane.size == 0 && has_lines(layout)) {
        // Linear layouts are known to have the planes of a format that is in the table.
        const PlaneGeometry geometry = format_info(layout.fourcc)->planes[index];
        const Checked size = plane_bytes(layout, index, line_count(geometry, layout.height));
        if (!size.ok)
            return invalid(fmt::format("plane {} has lines of {} bytes", index, plane.stride));
        plane.size = size.value;
    } else if (plane.size == 0) {
        const std::uint64_t end = room_end(layout, plane);
        plane.size = end > plane.offset ? end - plane.offset : 0;
    }
    if (plane.size == 0)
        return invalid(fmt::format("plane {} has no bytes at offset {}", index, plane.offset));
    return {};
}

/// The unit in which the CPU and every device read the plane: the power of two in a block of
/// pixels (4 bytes of XRGB8888, 1 of RGB888).
Result<void> check_alignment(const Layout& layout) {
    const auto format = format_info(layout.fourcc);
    if (!format || !has_lines(layout))
        return {};
    for (std::size_t i = 0; i < std::min(layout.planes.size(), format->planes.size()); ++i) {
        const std::uint64_t block = format->planes[i].bytes / format->planes[i].rows;
        const std::uint64_t unit = block & (~block + 1);
        const Plane& plane = layout.planes[i];
        if (plane.offset % unit != 0 || plane.stride % unit != 0)
            return invalid(fmt::format("plane {} has offset {} and stride {}, no multiples of {}",
                                       i, plane.offset, plane.stride, unit));
    }
    return {};
}

Result<void> check_overlap(const Layout& layout) {
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) {
            const Plane& a = layout.planes[k];
            const Plane& b = layout.planes[i];
            if (a.dmabuf != b.dmabuf)
                continue;
            // Both are known to end inside of the dma-buf.
            if (a.offset < b.offset + b.size && b.offset < a.offset + a.size &&
                !share_lines(layout, k, i))
                return invalid(fmt::format("planes {} and {} overlap", k, i));
        }
    return {};
}

/// Nothing else is known of the layout.
Result<void> check_bounds(const Layout& layout) {
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const Plane& plane = layout.planes[i];
        const Checked end = Checked{plane.offset} + plane.size;
        const std::uint64_t room = layout.dmabuf_sizes[plane.dmabuf];
        if (!end.ok || end.value > room)
            return invalid(fmt::format("plane {} has {} bytes from offset {}, its dma-buf {}", i,
                                       plane.size, plane.offset, room));
    }
    return {};
}

/// Planes of one dma-buf that don't lie as packed ones do are at offsets of their own.
Result<void> complete_lines(Layout& layout) {
    if (!has_lines(layout))
        return {};
    if (layout.planes.size() > 1 && layout.placement == Placement::packed &&
        !check_layout(layout, {}))
        layout.placement = Placement::single;
    const auto checked = check_layout(layout, {});
    return checked ? Result<void>() : invalid(checked.error().detail);
}

Result<void> check_format(const Layout& layout) {
    const auto format = format_info(layout.fourcc);
    if (!format && !never_linear(layout.fourcc))
        return invalid(fmt::format("{} is no format that is known", to_string(layout.fourcc)));
    // A modifier may add planes of its own (compression data) to those of the format.
    if (format && layout.modifier.is_linear() && !format->opaque &&
        layout.planes.size() != format->planes.size())
        return invalid(fmt::format("{} has {} planes, the layout {}", to_string(layout.fourcc),
                                   format->planes.size(), layout.planes.size()));
    return {};
}

/// Planes in dma-bufs of their own can't be anywhere else, and the other way round.
void complete_placement(Layout& layout) {
    if (layout.planes.size() == 1)
        return;
    if (layout.dmabuf_sizes.size() > 1)
        layout.placement = Placement::per_plane;
    else if (layout.placement == Placement::per_plane)
        layout.placement = Placement::single;
}

} // namespace

Result<void> complete(Layout& layout) {
    complete_modifier(layout);
    for (auto* check : {check_dmabufs, check_modifier, check_extent, check_format})
        if (auto checked = check(layout); !checked)
            return checked;
    complete_placement(layout);
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        if (auto completed = complete_size(layout, i); !completed)
            return completed;
    for (auto* check : {check_bounds, check_overlap, check_alignment})
        if (auto checked = check(layout); !checked)
            return checked;
    return complete_lines(layout);
}

} // namespace simplealloc::solver
