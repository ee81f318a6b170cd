// SPDX-License-Identifier: MIT
#include "tools/output/capability_limits.hpp"

#include "lib/model/constraint_table.hpp"
#include "tools/output/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::tools {

namespace {

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
    const PlaneLimits open_plane;
    std::vector<Limit> limits;
    const auto add = [&](const solver::LimitRow& row, std::uint64_t value,
                         std::optional<std::size_t> plane) {
        limits.push_back({row.kind, value, row.unit, plane, {Confidence::unknown, {}}});
    };
    for (const solver::LimitRow& row : solver::limit_rows)
        if (set.constraints.*row.field != open.*row.field)
            add(row, set.constraints.*row.field, {});
    for (std::size_t i = 0; i < max_planes; ++i)
        for (const solver::LimitRow& row : solver::limit_rows)
            if (row.of_plane != nullptr &&
                set.constraints.planes[i].*row.of_plane != open_plane.*row.of_plane)
                add(row, set.constraints.planes[i].*row.of_plane, i);
    add_others(set.constraints, limits);
    for (Limit& limit : limits)
        if (const auto known = set.evidence.find(limit.kind); known != set.evidence.end())
            limit.evidence = known->second;
    return limits;
}

std::string value_in_words(const Limit& limit) {
    if (const auto* number = std::get_if<std::uint64_t>(&limit.value))
        return (limit.unit == "bytes" ? exact_size_in_words(*number)
                                      : fmt::format("{} {}", *number, limit.unit)) +
               (limit.plane ? fmt::format(" (plane {})", *limit.plane) : "");
    if (const auto* yes = std::get_if<bool>(&limit.value))
        return *yes ? "yes" : "no";
    const auto& names = *std::get_if<std::vector<std::string>>(&limit.value);
    const bool window = limit.kind == ConstraintKind::address_window;
    return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, window ? " to " : " or "));
}

} // namespace simplealloc::tools
