// SPDX-License-Identifier: MIT
// Leaves constraints out by changing the input, so that the solver itself says what follows.
#include "lib/solver/explain/demand.hpp"

#include "lib/model/formats.hpp"
#include "lib/model/merge.hpp"
#include "lib/solver/search/accept.hpp"

#include <algorithm>

namespace simplealloc::solver {
namespace {

using Kind = ConstraintKind;

/// What only a source has.
constexpr Kind source_kinds[] = {
    Kind::policy,           Kind::access, Kind::request_size, Kind::quota,     Kind::cpu_access,
    Kind::protected_memory, Kind::format, Kind::attach,       Kind::placement, Kind::memory_kind};

bool unwieldy(const UseInput& use, const Input& input) {
    return std::any_of(input.sources.begin(), input.sources.end(), [&](const SourceInput& source) {
        return source.offer.device != use.device &&
               (!(source.offer.attachable && source.offer.vmap_stable) || is_moved_by(use, source));
    });
}

template <typename Is>
bool any_refusal(const Input& input, Is is) {
    const auto refusals = input.refused_before();
    return std::any_of(refusals.begin(), refusals.end(), is);
}

bool asks_for_other_tiles(const Offer& offer, const Input& input) {
    const auto& wanted = input.request.modifier;
    return wanted && !offer.lays_out(input.request.fourcc, *wanted);
}

bool has(const UseInput& use, Kind kind, const Input& input) {
    switch (kind) {
    case Kind::format:
        return use.alternatives.empty() || input.request.fourcc != fourcc::bytes;
    case Kind::min_size:
        return input.request.strict && !use.unsized.empty();
    case Kind::attach:
        return unwieldy(use, input) ||
               any_refusal(input, [&](const auto& refusal) { return refusal.is_by(use); });
    case Kind::cpu_access:
        return !use.coherent && input.request.cpu != CpuAccess::none;
    default:
        return false;
    }
}

bool has(const SourceInput& source, Kind kind, const Input& input) {
    const Offer& offer = source.offer;
    switch (kind) {
    case Kind::policy:
        return source.excluded != ExcludedBy::nobody || !source.named;
    case Kind::access:
        return !source.usable;
    case Kind::request_size:
        return offer.max_size != no_limit || offer.max_total != no_limit ||
               (offer.memory_kind == MemoryKind::system && !offer.scarce &&
                input.available_memory != no_limit);
    case Kind::quota:
        return !source.quotas.empty();
    case Kind::cpu_access:
        return input.request.cpu != CpuAccess::none &&
               (!offer.sync_effective ||
                caching_for(offer, input.request.cpu) == CpuCaching::unmappable);
    case Kind::protected_memory:
        return offer.protected_memory;
    case Kind::format:
        return offer.own_layout ? !has_drm_code(input.request.fourcc)
                                : asks_for_other_tiles(offer, input);
    case Kind::attach:
        return !offer.attachable || !offer.vmap_stable ||
               any_refusal(input,
                           [&](const auto& refusal) { return refusal.source == source.name; });
    case Kind::placement:
        return offer.max_dmabufs.has_value();
    case Kind::memory_kind:
        return input.request.strict && !offer.undescribed.empty();
    default:
        return false;
    }
}

using Kinds = std::set<Kind>;

void leave_out(UseInput& use, const Kinds& kinds) {
    if (use.alternatives.empty() && kinds.count(Kind::format) > 0)
        use.alternatives.emplace_back();
    for (CapabilitySet& set : use.alternatives)
        set.constraints = without(set.constraints, kinds);
    if (kinds.count(Kind::format) > 0) {
        use.any_modifier = true;
        use.refused.clear();
    }
    if (kinds.count(Kind::min_size) > 0)
        use.unsized.clear();
    use.attaches = use.attaches && kinds.count(Kind::attach) == 0;
    use.coherent = use.coherent || kinds.count(Kind::cpu_access) > 0;
}

void leave_out(SourceInput& source, const Kinds& kinds, const Input& relaxed) {
    Offer& offer = source.offer;
    offer.layout = without(offer.layout, kinds);
    for (const Kind kind : kinds) {
        switch (kind) {
        case Kind::policy:
            source.excluded = ExcludedBy::nobody;
            source.named = true;
            break;
        case Kind::access:
            source.usable = true;
            break;
        case Kind::request_size:
            offer.max_size = offer.max_total = no_limit;
            offer.scarce = true; // not out of the memory that all share
            break;
        case Kind::quota:
            source.quotas.clear();
            break;
        case Kind::cpu_access:
            offer.caching = CpuCaching::write_combined;
            offer.caching_selectable = false;
            break;
        case Kind::protected_memory:
            offer.protected_memory = wants_protected(relaxed);
            break;
        case Kind::format:
            offer.own_layout = has_drm_code(relaxed.request.fourcc);
            break;
        case Kind::attach:
            offer.attachable = offer.vmap_stable = true;
            break;
        case Kind::memory_kind:
            offer.undescribed.clear();
            break;
        case Kind::placement:
            offer.max_dmabufs.reset();
            break;
        default:
            break;
        }
    }
}

} // namespace

bool wants_protected(const Input& input) {
    return std::any_of(input.uses.begin(), input.uses.end(), [](const UseInput& use) {
        return std::any_of(
            use.alternatives.begin(), use.alternatives.end(),
            [](const CapabilitySet& set) { return set.constraints.protected_memory; });
    });
}

Demands demands_of(const Input& input) {
    Demands demands;
    for (std::size_t i = 0; i < input.uses.size(); ++i) {
        for (const CapabilitySet& set : input.uses[i].alternatives)
            for (const Kind kind : limited(set.constraints))
                demands.insert({Demand::Side::use, i, kind});
        for (const Kind kind : {Kind::format, Kind::min_size, Kind::attach, Kind::cpu_access})
            if (has(input.uses[i], kind, input))
                demands.insert({Demand::Side::use, i, kind});
    }
    if (input.request.cpu != CpuAccess::none)
        demands.insert({Demand::Side::cpu, 0, Kind::cpu_access});
    for (std::size_t i = 0; i < input.sources.size(); ++i) {
        for (const Kind kind : limited(input.sources[i].offer.layout))
            demands.insert({Demand::Side::source, i, kind});
        for (const Kind kind : source_kinds)
            if (has(input.sources[i], kind, input))
                demands.insert({Demand::Side::source, i, kind});
    }
    return demands;
}

Input leave_out(const Input& input, const Demands& demands) {
    std::vector<Kinds> of_uses(input.uses.size());
    std::vector<Kinds> of_sources(input.sources.size());
    bool cpu = true;
    for (const Demand& demand : demands) {
        if (demand.side == Demand::Side::cpu)
            cpu = false;
        else
            (demand.side == Demand::Side::use ? of_uses : of_sources)[demand.index].insert(
                demand.kind);
    }
    Input relaxed = input;
    if (!cpu)
        relaxed.request.cpu = CpuAccess::none;
    for (std::size_t i = 0; i < of_uses.size(); ++i)
        leave_out(relaxed.uses[i], of_uses[i]);
    for (std::size_t i = 0; i < of_sources.size(); ++i)
        leave_out(relaxed.sources[i], of_sources[i], relaxed);
    const auto left_out = [&](const Input::Refusal& refusal) {
        for (std::size_t i = 0; i < of_uses.size(); ++i)
            if (refusal.is_by(input.uses[i]) && of_uses[i].count(Kind::attach) > 0)
                return true;
        for (std::size_t i = 0; i < of_sources.size(); ++i)
            if (input.sources[i].name == refusal.source && of_sources[i].count(Kind::attach) > 0)
                return true;
        return false;
    };
    if (any_refusal(input, left_out)) {
        auto left = std::make_shared<std::vector<Input::Refusal>>(*input.refusals);
        std::erase_if(*left, left_out);
        relaxed.refusals = std::move(left);
    }
    return relaxed;
}

} // namespace simplealloc::solver
