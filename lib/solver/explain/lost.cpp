// SPDX-License-Identifier: MIT
// For each criterion: who is behind it, and what would turn it round.
#include "lib/solver/explain/lost.hpp"

#include "lib/model/objection.hpp"
#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/own_layout.hpp"
#include "lib/solver/search/rank.hpp"
#include "lib/solver/search/remedy.hpp"

#include <algorithm>

namespace simplealloc::solver {
namespace {

struct Pair {
    const Input& input;
    const Choice& winner;
    const Choice& loser;
};

const Offer& offer_of(const Pair& p, const Choice& choice) {
    return p.input.sources[choice.source].offer;
}

Remedy leave_out(const Pair& p) {
    return {RemedyKind::leave_out, {p.winner.candidate.source}};
}

Remedy put_first(const Pair& p) {
    return {RemedyKind::order, {p.loser.candidate.source}};
}

using Names = std::vector<std::string>;

Names unproven(const Pair& p, std::string UseInput::*name) {
    Names names;
    for (std::size_t i = 0; i < p.input.uses.size(); ++i) {
        const UseInput& use = p.input.uses[i];
        const Constraints& need = use.alternatives[p.loser.alternatives[i]].constraints;
        if (need.contiguity == Contiguity::preferred &&
            !contiguous_for(p.input.sources[p.loser.source], use))
            names.push_back(use.*name);
    }
    return names;
}

Remedy say_scattered(const Pair& p) {
    return say_in_quirk_file("it takes scattered memory", unproven(p, &UseInput::row),
                             "contiguous = no");
}

/// Those that move most, and those that prefer the winner's modifier.
Names behind_layout(const Pair& p) {
    const Layout& best = p.winner.candidate.layout;
    const bool same = best.modifier == p.loser.candidate.layout.modifier;
    int most = 0;
    for (const UseInput& use : p.input.uses)
        most = std::max(most, traffic(use.use));
    Names names;
    for (const UseInput& use : p.input.uses)
        if (same ? traffic(use.use) == most : !best.modifier.is_linear())
            names.push_back(use.party);
    return names;
}

/// The nearest way to use it less by which the loser is as good.
Remedy less_cpu(const Pair& p) {
    for (const CpuAccess access : {CpuAccess::read_rarely, CpuAccess::write, CpuAccess::none}) {
        if (access >= p.input.request.cpu)
            continue;
        const auto rank = [&](const Choice& choice) {
            return cpu_fit(access, caching_for(offer_of(p, choice), access)).rank;
        };
        if (rank(p.loser) <= rank(p.winner))
            return {RemedyKind::cpu, {std::string(to_string(access))}};
    }
    return leave_out(p);
}

struct Reversal {
    Names parties;
    Remedy remedy;
};

Reversal reversal(const Pair& p, CriterionKind criterion) {
    const Offer& offer = offer_of(p, p.loser);
    if (criterion == CriterionKind::proven && p.loser.candidate.criteria.front().rank == 2)
        return {{p.loser.candidate.source},
                offer.undescribed_remedy.empty()
                    ? leave_out(p)
                    : Remedy{RemedyKind::advice, {offer.undescribed_remedy}}};
    if (criterion == CriterionKind::proven)
        return {unproven(p, &UseInput::party), say_scattered(p)};
    if (criterion == CriterionKind::layout) {
        const bool tiled = p.loser.candidate.layout.modifier.is_linear() &&
                           !p.winner.candidate.layout.modifier.is_linear();
        return {behind_layout(p), tiled ? Remedy{RemedyKind::linear, {}} : leave_out(p)};
    }
    if (criterion == CriterionKind::cpu_fit)
        return {{cpu_party(p.input.request.cpu)}, less_cpu(p)};
    if (criterion == CriterionKind::policy) {
        const bool asked = !p.input.order.empty() || !p.input.request.order.empty();
        return {{asked ? p.input.order_origin : "built-in order"}, put_first(p)};
    }
    if (criterion == CriterionKind::name)
        return {{}, put_first(p)};
    return {{p.loser.candidate.source}, leave_out(p)};
}

Lost lost(const Pair& p) {
    Lost result;
    result.to = p.winner.candidate.source;
    const auto& better = p.winner.candidate.criteria;
    const auto& worse = p.loser.candidate.criteria;
    const auto differs =
        std::mismatch(worse.begin(), worse.end(), better.begin(), better.end(),
                      [](const Criterion& a, const Criterion& b) { return a.rank == b.rank; });
    if (differs.first == worse.end() || differs.second == better.end())
        return result;
    result.criterion = differs.first->kind;
    result.value = differs.first->value;
    result.rank = differs.first->rank;
    result.better_value = differs.second->value;
    result.better_rank = differs.second->rank;
    Reversal how = reversal(p, result.criterion);
    result.parties = std::move(how.parties);
    result.remedy = std::move(how.remedy);
    return result;
}

} // namespace

void explain_order(const Input& input, std::vector<Choice>& choices) {
    for (std::size_t i = 1; i < choices.size(); ++i)
        choices[i].candidate.lost = lost({input, choices.front(), choices[i]});
}

} // namespace simplealloc::solver
