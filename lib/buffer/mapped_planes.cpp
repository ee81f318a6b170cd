// SPDX-License-Identifier: MIT
// Cuts mapped dma-bufs into planes and rows.
#include <simplealloc/mapped_planes.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/mapping.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/layout.hpp"

#include <fmt/format.h>
#include <utility>

namespace simplealloc {

namespace {

/// Whether `length` bytes from `offset` lie within `room`.
bool fits(std::uint64_t offset, std::uint64_t length, std::uint64_t room) {
    return offset <= room && length <= room - offset;
}

Error does_not_fit(std::size_t plane, const char* what) {
    return failure(Stage::map, Cause::mismatch, 0, "dma-buf",
                   fmt::format("plane {} is larger than its {}", plane, what));
}

/// Leaves the view without rows where the layout has none.
Result<void> add_rows(PlaneView& view, const Layout& layout, std::size_t index) {
    const auto format = solver::format_info(layout.fourcc);
    if (!format || !solver::has_lines(layout))
        return {};
    const solver::PlaneGeometry& geometry = format->planes[index];
    const solver::Checked rows = solver::line_count(geometry, layout.height);
    const solver::Checked length = solver::line_bytes(geometry, layout.width);
    if (rows.value == 0)
        return {};
    const solver::Checked end = solver::Checked{view.plane.stride} * (rows.value - 1) + length;
    if (!rows.ok || !end.ok || end.value > view.bytes.size())
        return does_not_fit(index, "size");
    view.rows = static_cast<std::size_t>(rows.value);
    view.row_bytes = static_cast<std::size_t>(length.value);
    return {};
}

} // namespace

Result<MappedPlanes> view_planes(const Layout& layout, std::vector<Mapping> mappings) {
    std::vector<PlaneView> planes;
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        PlaneView view;
        view.plane = layout.planes[i];
        if (view.plane.dmabuf >= mappings.size())
            return does_not_fit(i, "buffer");
        const std::span<std::byte> whole = mappings[view.plane.dmabuf].bytes();
        if (!fits(view.plane.offset, view.plane.size, whole.size()))
            return does_not_fit(i, "dma-buf");
        view.bytes = whole.subspan(static_cast<std::size_t>(view.plane.offset),
                                   static_cast<std::size_t>(view.plane.size));
        if (auto added = add_rows(view, layout, i); !added)
            return std::move(added).error();
        planes.push_back(view);
    }
    return Internal::make<MappedPlanes>(std::move(mappings), std::move(planes));
}

Result<void> MappedPlanes::finish() {
    planes_.clear();
    Result<void> result;
    for (Mapping& mapping : mappings_) {
        const auto ended = mapping.finish();
        if (ended)
            continue;
        if (result)
            result = ended.error();
        else
            log::line(LogLevel::error, "mapping: {}", ended.error().message());
    }
    mappings_.clear();
    return result;
}

} // namespace simplealloc
