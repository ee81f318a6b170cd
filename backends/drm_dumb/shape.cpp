// SPDX-License-Identifier: MIT
// A layout as the width, height and bpp that CREATE_DUMB takes.
#include "backends/drm_dumb/shape.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/model/formats.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace simplealloc {

namespace {

/// Bits per pixel of a format whose pixels are whole numbers in one plane; else 0.
std::uint32_t pixel_bits(Fourcc fourcc) {
    const auto format = solver::format_info(fourcc);
    if (fourcc == fourcc::bytes || !format || format->planes.size() != 1)
        return 0;
    const solver::PlaneGeometry& plane = format->planes.front();
    return plane.horizontal == 1 && plane.vertical == 1 ? plane.bytes * 8 : 0;
}

std::vector<std::uint32_t> bpp_order(Fourcc fourcc) {
    std::vector<std::uint32_t> order;
    if (const std::uint32_t own = pixel_bits(fourcc))
        order.push_back(own);
    else if (fourcc != fourcc::bytes)
        order.push_back(8);
    for (const std::uint32_t bpp : {32U, 8U, 16U}) {
        if (std::find(order.begin(), order.end(), bpp) == order.end())
            order.push_back(bpp);
    }
    return order;
}

/// Lines of `stride` bytes that the kernel rounds up to no less than `size`, and that hold all of
/// the planes themselves.
std::uint64_t line_count(std::uint64_t stride, std::uint64_t payload, std::uint64_t size) {
    const std::uint64_t page = kernel::page_size();
    const std::uint64_t whole = payload / stride + (payload % stride != 0);
    const std::uint64_t rounded = size > page ? (size - page) / stride + 1 : 1;
    // A size in the middle of a page wants the whole page.
    const std::uint64_t plain = size / stride + (size % stride != 0);
    return std::max(whole, size % page == 0 ? rounded : plain);
}

Error too_large(std::uint64_t stride, std::uint64_t lines) {
    return failure(Stage::allocate, Cause::limit, 0, "dumb buffer",
                   fmt::format("{} lines of {} bytes do not fit into 32 bits", lines, stride));
}

} // namespace

Result<std::vector<DumbShape>>
dumb_shapes(const Layout& layout, std::size_t dmabuf,
            const std::optional<std::vector<std::uint32_t>>& allowed) {
    std::uint64_t stride = 0;
    std::uint64_t payload = 0;
    for (const Plane& plane : layout.planes) {
        if (plane.dmabuf != dmabuf)
            continue;
        std::uint64_t end = 0;
        if (__builtin_add_overflow(plane.offset, plane.size, &end))
            return too_large(plane.stride, 0);
        stride = stride == 0 ? plane.stride : stride;
        payload = std::max(payload, end);
    }
    if (stride == 0)
        stride = kernel::page_size();
    const std::uint64_t lines = line_count(stride, payload, layout.dmabuf_sizes[dmabuf]);
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    if (stride > most || lines > most)
        return too_large(stride, lines);

    std::vector<DumbShape> shapes;
    for (const std::uint32_t bpp : bpp_order(layout.fourcc)) {
        const bool takes =
            !allowed || std::find(allowed->begin(), allowed->end(), bpp) != allowed->end();
        const std::uint64_t bytes = bpp / 8;
        if (takes && stride % bytes == 0)
            shapes.push_back({static_cast<std::uint32_t>(stride / bytes),
                              static_cast<std::uint32_t>(lines), bpp, stride});
    }
    if (shapes.empty())
        return failure(Stage::allocate, Cause::unsupported, 0, "dumb buffer",
                       fmt::format("no bpp of the driver makes lines of {} bytes", stride));
    return shapes;
}

} // namespace simplealloc
