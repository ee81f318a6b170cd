// SPDX-License-Identifier: MIT
#include "lib/discovery/capabilities.hpp"
#include "lib/base/internal.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/limits/capabilities.hpp"
#include "lib/discovery/limits/modifier_limits.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/model/formats.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/merged.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/v4l2_formats.hpp"
#include "lib/model/ways.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr std::uint64_t held_for_evidence = sizeof(std::pair<ConstraintKind, Evidence>) + 64;

/// A copy with evidence for all that it limits, in a list that grows.
bool afford(const CapabilitySet& set, solver::Spending& spending) {
    const solver::Extent extent = solver::extent_of(set);
    const std::size_t evidence = set.evidence.size() + solver::limited(set.constraints).size();
    return spending.afford(extent.copying() + 3 * extent.reading() + 14 * solver::cost::multiple +
                           evidence * (solver::cost::text + extent.names * solver::cost::listed)) &&
           spending.hold(extent.bytes + 2 * sizeof(set) + evidence * held_for_evidence);
}

/// The same set with evidence for what it limits, and for nothing else.
CapabilitySet by_caller(CapabilitySet set) {
    std::erase_if(set.evidence, [&](const auto& entry) {
        return entry.first != ConstraintKind::format &&
               !solver::limits(set.constraints, entry.first);
    });
    const auto add = [&](ConstraintKind kind) {
        set.evidence.try_emplace(kind, Evidence{Confidence::known, "caller"});
    };
    for (const ConstraintKind kind : solver::limited(set.constraints))
        add(kind);
    if (!set.formats.empty())
        add(ConstraintKind::format);
    return set;
}

/// What of the set can't hold together on any machine, in words; empty: it can.
std::string contradiction(const CapabilitySet& set, Fourcc fourcc) {
    const auto format = solver::format_info(fourcc);
    if (!format)
        return {};
    const Constraints wanted = solver::relevant(set.constraints, *format);
    Constraints merged;
    const auto kind = solver::merge(merged, wanted);
    if (!kind)
        return {};
    std::vector<std::string> demands{solver::demand_text(*kind, wanted)};
    for (const ConstraintKind other : solver::opposed(*kind))
        if (solver::limits(wanted, other))
            demands.push_back(solver::demand_text(other, wanted));
    return solver::list_text(demands);
}

Error too_many(const DeviceRecord& device, Use use) {
    return failure(Stage::request, Cause::limit, 0, party_name(device, use),
                   "its alternatives and modifiers are more than the budget of a plan allows",
                   "give it fewer, or the plan more budget (AllocatorOptions::budget)");
}

/// One way that makes sense is enough: the solver passes over the others.
Result<void> check_callers(const DeviceRecord& device, Use use,
                           const std::vector<CapabilitySet>& sets, Fourcc fourcc,
                           solver::Spending& spending) {
    std::string first;
    for (const CapabilitySet& set : sets) {
        if (!spending.afford(3 * solver::reading(set.constraints) + 14 * solver::cost::multiple))
            return too_many(device, use);
        const std::string what = contradiction(set, fourcc);
        if (what.empty())
            return {};
        if (first.empty())
            first = what;
    }
    if (sets.empty())
        return {};
    return failure(Stage::request, Cause::invalid, 0, party_name(device, use),
                   "what the caller says of it can't hold together: " + first,
                   "correct its constraints");
}

/// How a limit that two sides set is known: by the stricter side, or by both.
Evidence joined(ConstraintKind kind, const CapabilitySet& found, const CapabilitySet& callers) {
    const Evidence& own = callers.evidence.at(kind);
    const auto known = found.evidence.find(kind);
    if (known == found.evidence.end() ||
        solver::implies(kind, callers.constraints, found.constraints))
        return own;
    if (solver::implies(kind, found.constraints, callers.constraints))
        return known->second;
    return {std::max(own.confidence, known->second.confidence),
            fmt::format("{}; {}", known->second.origin, own.origin)};
}

/// One way that discovery found, as far as one of the caller's allows it. Fails with the constraint
/// that leaves nothing of it.
std::optional<ConstraintKind> narrow(CapabilitySet& found, const CapabilitySet& callers) {
    CapabilitySet narrowed = found;
    if (const auto conflict = solver::merge(narrowed.constraints, callers.constraints))
        return conflict;
    for (const auto& [kind, evidence] : callers.evidence)
        if (kind != ConstraintKind::format)
            narrowed.evidence[kind] = joined(kind, found, callers);
    if (!callers.formats.empty()) {
        narrowed.formats = callers.formats;
        narrowed.evidence[ConstraintKind::format] = callers.evidence.at(ConstraintKind::format);
    }
    found = std::move(narrowed);
    return std::nullopt;
}

/// Each of the device's ways with each of the caller's, as far as they go together; the caller's
/// order of preference goes before the device's.
CapabilitySets narrow(const DeviceRecord& device, const DeviceUse& use,
                      const std::vector<CapabilitySet>& found, solver::Spending& spending) {
    std::vector<CapabilitySet> sets;
    std::optional<ConstraintKind> conflict;
    for (const CapabilitySet& callers : use.alternatives)
        for (const CapabilitySet& way : found) {
            if (!afford(way, spending) || !afford(callers, spending))
                return too_many(device, use.use);
            CapabilitySet set = way;
            const auto failed = narrow(set, by_caller(callers));
            if (!failed)
                sets.push_back(std::move(set));
            else if (!conflict)
                conflict = failed;
        }
    if (!sets.empty() || !conflict)
        return sets;
    std::string detail = fmt::format(
        "none of its ways goes together with what the caller says of it: {}", to_string(*conflict));
    // Of a described device its ways are the caller's words too.
    if (device.described)
        return failure(Stage::request, Cause::invalid, 0, party_name(device, use.use),
                       std::move(detail), "correct its constraints");
    return unsupported_use(device, use.use, std::move(detail));
}

/// Nothing when the device was asked what it can do.
std::optional<Error> unasked(const DeviceRecord& device) {
    // Of these there is nothing to ask.
    if (device.accel || device.by_row)
        return std::nullopt;
    if (device.drm ? device.drm->opened : device.v4l2 && device.v4l2->opened)
        return std::nullopt;
    if (!device.readable)
        return failure(Stage::plan, Cause::denied, 0, device.path,
                       "what it can do is not known, as it may not be opened (" +
                           device.denied_reason + ")",
                       device.denied_remedy);
    if (!device.denied_reason.empty())
        return failure(Stage::plan, Cause::unsupported, 0, device.path,
                       "what it can do is not known: " + device.denied_reason);
    return failure(Stage::request, Cause::invalid, 0, device.path,
                   "was listed and never asked what it can do",
                   "get it by Allocator::device and its path");
}

} // namespace

Error unsupported_use(const DeviceRecord& device, Use use, std::string detail, std::string remedy) {
    return failure(Stage::plan, Cause::unsupported, 0, party_name(device, use), std::move(detail),
                   std::move(remedy));
}

Result<std::vector<solver::CapabilitySet>> capabilities(const DeviceRecord& device,
                                                        const DeviceUse& use, Fourcc fourcc,
                                                        solver::Spending& spending) {
    if (auto checked = check_callers(device, use.use, use.alternatives, fourcc, spending); !checked)
        return std::move(checked).error();
    CapabilitySets sets = std::vector<solver::CapabilitySet>{};
    if (device.described) {
        const std::vector<CapabilitySet>& described = device.described->alternatives;
        if (auto checked = check_callers(device, use.use, described, fourcc, spending); !checked)
            return std::move(checked).error();
        for (const CapabilitySet& set : described) {
            if (!afford(set, spending))
                return too_many(device, use.use);
            sets->push_back(by_caller(set));
        }
        if (sets->empty())
            sets->emplace_back();
    } else {
        if (auto error = unasked(device))
            return std::move(*error);
        sets = device.drm    ? drm_capabilities(device, use.use, fourcc)
               : device.v4l2 ? v4l2_capabilities(device, use.use, fourcc)
                             : other_capabilities(device, use.use, fourcc);
        if (sets)
            for (CapabilitySet& set : *sets) {
                add_decided_limits(device, use.use, fourcc, set);
                if (!afford(set, spending))
                    return too_many(device, use.use);
            }
    }
    if (sets && !use.alternatives.empty())
        sets = narrow(device, use, *sets, spending);
    if (!sets)
        return sets;
    return split_by_modifier(device, use.use, fourcc, std::move(*sets), spending);
}

Result<std::vector<solver::CapabilitySet>> capabilities(const DeviceRecord& device,
                                                        const DeviceUse& use, Fourcc fourcc) {
    solver::Spending spending(solver::unbounded);
    return capabilities(device, use, fourcc, spending);
}

std::vector<Fourcc> listed_formats(const DeviceUse& use) {
    std::vector<Fourcc> formats;
    const auto add = [&](const std::vector<FormatSupport>& list) {
        for (const FormatSupport& format : list)
            formats.push_back(format.fourcc);
    };
    const DeviceRecord& device = Internal::data(use.device);
    for (const CapabilitySet& set : use.alternatives)
        add(set.formats);
    if (device.described)
        for (const CapabilitySet& set : device.described->alternatives)
            add(set.formats);
    if (device.drm)
        for (const DrmPlane& plane : device.drm->planes)
            add(plane.formats);
    if (device.v4l2)
        for (const V4l2Queue& queue : device.v4l2->queues)
            for (const std::uint32_t pixelformat : queue.pixelformats)
                for (const V4l2Format& format : v4l2_formats(pixelformat))
                    formats.push_back(format.fourcc);
    return formats;
}

} // namespace simplealloc
