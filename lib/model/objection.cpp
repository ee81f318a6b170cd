// SPDX-License-Identifier: MIT
// Numbers and constraints in words.
#include "lib/model/objection.hpp"

#include "lib/model/constraint_table.hpp"

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

std::string number_text(const LimitRow& row, std::uint64_t value) {
    if (row.kind == ConstraintKind::address_align)
        return fmt::format(fmt::runtime(row.demand), size_text(value));
    if (row.kind == ConstraintKind::segment_boundary) // a mask
        return fmt::format(fmt::runtime(row.demand), fmt::format("{:#x}", value));
    return fmt::format(fmt::runtime(row.demand), value);
}

/// `stride a multiple of 64 bytes and of plane 1 a multiple of 128 bytes`
std::string limit_text(const LimitRow& row, const Constraints& c) {
    const std::string what = *row.what == '\0' ? "" : std::string(row.what) + " ";
    if (row.of_plane == nullptr)
        return what + number_text(row, c.*row.field);
    const Constraints open;
    std::vector<std::string> demands;
    if (c.*row.field != open.*row.field)
        demands.push_back(what + number_text(row, c.*row.field));
    for (std::size_t i = 0; i < max_planes; ++i)
        if (c.planes[i].*row.of_plane != open.planes[i].*row.of_plane)
            demands.push_back(fmt::format("{}of plane {} {}", what, i,
                                          number_text(row, c.planes[i].*row.of_plane)));
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

std::vector<Remedy> advice(std::string words) {
    if (words.empty())
        return {};
    return {{RemedyKind::advice, {std::move(words)}}};
}

Rejection rejection(std::string source, Objection objection) {
    return {std::move(source),
            objection.kind,
            std::move(objection.reason),
            std::move(objection.required_by),
            std::move(objection.remedies),
            std::move(objection.needed),
            std::move(objection.offered)};
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
    if (static_cast<std::size_t>(kind) < std::size(limit_rows))
        return limit_text(limit_rows[static_cast<std::size_t>(kind)], c);
    switch (kind) {
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
