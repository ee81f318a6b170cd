// SPDX-License-Identifier: MIT
// The memory is taken for a source that can give nothing else.
#include "lib/solver/search/existing.hpp"

#include "lib/model/layout.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace simplealloc::solver {
namespace {

/// It was allocated, so nobody needs to be able to do that again.
SourceInput allocated(SourceInput source, const Layout& layout) {
    source.usable = true;
    source.excluded = ExcludedBy::nobody;
    source.named = true;
    source.quotas.clear();
    Offer& offer = source.offer;
    offer.max_size = offer.max_total = no_limit;
    offer.max_dmabufs.reset();
    offer.undescribed.clear();
    offer.layout = {};
    offer.layout.min_size = layout.dmabuf_sizes.front();
    offer.own_layout = !layout.modifier.is_linear();
    return source;
}

Suitability suits(const Input& input, const SourceInput& source, const Layout& layout,
                  Spending& spending) {
    Evaluation evaluation = evaluate(input, whole(input), source, spending);
    if (!evaluation.fit)
        return {std::move(evaluation.objections), false};
    Suitability result;
    result.unproven = evaluation.fit->is_unproven();
    if (auto checked = check_layout(layout, evaluation.fit->merged); !checked)
        result.objections.push_back({checked.error().constraint.value_or(ConstraintKind::placement),
                                     std::move(checked.error().detail),
                                     {input.uses.front().party},
                                     {},
                                     true});
    return result;
}

/// Another layout is nearer than another format, and both than nothing.
bool is_nearer(const Suitability& one, const Suitability& other) {
    const auto lacks_format = [](const Suitability& s) {
        return std::any_of(s.objections.begin(), s.objections.end(),
                           [](const Objection& o) { return o.kind == ConstraintKind::format; });
    };
    const auto rank = [&](const Suitability& s) {
        return std::tuple(lacks_format(s), s.objections.size());
    };
    return rank(one) < rank(other);
}

} // namespace

Suitability suits(const ResolvedRequest& request, const UseInput& use, const SourceInput& source,
                  const Layout& layout, std::uint64_t page_size, Spending& spending) {
    const SourceInput memory = allocated(source, layout);
    Input input;
    input.request = request;
    input.request.modifier = layout.modifier;
    input.page_size = page_size;
    input.uses = {use};
    input.uses.front().alternatives.clear();
    Suitability nearest;
    for (std::size_t i = 0; i < use.alternatives.size(); ++i) {
        const Extent extent = extent_of(use.alternatives[i]);
        const Spending::Memory held(spending);
        if (!spending.afford(extent.copying() + cost::layout) || !spending.hold(extent.bytes))
            return {{out_of_budget(input)}, false};
        input.uses.front().alternatives = {use.alternatives[i]};
        Suitability one = suits(input, memory, layout, spending);
        if (one.objections.empty())
            return one;
        if (i == 0 || is_nearer(one, nearest))
            nearest = std::move(one);
    }
    return nearest;
}

bool is_better_off(const std::vector<Criterion>& now, const std::vector<Criterion>& then) {
    constexpr std::array lasting{CriterionKind::proven, CriterionKind::layout,
                                 CriterionKind::cpu_fit};
    for (std::size_t i = 0; i < std::min(now.size(), then.size()); ++i)
        if (now[i].rank != then[i].rank &&
            std::find(lasting.begin(), lasting.end(), now[i].kind) != lasting.end())
            return now[i].rank < then[i].rank;
    return false;
}

} // namespace simplealloc::solver
