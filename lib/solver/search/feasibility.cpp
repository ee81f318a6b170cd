// SPDX-License-Identifier: MIT
// Policy and access first, then the modifiers that the source may lay out, best first.
#include "lib/solver/search/feasibility.hpp"

#include "lib/model/work.hpp"
#include "lib/solver/search/own_layout.hpp"
#include "lib/solver/search/serve.hpp"
#include "lib/solver/search/source_check.hpp"
#include "lib/solver/search/supply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>

namespace simplealloc::solver {
namespace {

constexpr std::uint64_t most_of_sources = 4; ///< parts of what is left: one for each source
constexpr std::uint64_t most_of_tiles = 2;

/// Whether it matters what is in a use's alternatives before they are tried.
bool looks_at_sets(const SourceInput& source) {
    return source.offer.protected_memory || source.offer.memory_kind == MemoryKind::device_local;
}

/// Of the modifiers that are wished for, those which all the chosen alternatives take.
std::vector<std::uint64_t> taken_by_all(const Problem& p, const Fit& fit,
                                        const std::vector<Modifier>& wishes) {
    std::vector<std::uint64_t> taken;
    for (const Modifier& wish : wishes) {
        bool by_all = wish.state != Modifier::State::implicit;
        for (std::size_t i = 0; by_all && i < p.scope.uses.size(); ++i)
            by_all = p.ways(i).takes(fit.alternatives[i], wish, is_own(p.use(i), p.source));
        if (by_all)
            taken.push_back(wish.value);
    }
    return taken;
}

/// Whether somebody can do without a layout whose modifier nobody names.
bool needs_name(const Problem& p, const Fit& fit) {
    const auto& asked = p.input.request.modifier;
    if (asked && asked->state == Modifier::State::named)
        return true;
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i)
        if (names_modifiers(p.use(i).alternatives[fit.alternatives[i]], p.wanted.fourcc))
            return true;
    return false;
}

Objection too_many_modifiers(const Problem& p, std::size_t count) {
    Objection objection{
        ConstraintKind::search_limit,
        fmt::format("not all of {} modifiers are tried, and those that are do not serve", count),
        {},
        {{RemedyKind::fewer_ways, {}}},
        false};
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i)
        objection.required_by.push_back(p.use(i).party);
    return objection;
}

/// The best of the modifiers that all uses take, and the others that the source may pick instead:
/// those which the same alternatives take.
Evaluation serve_own_layout(const Problem& p) {
    Evaluation result;
    Spending& spending = p.context.spending;
    const Spending::Memory memory(spending);
    auto wishes = modifiers_by_preference(p.input, p.scope, p.source, spending);
    if (!wishes || !spending.afford(wishes->size() * cost::name))
        return {std::nullopt, {out_of_budget(p.input)}, true};
    std::erase_if(*wishes, [&](const Modifier& wish) {
        return !p.source.offer.lays_out(p.wanted.fourcc, wish);
    });
    if (wishes->empty())
        return serve(p); // for what the uses have against it
    bool all_tried = true;
    for (std::size_t i = 0; i < wishes->size() && !result.fit; ++i) {
        const bool last = i + 1 == wishes->size(); // linear, and what is explained
        if (!all_tried && !last)
            continue;
        // Something is left for linear.
        const Spending::Share share(spending, last ? 1 : most_of_tiles);
        Problem attempt = p;
        attempt.wanted.modifier = (*wishes)[i];
        attempt.explain = p.explain && last;
        result = serve(attempt);
        all_tried = all_tried && (last || !result.undecided);
        if (!result.fit)
            continue;
        result.fit->explicit_modifier = needs_name(attempt, *result.fit);
        if (attempt.wanted.modifier.state != Modifier::State::implicit)
            result.fit->modifiers =
                spending.afford(wishes->size() * p.scope.uses.size() * cost::looked_up)
                    ? taken_by_all(attempt, *result.fit, *wishes)
                    : std::vector{attempt.wanted.modifier.value};
    }
    if (!result.fit && !all_tried) {
        result.undecided = true;
        if (p.explain)
            result.objections = {too_many_modifiers(p, wishes->size())};
    }
    return result;
}

} // namespace

Scope whole(const Input& input) {
    Scope scope;
    for (std::size_t i = 0; i < input.uses.size(); ++i)
        scope.uses.push_back(i);
    // The request's order decides nothing: where wishes are equal, the busier device's counts.
    const auto weight = [&](std::size_t i) {
        const UseInput& use = input.uses[i];
        return std::make_tuple(-traffic(use.use), std::cref(use.party), std::cref(use.device));
    };
    std::stable_sort(scope.uses.begin(), scope.uses.end(),
                     [&](std::size_t a, std::size_t b) { return weight(a) < weight(b); });
    scope.cpu = input.request.cpu;
    return scope;
}

Constraints rules_of(const SourceInput& source, const FormatInfo& format) {
    Constraints rules = source.offer.layout;
    const auto& dmabufs = source.offer.max_dmabufs;
    if (dmabufs && *dmabufs < format.planes.size())
        rules.placements = rules.placements &
                           (Placements::of(Placement::packed) | Placements::of(Placement::single));
    return relevant(std::move(rules), format);
}

SearchContext::SearchContext(const Input& all, Spending& purse)
    : input(all), spending(purse), memory(purse), format(format_info(all.request.fourcc)) {
    if (!format)
        return;
    ways.reserve(all.uses.size());
    for (const UseInput& use : all.uses) {
        ways.emplace_back(use, *format, spending);
        complete = complete && ways.back().complete();
        pairs += ways.back().pairs();
    }
}

Objection out_of_budget(const Input& input) {
    const auto pairs = [](const UseInput& use) { return use.alternatives.size(); };
    const auto most =
        std::max_element(input.uses.begin(), input.uses.end(),
                         [&](const UseInput& a, const UseInput& b) { return pairs(a) < pairs(b); });
    Objection objection{ConstraintKind::search_limit,
                        "the plan's budget is spent, and not everything is tried",
                        {},
                        {{RemedyKind::fewer_ways, {}}, {RemedyKind::budget, {}}},
                        false};
    if (most != input.uses.end())
        objection.required_by.push_back(most->party);
    return objection;
}

Evaluation evaluate(const Input& input, const Scope& scope, const SourceInput& source,
                    Spending& spending) {
    return evaluate(SearchContext(input, spending), scope, source);
}

Evaluation evaluate(const SearchContext& context, const Scope& scope, const SourceInput& source,
                    bool explain) {
    const Input& input = context.input;
    Evaluation result;
    if (!context.format) {
        result.objections = {{ConstraintKind::format,
                              "the format can't be laid out",
                              {},
                              {{RemedyKind::other_format, {}}},
                              true}};
        return result;
    }
    if (auto objection = check_policy(source)) {
        result.objections = {std::move(*objection)};
        return result;
    }
    // A source that is hard to judge leaves something for the others.
    const Spending::Share share(context.spending, most_of_sources);
    if (!context.complete ||
        !context.spending.afford(cost::source + scope.uses.size() * cost::use +
                                 (looks_at_sets(source) ? context.pairs * cost::pair : 0)))
        return {std::nullopt, {out_of_budget(input)}, true};
    const Wanted wanted{input.request.fourcc,
                        input.request.modifier.value_or(Modifier::linear()),
                        scope.cpu,
                        input.request.strict,
                        input.request.count,
                        shown_in_place(input, scope.uses, source)};
    const Problem p{context, input, scope, source, *context.format, wanted, explain};

    result.objections = check_offer(input, source, scope, wanted);
    if (!explain && !result.objections.empty())
        return result;
    const bool rejected = !result.objections.empty();
    const bool chooses = source.offer.own_layout || !source.offer.tilings.empty();
    Evaluation served = chooses ? serve_own_layout(p) : serve(p);
    for (Objection& objection : served.objections)
        result.objections.push_back(std::move(objection));
    // What the offer itself lacks is proven.
    result.undecided = served.undecided && !rejected;
    if (result.objections.empty())
        result.fit = std::move(served.fit);
    return result;
}

} // namespace simplealloc::solver
