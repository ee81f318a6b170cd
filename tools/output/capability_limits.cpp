// SPDX-License-Identifier: MIT
// A row for each number of Constraints, and a line for each that is none.
#include "tools/output/capability_limits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::tools {

namespace {

struct Number {
    ConstraintKind kind;
    std::uint64_t Constraints::*field;
    std::string_view unit;
};

constexpr Number numbers[] = {
    {ConstraintKind::stride_align, &Constraints::stride_align, "bytes"},
    {ConstraintKind::stride_align_pixels, &Constraints::stride_align_pixels, "pixels"},
    {ConstraintKind::offset_align, &Constraints::offset_align, "bytes"},
    {ConstraintKind::size_align, &Constraints::size_align, "bytes"},
    {ConstraintKind::address_align, &Constraints::address_align, "bytes"},
    {ConstraintKind::width_align, &Constraints::width_align, "pixels"},
    {ConstraintKind::height_align, &Constraints::height_align, "lines"},
    {ConstraintKind::min_stride, &Constraints::min_stride, "bytes"},
    {ConstraintKind::min_size, &Constraints::min_size, "bytes"},
    {ConstraintKind::min_width, &Constraints::min_width, "pixels"},
    {ConstraintKind::min_height, &Constraints::min_height, "lines"},
    {ConstraintKind::tail_padding, &Constraints::tail_padding, "bytes"},
    {ConstraintKind::max_stride, &Constraints::max_stride, "bytes"},
    {ConstraintKind::max_offset, &Constraints::max_offset, "bytes"},
    {ConstraintKind::max_size, &Constraints::max_size, "bytes"},
    {ConstraintKind::max_width, &Constraints::max_width, "pixels"},
    {ConstraintKind::max_height, &Constraints::max_height, "lines"},
    {ConstraintKind::max_segments, &Constraints::max_segments, "segments"},
    {ConstraintKind::max_segment_size, &Constraints::max_segment_size, "bytes"},
    {ConstraintKind::segment_boundary, &Constraints::segment_boundary, "bytes"},
    {ConstraintKind::max_buffers, &Constraints::max_buffers, "buffers"},
};

struct PlaneNumber {
    ConstraintKind kind;
    std::uint64_t PlaneLimits::*field;
};

constexpr PlaneNumber plane_numbers[] = {
    {ConstraintKind::stride_align, &PlaneLimits::stride_align},
    {ConstraintKind::offset_align, &PlaneLimits::offset_align},
    {ConstraintKind::min_stride, &PlaneLimits::min_stride},
    {ConstraintKind::max_stride, &PlaneLimits::max_stride},
    {ConstraintKind::min_size, &PlaneLimits::min_size},
};

std::vector<std::string> names_of(Placements placements) {
    std::vector<std::string> names;
    for (const auto& [placement, name] : {std::pair{Placement::single, "single"},
                                          {Placement::packed, "packed"},
                                          {Placement::per_plane, "per-plane"}})
        if (placements.has(placement))
            names.emplace_back(name);
    return names;
}

std::vector<std::string> memory_names(std::uint8_t kinds) {
    std::vector<std::string> names;
    for (const auto& [kind, name] :
         {std::pair{MemoryKind::system, "system"}, {MemoryKind::device_local, "device-local"}})
        if ((kinds & static_cast<std::uint8_t>(kind)) != 0)
            names.emplace_back(name);
    return names;
}

/// Adds what is not a number to `limits`.
void add_others(const Constraints& c, std::vector<Limit>& limits) {
    const Constraints open;
    const auto add = [&](ConstraintKind kind, auto value) {
        limits.push_back({kind, std::move(value), {}, {}, {Confidence::unknown, {}}});
    };
    if (c.contiguity != open.contiguity)
        add(ConstraintKind::contiguity,
            std::vector<std::string>{c.contiguity == Contiguity::required ? "required"
                                                                          : "preferred"});
    if (c.min_address != open.min_address || c.max_address != open.max_address)
        add(ConstraintKind::address_window,
            std::vector<std::string>{fmt::format("{:#x}", c.min_address),
                                     fmt::format("{:#x}", c.max_address)});
    if (c.placements != open.placements)
        add(ConstraintKind::placement, names_of(c.placements));
    if (c.starts_at_zero)
        add(ConstraintKind::starts_at_zero, true);
    if (c.memory_kinds != open.memory_kinds)
        add(ConstraintKind::memory_kind, memory_names(c.memory_kinds));
    if (c.protected_memory)
        add(ConstraintKind::protected_memory, true);
    if (c.exporters)
        add(ConstraintKind::exporter, *c.exporters);
}

} // namespace

std::vector<Limit> limits_of(const CapabilitySet& set) {
    const Constraints open;
    std::vector<Limit> limits;
    for (const Number& number : numbers)
        if (set.constraints.*number.field != open.*number.field)
            limits.push_back({number.kind,
                              set.constraints.*number.field,
                              number.unit,
                              {},
                              {Confidence::unknown, {}}});
    const PlaneLimits open_plane;
    for (std::size_t i = 0; i < max_planes; ++i)
        for (const PlaneNumber& number : plane_numbers)
            if (set.constraints.planes[i].*number.field != open_plane.*number.field)
                limits.push_back({number.kind,
                                  set.constraints.planes[i].*number.field,
                                  "bytes",
                                  i,
                                  {Confidence::unknown, {}}});
    add_others(set.constraints, limits);
    for (Limit& limit : limits)
        if (const auto known = set.evidence.find(limit.kind); known != set.evidence.end())
            limit.evidence = known->second;
    return limits;
}

std::string value_in_words(const Limit& limit) {
    if (const auto* number = std::get_if<std::uint64_t>(&limit.value))
        return fmt::format("{} {}{}", *number, limit.unit,
                           limit.plane ? fmt::format(" (plane {})", *limit.plane) : "");
    if (const auto* yes = std::get_if<bool>(&limit.value))
        return *yes ? "yes" : "no";
    const auto& names = *std::get_if<std::vector<std::string>>(&limit.value);
    const bool window = limit.kind == ConstraintKind::address_window;
    return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, window ? " to " : " or "));
}

} // namespace simplealloc::tools
