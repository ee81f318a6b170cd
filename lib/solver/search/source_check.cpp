// SPDX-License-Identifier: MIT
// What stands against a source whatever the uses are.
#include "lib/solver/search/source_check.hpp"

#include "lib/solver/search/remedy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplealloc::solver {
namespace {

Objection by_source(ConstraintKind kind, std::string reason, Remedies remedies) {
    return {kind, std::move(reason), {}, std::move(remedies), true};
}

/// Where it was left out.
Remedy let_in(const SourceInput& source) {
    switch (source.excluded) {
    case ExcludedBy::environment:
        return {RemedyKind::allow_in_environment, {}};
    case ExcludedBy::policy:
        return {RemedyKind::allow_in_policy, {source.exclusion}};
    default:
        return {RemedyKind::let_in, {}};
    }
}

} // namespace

std::optional<Objection> check_policy(const SourceInput& source) {
    if (source.excluded != ExcludedBy::nobody)
        return by_source(ConstraintKind::policy,
                         source.exclusion.empty() ? "disabled" : "disabled by " + source.exclusion,
                         {let_in(source)});
    if (!source.named)
        return by_source(ConstraintKind::policy,
                         "it belongs to a device that the request does not name",
                         {{RemedyKind::any_device, {}}});
    return std::nullopt;
}

std::vector<Objection> check_offer(const Input& input, const SourceInput& source,
                                   const Scope& scope, const Wanted& wanted) {
    std::vector<Objection> objections;
    const Offer& offer = source.offer;
    if (!source.usable)
        objections.push_back(
            by_source(ConstraintKind::access, source.reason, advice(source.remedy)));
    if (!offer.lays_out(wanted.fourcc, wanted.modifier))
        objections.push_back(by_source(ConstraintKind::format,
                                       fmt::format("its memory is laid out linear, {} is asked for",
                                                   to_string(wanted.modifier)),
                                       linear_remedy()));
    if (offer.own_layout && wanted.fourcc == fourcc::bytes)
        objections.push_back(by_source(ConstraintKind::format, "it allocates images only",
                                       {{RemedyKind::image, {}}}));
    else if (offer.own_layout && !has_drm_code(wanted.fourcc))
        objections.push_back(by_source(ConstraintKind::format,
                                       fmt::format("it allocates images of DRM's formats only, {} "
                                                   "is one of V4L2",
                                                   to_string(wanted.fourcc)),
                                       {{RemedyKind::drm_format, {}}}));
    if (wanted.strict && !offer.undescribed.empty())
        objections.push_back(by_source(
            ConstraintKind::memory_kind, offer.undescribed + ", and the request is strict",
            either({{RemedyKind::not_strict, {}}}, advice(offer.undescribed_remedy))));
    const bool cpu = scope.cpu != CpuAccess::none;
    const CpuCaching caching = caching_for(offer, scope.cpu);
    if (offer.protected_memory) {
        const bool asked_for =
            std::any_of(scope.uses.begin(), scope.uses.end(), [&](std::size_t use) {
                const auto& sets = input.uses[use].alternatives;
                return std::any_of(sets.begin(), sets.end(), [](const CapabilitySet& set) {
                    return set.constraints.protected_memory;
                });
            });
        if (!asked_for)
            objections.push_back(by_source(ConstraintKind::protected_memory,
                                           "memory is protected, and no use asks for that",
                                           {{RemedyKind::protected_use, {}}}));
    }
    if (cpu && caching == CpuCaching::unmappable) {
        objections.push_back(
            by_source(ConstraintKind::cpu_access, "the CPU can't map its memory", no_cpu_remedy()));
        objections.back().required_by = {cpu_party(scope.cpu)};
    }
    if (cpu && caching == CpuCaching::cached && !offer.sync_effective) {
        std::vector<std::string> unsnooped;
        for (const std::size_t use : scope.uses)
            if (!input.uses[use].coherent)
                unsnooped.push_back(input.uses[use].party);
        if (!unsnooped.empty()) {
            objections.push_back(by_source(
                ConstraintKind::cpu_access,
                fmt::format("memory is cached and its sync does nothing; {} {} not see CPU caches",
                            list_text(unsnooped), unsnooped.size() == 1 ? "does" : "do"),
                no_cpu_remedy()));
            unsnooped.push_back(cpu_party(scope.cpu));
            objections.back().required_by = std::move(unsnooped);
        }
    }
    return objections;
}

} // namespace simplealloc::solver
