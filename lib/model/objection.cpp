// SPDX-License-Identifier: MIT
// Numbers and constraints in words.
#include "lib/model/objection.hpp"

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
    return names.empty() ? "no placement" : "placement " + list_text(names);
}

/// `stride a multiple of 64 bytes and of plane 1 a multiple of 128 bytes`
std::string planes_text(const Constraints& c, std::uint64_t Constraints::*whole,
                        std::uint64_t PlaneLimits::*single, const char* what, const char* rule) {
    const Constraints open;
    std::vector<std::string> demands;
    if (c.*whole != open.*whole)
        demands.push_back(std::string(what) + " " + fmt::format(fmt::runtime(rule), c.*whole));
    for (std::size_t i = 0; i < max_planes; ++i)
        if (c.planes[i].*single != open.planes[i].*single)
            demands.push_back(fmt::format("{} of plane {} {}", what, i,
                                          fmt::format(fmt::runtime(rule), c.planes[i].*single)));
    return list_text(demands);
}

std::string memory_kinds_text(std::uint8_t kinds) {
    if ((kinds & static_cast<unsigned>(MemoryKind::system)) != 0)
        return "system memory";
    return (kinds & static_cast<unsigned>(MemoryKind::device_local)) != 0 ? "device-local memory"
                                                                          : "no kind of memory";
}

std::string exporters_text(const std::optional<std::vector<std::string>>& exporters) {
    if (!exporters)
        return "any exporter";
    return exporters->empty() ? "no exporter"
                              : "memory of " + exporter_list_text(*exporters) + " only";
}

} // namespace

Rejection rejection(std::string source, Objection objection) {
    return {std::move(source),           std::string(to_string(objection.kind)),
            std::move(objection.reason), std::move(objection.required_by),
            std::move(objection.remedy), std::move(objection.needed),
            std::move(objection.offered)};
}

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

std::string modifiers_text(const FormatSupport& format) {
    const std::size_t unnamed = format.without_modifier ? 1 : 0;
    return brief_list_text(unnamed + format.modifiers.size(), [&](std::size_t i) {
        return i < unnamed ? "no modifier"
                           : to_string(Modifier::named(format.modifiers[i - unnamed]));
    });
}

std::string exporter_list_text(const std::vector<std::string>& exporters) {
    return brief_list_text(exporters.size(), [&](std::size_t i) { return exporters[i]; });
}

std::string demand_text(ConstraintKind kind, const Constraints& c) {
    switch (kind) {
    case ConstraintKind::stride_align:
        return planes_text(c, &Constraints::stride_align, &PlaneLimits::stride_align, "stride",
                           "a multiple of {} bytes");
    case ConstraintKind::stride_align_pixels:
        return fmt::format("stride a multiple of {} pixels", c.stride_align_pixels);
    case ConstraintKind::offset_align:
        return planes_text(c, &Constraints::offset_align, &PlaneLimits::offset_align,
                           "plane offset", "a multiple of {} bytes");
    case ConstraintKind::size_align:
        return fmt::format("size a multiple of {} bytes", c.size_align);
    case ConstraintKind::address_align:
        return fmt::format("first address a multiple of {}", size_text(c.address_align));
    case ConstraintKind::width_align:
        return fmt::format("width padded to {} pixels", c.width_align);
    case ConstraintKind::height_align:
        return fmt::format("height padded to {} lines", c.height_align);
    case ConstraintKind::min_stride:
        return planes_text(c, &Constraints::min_stride, &PlaneLimits::min_stride, "stride",
                           "at least {} bytes");
    case ConstraintKind::min_size:
        return planes_text(c, &Constraints::min_size, &PlaneLimits::min_size, "size",
                           "at least {} bytes");
    case ConstraintKind::min_width:
        return fmt::format("width at least {} pixels", c.min_width);
    case ConstraintKind::min_height:
        return fmt::format("height at least {} lines", c.min_height);
    case ConstraintKind::tail_padding:
        return fmt::format("{} bytes behind the last plane", c.tail_padding);
    case ConstraintKind::max_stride:
        return planes_text(c, &Constraints::max_stride, &PlaneLimits::max_stride, "stride",
                           "at most {} bytes");
    case ConstraintKind::max_offset:
        return fmt::format("plane offsets at most {} bytes", c.max_offset);
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
    case ConstraintKind::max_buffers:
        return fmt::format("at most {} buffers at a time", c.max_buffers);
    case ConstraintKind::placement:
        return placements_text(c.placements);
    case ConstraintKind::address_window:
        return "addresses " + window_text(c.min_address, c.max_address);
    case ConstraintKind::contiguity:
        return c.contiguity == Contiguity::required ? "contiguous memory"
                                                    : "contiguous memory, if nobody knows better";
    case ConstraintKind::starts_at_zero:
        return "the image begins at byte 0 of its dma-buf";
    case ConstraintKind::memory_kind:
        return memory_kinds_text(c.memory_kinds);
    case ConstraintKind::protected_memory:
        return "protected memory";
    case ConstraintKind::exporter:
        return exporters_text(c.exporters);
    default:
        return std::string(to_string(kind));
    }
}

} // namespace simplealloc::solver
