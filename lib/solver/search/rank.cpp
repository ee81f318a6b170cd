// SPDX-License-Identifier: MIT
// One function per criterion; a smaller rank is better.
#include "lib/solver/search/rank.hpp"

#include "lib/base/names.hpp"
#include "lib/model/source_names.hpp"
#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/own_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace simplealloc {
namespace {

constexpr Names<CriterionKind, 7> criterion_names({
    {CriterionKind::proven, "proven"},
    {CriterionKind::layout, "layout"},
    {CriterionKind::cpu_fit, "cpu-fit"},
    {CriterionKind::scarcity, "scarcity"},
    {CriterionKind::side_effects, "side-effects"},
    {CriterionKind::policy, "policy"},
    {CriterionKind::name, "name"},
});

} // namespace

std::string_view to_string(CriterionKind kind) noexcept {
    return criterion_names.of(kind);
}

namespace solver {
namespace {

/// Memory of which nobody knows anything comes after memory that a use may not like.
Criterion proven(const Fit& fit) {
    if (!fit.undescribed.empty())
        return {CriterionKind::proven, "unproven: " + fit.undescribed, 2};
    if (!fit.unproven_by.empty())
        return {CriterionKind::proven,
                fmt::format("unproven: {} may need contiguous memory", list_text(fit.unproven_by)),
                1};
    if (!fit.unsized_by.empty())
        return {CriterionKind::proven,
                fmt::format("unproven: nobody says how many bytes {} wants of each plane",
                            list_text(fit.unsized_by)),
                1};
    return {CriterionKind::proven, fit.assumed_by.empty() ? "proven" : "assumed", 0};
}

/// A layout that the device made for itself before linear, and memory at hand of the busiest device
/// before memory far from it.
Criterion layout(const Input& input, const SourceInput& source, const Fit& fit) {
    const Modifier& modifier = fit.layout.modifier;
    const bool implicit = modifier.state == Modifier::State::implicit;
    const std::int64_t kind = modifier.is_linear() ? 2 : (implicit ? 1 : 0);
    const std::string text = implicit ? "implicit, known to its device alone" : to_string(modifier);
    int most = 0;
    for (const UseInput& use : input.uses)
        most = std::max(most, traffic(use.use));
    const auto near = std::find_if(input.uses.begin(), input.uses.end(), [&](const UseInput& use) {
        return traffic(use.use) == most && use.device == source.offer.device;
    });
    if (source.offer.memory_kind != MemoryKind::device_local || near == input.uses.end())
        return {CriterionKind::layout, text, kind * 2 + 1};
    return {CriterionKind::layout, fmt::format("{}, local to {}", text, near->party), kind * 2};
}

Criterion scarcity(const Offer& offer, const Fit& fit) {
    if (!offer.scarce)
        return {CriterionKind::scarcity, "plentiful", 0};
    return fit.contiguity_needed ? Criterion{CriterionKind::scarcity, "scarce, but needed", 0}
                                 : Criterion{CriterionKind::scarcity, "scarce", 1};
}

Criterion side_effects(const Input& input, const Offer& offer) {
    switch (offer.side_effect) {
    case SideEffect::nothing:
        return {CriterionKind::side_effects, "none", 0};
    case SideEffect::scanout_memory:
        return {CriterionKind::side_effects, "meant for scanout", 1};
    case SideEffect::loads_driver: {
        const bool draws =
            std::any_of(input.uses.begin(), input.uses.end(), [&](const UseInput& use) {
                return use.device == offer.device &&
                       (use.use == Use::render || use.use == Use::sample);
            });
        return draws
                   ? Criterion{CriterionKind::side_effects,
                               "none: its device draws by the same driver", 0}
                   : Criterion{CriterionKind::side_effects, "loads the GPU's user-space driver", 2};
    }
    case SideEffect::takes_queue:
        break;
    }
    return {CriterionKind::side_effects, "takes a V4L2 queue", 3};
}

Criterion policy(const Input& input, const SourceInput& source) {
    const auto& order = input.order.empty() ? input.request.order : input.order;
    const auto wished = std::find_if(order.begin(), order.end(), [&](const std::string& entry) {
        return source.is_called(entry);
    });
    if (wished != order.end()) {
        const auto position = wished - order.begin();
        return {CriterionKind::policy,
                fmt::format("choice {} of {}", position + 1, input.order_origin), position};
    }
    const auto preferred =
        std::find_if(input.preferred.begin(), input.preferred.end(),
                     [&](const SourceNote& note) { return source.is_called(note.source); });
    const auto before = static_cast<std::int64_t>(order.size());
    if (preferred != input.preferred.end())
        return {CriterionKind::policy, "preferred by " + preferred->origin,
                before + (preferred - input.preferred.begin())};
    const auto built_in = known_backends();
    const auto position =
        std::find(built_in.begin(), built_in.end(), source.backend) - built_in.begin();
    return {CriterionKind::policy, source.backend,
            before + static_cast<std::int64_t>(input.preferred.size()) + position};
}

} // namespace

Criterion cpu_fit(CpuAccess access, CpuCaching caching) {
    std::string_view name = "unknown caching";
    if (caching == CpuCaching::cached)
        name = "cached";
    else if (caching == CpuCaching::write_combined)
        name = "write-combined";
    else if (caching == CpuCaching::unmappable)
        name = "unmappable";
    std::int64_t rank = 0;
    switch (access) {
    case CpuAccess::none:
        return {CriterionKind::cpu_fit, "not used by the CPU", 0};
    case CpuAccess::write:
        rank = caching == CpuCaching::cached || caching == CpuCaching::write_combined ? 0 : 1;
        break;
    case CpuAccess::read_rarely:
    case CpuAccess::read_often:
        // An uncached read costs some ten times a cached one.
        if (caching != CpuCaching::cached)
            rank = caching == CpuCaching::write_combined ? 2 : 1;
        break;
    }
    return {CriterionKind::cpu_fit, fmt::format("{} for {}", name, to_string(access)), rank};
}

std::vector<Criterion> criteria(const Input& input, const SourceInput& source, const Fit& fit) {
    return {proven(fit),
            layout(input, source, fit),
            cpu_fit(input.request.cpu, caching_for(source.offer, input.request.cpu)),
            scarcity(source.offer, fit),
            side_effects(input, source.offer),
            policy(input, source),
            source.set_aside
                ? Criterion{CriterionKind::name, source.name + ", set aside for a device", 1}
                : Criterion{CriterionKind::name, source.name, 0}};
}

void sort_by_rank(std::vector<Choice>& choices) {
    // What is set aside comes behind what is for all.
    const auto key = [](const Choice& choice) {
        return std::pair(choice.candidate.criteria.back().rank, choice.candidate.source);
    };
    std::vector<std::pair<std::int64_t, std::string>> names;
    for (const Choice& choice : choices)
        names.push_back(key(choice));
    std::sort(names.begin(), names.end());
    for (Choice& choice : choices) {
        const auto place = std::lower_bound(names.begin(), names.end(), key(choice));
        choice.candidate.criteria.back().rank = place - names.begin();
    }
    std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
        const auto& x = a.candidate.criteria;
        const auto& y = b.candidate.criteria;
        return std::lexicographical_compare(
            x.begin(), x.end(), y.begin(), y.end(),
            [](const Criterion& m, const Criterion& n) { return m.rank < n.rank; });
    });
}

} // namespace solver
} // namespace simplealloc
