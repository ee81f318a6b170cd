// SPDX-License-Identifier: MIT
// Numbers and constraints in words.
#include "lib/solver/objection.hpp"

#include <fmt/format.h>

#include <array>

namespace simplealloc::solver {
namespace {

std::string placements_text(Placements placements) {
    std::vector<std::string> names;
    if (placements.has(Placement::packed))
        names.emplace_back("packed");
    if (placements.has(Placement::single))
        names.emplace_back("single dma-buf");
    if (placements.has(Placement::per_plane))
        names.emplace_back("a dma-buf per plane");
    return "placement " + list_text(names);
}

} // namespace

std::string size_text(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::uint64_t unit_bytes = 1;
    std::size_t unit = 0;
    while (unit + 1 < units.size() && bytes / 1024 >= unit_bytes) {
        unit_bytes *= 1024;
        ++unit;
    }
    if (bytes % unit_bytes == 0)
        return fmt::format("{} {}", bytes / unit_bytes, units[unit]);
    return fmt::format("{:.2f} {} ({} B)",
                       static_cast<double>(bytes) / static_cast<double>(unit_bytes), units[unit],
                       bytes);
}

std::string window_text(std::uint64_t from, std::uint64_t to) {
    return to == no_limit ? fmt::format("{:#x} and up", from)
                          : fmt::format("{:#x} to {:#x}", from, to);
}

std::string cpu_party(CpuAccess access) {
    return fmt::format("cpu ({})", to_string(access));
}

std::string list_text(std::span<const std::string> names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0)
            text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

std::string demand_text(ConstraintKind kind, const Constraints& c) {
    switch (kind) {
    case ConstraintKind::stride_align:
        return fmt::format("stride a multiple of {} bytes", c.stride_align);
    case ConstraintKind::offset_align:
        return fmt::format("plane offsets a multiple of {} bytes", c.offset_align);
    case ConstraintKind::size_align:
        return fmt::format("size a multiple of {} bytes", c.size_align);
    case ConstraintKind::width_align:
        return fmt::format("width padded to {} pixels", c.width_align);
    case ConstraintKind::height_align:
        return fmt::format("height padded to {} lines", c.height_align);
    case ConstraintKind::min_stride:
        return fmt::format("stride at least {} bytes", c.min_stride);
    case ConstraintKind::min_size:
        return fmt::format("size at least {} bytes", c.min_size);
    case ConstraintKind::tail_padding:
        return fmt::format("{} bytes behind the last plane", c.tail_padding);
    case ConstraintKind::max_stride:
        return fmt::format("stride at most {} bytes", c.max_stride);
    case ConstraintKind::max_size:
        return fmt::format("size at most {} bytes", c.max_size);
    case ConstraintKind::max_width:
        return fmt::format("width at most {} pixels", c.max_width);
    case ConstraintKind::max_height:
        return fmt::format("height at most {} lines", c.max_height);
    case ConstraintKind::max_segments:
        return fmt::format("at most {} segments", c.max_segments);
    case ConstraintKind::max_segment_size:
        return fmt::format("segments of at most {} bytes", c.max_segment_size);
    case ConstraintKind::segment_boundary:
        return fmt::format("segments inside a boundary of {:#x}", c.segment_boundary);
    case ConstraintKind::placement:
        return placements_text(c.placements);
    case ConstraintKind::address_window:
        return "addresses " + window_text(c.min_address, c.max_address);
    default:
        return std::string(to_string(kind));
    }
}

} // namespace simplealloc::solver
