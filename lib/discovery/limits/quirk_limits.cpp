// SPDX-License-Identifier: MIT
#include "lib/discovery/limits/quirk_limits.hpp"

#include "lib/base/ini.hpp"
#include "lib/discovery/quirks/keys.hpp"
#include "lib/model/constraint_table.hpp"

#include <algorithm>

namespace simplealloc {

namespace {

constexpr auto limits = solver::made_of_limits<[](const solver::LimitRow& row) {
    return row.in_quirks == solver::LimitRow::key;
},
                                               [](const solver::LimitRow& row) {
                                                   return QuirkLimit{row.name, row.field, row.kind};
                                               }>();

} // namespace

std::span<const QuirkLimit> quirk_limits() {
    return limits;
}

std::optional<QuirkValue> use_quirk(const DeviceRecord& device, Use use, Fourcc fourcc,
                                    const std::string& key) {
    const bool m2m = device.v4l2 && device.v4l2->m2m;
    for (const QuirkRowPtr& row : device.quirks) {
        const auto value = row->values.find(key);
        if (value != row->values.end() && counts_for(*row, use, fourcc, m2m))
            return QuirkValue{value->second, row->origin, row->confidence, row->decides};
    }
    return std::nullopt;
}

bool says_imports(const QuirkValue& imports, const Reach& reach) {
    const bool own_memory = reach.pool && !reach.pool->cma;
    return imports.text == "yes" || (imports.text == "unless-pool" && !own_memory);
}

void add_quirk_limits(const DeviceRecord& device, Use use, Fourcc fourcc,
                      solver::CapabilitySet& set) {
    if (device.quirks.empty())
        return;
    for (const QuirkLimit& limit : limits)
        if (const auto value = use_quirk(device, use, fourcc, limit.key)) {
            set.constraints.*limit.number = number_of(value->text);
            set.evidence[limit.kind] = {value->confidence, value->origin};
        }
    if (const auto value = use_quirk(device, use, fourcc, "memory-kind")) {
        const auto kind = value->text == "system" ? MemoryKind::system : MemoryKind::device_local;
        set.constraints.memory_kinds = static_cast<std::uint8_t>(kind);
        set.evidence[ConstraintKind::memory_kind] = {value->confidence, value->origin};
    }
    if (const auto value = use_quirk(device, use, fourcc, "single-allocation");
        value && value->text == "yes") {
        set.constraints.placements =
            Placements::of(Placement::single) | Placements::of(Placement::packed);
        set.evidence[ConstraintKind::placement] = {value->confidence, value->origin};
    }
}

std::vector<solver::SourceNote> forbidden_sources(const DeviceRecord& device, Use use,
                                                  Fourcc fourcc) {
    std::vector<solver::SourceNote> notes;
    if (const auto value = use_quirk(device, use, fourcc, "forbid"))
        for (std::string& name : ini::words(value->text))
            notes.push_back({std::move(name), value->origin});
    return notes;
}

void add_preferred_sources(const DeviceRecord& device, Use use, Fourcc fourcc,
                           std::vector<solver::SourceNote>& preferred) {
    const auto add = [&](const std::string& name, const std::string& origin) {
        if (std::none_of(preferred.begin(), preferred.end(),
                         [&](const solver::SourceNote& note) { return note.source == name; }))
            preferred.push_back({name, origin});
    };
    if (const auto value = use_quirk(device, use, fourcc, "prefer"))
        for (const std::string& name : ini::words(value->text))
            add(name, value->origin);
    if (const auto& pool = device.reach.pool; pool && pool->cma)
        add("dma-heap:" + pool->name, pool->origin);
}

void add_decided_limits(const DeviceRecord& device, Use use, Fourcc fourcc,
                        solver::CapabilitySet& set) {
    for (const QuirkLimit& limit : limits)
        if (const auto value = use_quirk(device, use, fourcc, limit.key); value && value->decides) {
            set.constraints.*limit.number = number_of(value->text);
            set.evidence[limit.kind] = {value->confidence, value->origin};
        }
}

} // namespace simplealloc
