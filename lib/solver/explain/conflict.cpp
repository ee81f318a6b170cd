// SPDX-License-Identifier: MIT
// Sorts and groups the core, so that it reads like the rejections.
#include "lib/solver/explain/conflict.hpp"

#include "lib/model/merged.hpp"
#include "lib/solver/explain/provenance.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace simplealloc::solver {
std::vector<Conflict> undecided_conflict(const Input& input) {
    const Objection objection = out_of_budget(input);
    Conflict conflict{objection.kind, objection.required_by, {}};
    for (const std::string& party : objection.required_by)
        conflict.contributors.push_back({party, objection.kind, objection.reason, Confidence::known,
                                         "AllocatorOptions::budget"});
    return {std::move(conflict)};
}

namespace {

using Kind = ConstraintKind;
using Side = Demand::Side;

/// The kind under which the CPU is a side of the core.
Kind kind_of_cpu(const Demands& demands) {
    for (const Kind kind : {Kind::protected_memory, Kind::cpu_access, Kind::format})
        if (std::any_of(demands.begin(), demands.end(), [&](const Demand& demand) {
                return demand.side != Side::cpu && demand.kind == kind;
            }))
            return kind;
    return Kind::cpu_access;
}

bool collide(Kind a, Kind b) {
    const auto against = [](Kind one, Kind other) {
        return std::find(opposed(one).begin(), opposed(one).end(), other) != opposed(one).end();
    };
    return against(a, b) || against(b, a);
}

constexpr std::uint64_t held_for_contributor = 1024;

/// Under which constraint each is told: its own, or one that it collides with and that a rejection
/// goes by.
std::map<Kind, std::vector<Demand>> grouped(const Core& core) {
    const auto told_under = [&](Kind kind) {
        const auto other = core.told.count(kind) > 0
                               ? core.told.end()
                               : std::find_if(core.told.begin(), core.told.end(),
                                              [&](Kind told) { return collide(told, kind); });
        return other == core.told.end() ? kind : *other;
    };
    std::map<Kind, std::vector<Demand>> groups;
    for (const Demand& demand : core.demands)
        groups[told_under(demand.side == Side::cpu ? kind_of_cpu(core.demands) : demand.kind)]
            .push_back(demand);
    return groups;
}

/// Uses in the request's order, then the CPU, then sources by name.
void sort_for_people(const Input& input, std::vector<Demand>& demands) {
    std::stable_sort(demands.begin(), demands.end(), [&](const Demand& a, const Demand& b) {
        if (a.side != Side::source || b.side != Side::source)
            return std::tie(a.side, a.index) < std::tie(b.side, b.index);
        return input.sources[a.index].name < input.sources[b.index].name;
    });
}

void add_new(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

/// What every source says for itself, where no demand is to blame.
std::vector<Conflict> objections_of(const Input& input, Spending& spending) {
    std::map<Kind, std::vector<std::string>> parties;
    const SearchContext context(input, spending);
    for (const SourceInput& source : input.sources)
        for (const Objection& objection : evaluate(context, whole(input), source).objections) {
            std::vector<std::string>& names = parties[objection.kind];
            if (!spending.afford(objection.required_by.size() * (names.size() + 1) * cost::name))
                return undecided_conflict(input);
            for (const std::string& party : objection.required_by)
                add_new(names, party);
            if (objection.by_source)
                add_new(parties[objection.kind], source.name);
        }
    std::vector<Conflict> conflict;
    for (auto& [kind, names] : parties)
        conflict.push_back({kind, std::move(names), {}});
    return conflict;
}

/// What a kernel has to have so that there is one.
Conflict no_source() {
    const std::string party = "no source on this machine";
    return {Kind::access,
            {party},
            {{party, Kind::access, to_string(Remedy{RemedyKind::heaps, {}}), Confidence::known,
              "/dev/dma_heap and /dev/udmabuf are missing"}}};
}

} // namespace

std::vector<Conflict> conflict_of(const Input& input, const Core& core, Spending& spending) {
    if (input.sources.empty())
        return {no_source()};
    if (core.demands.empty() && !core.minimal)
        return undecided_conflict(input);
    if (core.demands.empty())
        return objections_of(input, spending);
    std::vector<Conflict> conflict;
    for (auto& [kind, demands] : grouped(core)) {
        Conflict entry{kind, {}, {}};
        sort_for_people(input, demands);
        for (const Demand& demand : demands) {
            if (!spending.afford(cost::use + entry.parties.size() * cost::name) ||
                !spending.hold(held_for_contributor))
                return undecided_conflict(input);
            entry.contributors.push_back(contributor(input, demand, spending));
            add_new(entry.parties, entry.contributors.back().party);
        }
        conflict.push_back(std::move(entry));
    }
    return conflict;
}

} // namespace simplealloc::solver
