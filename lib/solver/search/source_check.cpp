// SPDX-License-Identifier: MIT
// What stands against a source whatever the uses are.
#include "lib/solver/search/source_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplealloc::solver {
namespace {

Objection by_source(ConstraintKind kind, std::string reason, std::string remedy) {
    return {kind, std::move(reason), {}, std::move(remedy), true};
}

/// Where it was left out.
std::string let_in(const SourceInput& source) {
    if (source.disabled_by == "caller")
        return "no --without (Request::without, AllocatorOptions::without)";
    if (source.disabled_by == "SIMPLEALLOC_DISABLE")
        return "take it out of SIMPLEALLOC_DISABLE";
    if (source.disabled_by.starts_with("policy "))
        return fmt::format("take it off `forbid` in {}", source.disabled_by);
    return "do not leave it out";
}

} // namespace

std::optional<Objection> check_policy(const SourceInput& source) {
    if (!source.enabled)
        return by_source(ConstraintKind::policy,
                         source.disabled_by.empty() ? "disabled"
                                                    : "disabled by " + source.disabled_by,
                         let_in(source));
    if (!source.named)
        return by_source(ConstraintKind::policy,
                         "it belongs to a device that the request does not name",
                         "--any-device (Request::any_device)");
    return std::nullopt;
}

std::vector<Objection> check_offer(const Input& input, const SourceInput& source,
                                   const Scope& scope, const Wanted& wanted) {
    std::vector<Objection> objections;
    const Offer& offer = source.offer;
    if (!source.usable)
        objections.push_back(by_source(ConstraintKind::access, source.reason, source.remedy));
    if (!offer.lays_out(wanted.fourcc, wanted.modifier))
        objections.push_back(by_source(ConstraintKind::format,
                                       fmt::format("its memory is laid out linear, {} is asked for",
                                                   to_string(wanted.modifier)),
                                       "leave the modifier open or ask for LINEAR"));
    if (offer.own_layout && wanted.fourcc == fourcc::bytes)
        objections.push_back(by_source(ConstraintKind::format, "it allocates images only",
                                       "request an image, e.g. one line of R8"));
    else if (offer.own_layout && !has_drm_code(wanted.fourcc))
        objections.push_back(by_source(ConstraintKind::format,
                                       fmt::format("it allocates images of DRM's formats only, {} "
                                                   "is one of V4L2",
                                                   to_string(wanted.fourcc)),
                                       "request a format that DRM has a code for"));
    if (wanted.strict && !offer.undescribed.empty())
        objections.push_back(by_source(
            ConstraintKind::memory_kind, offer.undescribed + ", and the request is strict",
            offer.undescribed_remedy.empty()
                ? "allow unproven candidates (not strict)"
                : "allow unproven candidates (not strict); " + offer.undescribed_remedy));
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
                                           "name a use that needs protected memory"));
    }
    if (cpu && caching == CpuCaching::unmappable) {
        objections.push_back(by_source(ConstraintKind::cpu_access, "the CPU can't map its memory",
                                       "request it without CPU access"));
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
                "request it without CPU access"));
            unsnooped.push_back(cpu_party(scope.cpu));
            objections.back().required_by = std::move(unsnooped);
        }
    }
    return objections;
}

} // namespace simplealloc::solver
