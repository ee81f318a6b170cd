// SPDX-License-Identifier: MIT
// The frontier: after each party, the combinations that are still worth following.
//
//   party 1      party 2      …      a combination is dropped when another one
//   a ─┬─ a+a'   ─┬─ …                 - costs no more (the devices like it as much), and
//      └─ a+b'  ✗ │                    - accepts every layout that this one accepts.
//   b ─── b+a'   ─┘                  What is dropped can't turn into a better answer later,
//                                    as merging the same constraints keeps that order.
#include "lib/solver/combine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace simplealloc::solver {
namespace {

constexpr std::size_t frontier_cap = 64;

bool cheaper(const Combination& a, const Combination& b) {
    return std::tie(a.cost, a.alternatives) < std::tie(b.cost, b.alternatives);
}

LayoutNeeds both(const LayoutNeeds& a, const LayoutNeeds& b) {
    LayoutNeeds result{std::min(a.room, b.room), std::max(a.packed_lines, b.packed_lines)};
    if (a.packed_lines != 0 && b.packed_lines != 0 && a.packed_lines != b.packed_lines)
        result.packed_lines = no_limit;
    return result;
}

/// Whether `other` takes every layout that `candidate` takes.
bool admits_no_less(const Combination& other, const Combination& candidate) {
    return shapes_no_less(candidate.merged, other.merged) &&
           other.needs.room >= candidate.needs.room &&
           (other.needs.packed_lines == 0 ||
            other.needs.packed_lines == candidate.needs.packed_lines);
}

/// Keeps the undominated ones. Over the cap, half of the places go to the cheapest, the other half
/// to those whose constraints admit the most, so that neither taste nor feasibility is lost.
std::vector<Combination> pruned(std::vector<Combination> all) {
    std::sort(all.begin(), all.end(), cheaper);
    std::vector<Combination> kept;
    for (Combination& candidate : all) {
        // What is kept already costs no more.
        const bool beaten = std::any_of(kept.begin(), kept.end(), [&](const Combination& other) {
            return admits_no_less(other, candidate);
        });
        if (!beaten)
            kept.push_back(std::move(candidate));
    }
    if (kept.size() > frontier_cap) {
        const auto half = kept.begin() + frontier_cap / 2;
        std::stable_sort(half, kept.end(), [](const Combination& a, const Combination& b) {
            const Constraints& x = a.merged;
            const Constraints& y = b.merged;
            return std::tie(x.stride_align, x.offset_align, x.size_align, y.max_stride) <
                   std::tie(y.stride_align, y.offset_align, y.size_align, x.max_stride);
        });
        kept.resize(frontier_cap);
        std::sort(kept.begin(), kept.end(), cheaper);
    }
    return kept;
}

const Option& chosen(const Party& party, std::size_t alternative) {
    return *std::find_if(party.options.begin(), party.options.end(),
                         [&](const Option& o) { return o.alternative == alternative; });
}

/// The last party of `alternatives` is the one with which the merge failed.
Objection excluded(const std::vector<Party>& parties, std::vector<std::size_t> alternatives,
                   ConstraintKind kind) {
    Objection objection;
    objection.kind = kind;
    objection.reason = "these exclude each other: " + demands_text(parties, alternatives, kind);
    const std::string& last = parties[alternatives.size() - 1].name;
    alternatives.pop_back();
    objection.required_by = explained(parties, alternatives).parties_around(kind);
    if (std::find(objection.required_by.begin(), objection.required_by.end(), last) ==
        objection.required_by.end())
        objection.required_by.push_back(last);
    return objection;
}

} // namespace

Merged explained(const std::vector<Party>& parties, const std::vector<std::size_t>& alternatives) {
    Merged merged;
    for (std::size_t i = 0; i < alternatives.size(); ++i)
        // A merge that succeeded before: it succeeds again.
        (void)merge(merged, chosen(parties[i], alternatives[i]).constraints, parties[i].name);
    return merged;
}

std::string demands_text(const std::vector<Party>& parties,
                         const std::vector<std::size_t>& alternatives, ConstraintKind kind) {
    std::vector<ConstraintKind> kinds{kind};
    kinds.insert(kinds.end(), opposed(kind).begin(), opposed(kind).end());
    std::string text;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
        const Constraints& constraints = chosen(parties[i], alternatives[i]).constraints;
        for (ConstraintKind each : kinds)
            if (limits(constraints, each))
                text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", parties[i].name,
                                    demand_text(each, constraints));
    }
    return text;
}

Combinations combine(const std::vector<Party>& parties) {
    Combinations result;
    result.best_first.emplace_back();
    for (const Party& party : parties) {
        std::vector<Combination> next;
        std::optional<Objection> first_objection;
        for (const Combination& so_far : result.best_first) {
            for (const Option& option : party.options) {
                Combination longer = so_far;
                longer.alternatives.push_back(option.alternative);
                longer.cost += option.cost;
                longer.needs = both(longer.needs, option.needs);
                if (const auto failed = merge(longer.merged, option.constraints); !failed)
                    next.push_back(std::move(longer));
                else if (!first_objection)
                    first_objection = excluded(parties, longer.alternatives, *failed);
            }
        }
        if (next.empty()) {
            result.best_first.clear();
            result.objection = std::move(*first_objection);
            return result;
        }
        result.best_first = pruned(std::move(next));
    }
    return result;
}

} // namespace simplealloc::solver
