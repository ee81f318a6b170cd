// SPDX-License-Identifier: MIT
// What is in conflict, found by leaving out all that isn't needed for it.
//
// First question: would the uses be in conflict on any machine? An ideal source (neutral,
// contiguous, in everybody's reach, free of limits) joins the real ones; if it can't serve either,
// the conflict is between the uses, and naming a missing heap would send the reader the wrong way.
// Otherwise the machine's own sources are the reason.
// Then everything that isn't needed is left out: policy, the CPU, use by use. Of the objections
// that remain, only as many are kept as it takes to stand against every source.
#include "lib/solver/conflict.hpp"

#include "lib/solver/feasibility.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace simplealloc::solver {
namespace {

/// The sources of the search; the ideal one changes with the uses that are looked at.
struct World {
    const Input& input;
    bool with_ideal;
};

SourceInput ideal_source(const Input& input, const Scope& scope) {
    SourceInput ideal;
    ideal.offer.contiguity = OfferContiguity::physical;
    ideal.offer.caching = CpuCaching::cached;
    ideal.offer.granularity = input.page_size;
    ideal.offer.scarce = true; // not out of the memory that all share
    for (const std::size_t use : scope.uses)
        for (const CapabilitySet& set : input.uses[use].alternatives) {
            ideal.offer.min_address =
                std::max(ideal.offer.min_address, set.constraints.min_address);
            ideal.offer.protected_memory |= set.constraints.protected_memory;
        }
    // One address is enough to ask whether the windows meet at all.
    ideal.offer.max_address = ideal.offer.min_address;
    return ideal;
}

std::vector<SourceInput> sources_of(const World& world, const Scope& scope) {
    std::vector<SourceInput> sources = world.input.sources;
    if (world.with_ideal)
        sources.push_back(ideal_source(world.input, scope));
    return sources;
}

bool blocked(const World& world, const Scope& scope) {
    const auto sources = sources_of(world, scope);
    return std::none_of(sources.begin(), sources.end(), [&](const SourceInput& source) {
        return evaluate(world.input, scope, source).fit.has_value();
    });
}

/// Leaves out what can be left out while nothing becomes feasible.
Scope needed(const World& world) {
    Scope scope = whole(world.input);
    const auto keep_if_blocked = [&](const Scope& smaller) {
        if (blocked(world, smaller))
            scope = smaller;
    };
    Scope smaller = scope;
    smaller.policy = false;
    keep_if_blocked(smaller);
    smaller = scope;
    smaller.cpu = CpuAccess::none;
    keep_if_blocked(smaller);
    for (const std::size_t use : whole(world.input).uses) {
        smaller = scope;
        std::erase(smaller.uses, use);
        keep_if_blocked(smaller);
    }
    return scope;
}

/// A constraint as somebody's: stands against the sources that it rules out.
struct Unit {
    ConstraintKind kind;
    std::vector<std::string> required_by;
    std::set<std::size_t> sources;
    std::set<std::string> limiting_sources;
};

std::vector<Unit> units_of(const World& world, const Scope& scope) {
    const auto sources = sources_of(world, scope);
    std::map<std::pair<ConstraintKind, std::vector<std::string>>, Unit> units;
    for (std::size_t i = 0; i < sources.size(); ++i)
        for (const Objection& objection : evaluate(world.input, scope, sources[i]).objections) {
            Unit& unit = units[{objection.kind, objection.required_by}];
            unit.kind = objection.kind;
            unit.required_by = objection.required_by;
            unit.sources.insert(i);
            if (objection.by_source && !sources[i].name.empty())
                unit.limiting_sources.insert(sources[i].name);
        }
    std::vector<Unit> list;
    for (auto& [key, unit] : units)
        list.push_back(std::move(unit));
    return list;
}

/// What a set of units accounts for: sources that are ruled out, and parties that are named.
struct Account {
    std::set<std::size_t> sources;
    std::set<std::string> parties;
    bool operator==(const Account&) const = default;
};

Account account(const std::vector<Unit>& units) {
    Account result;
    for (const Unit& unit : units) {
        result.sources.insert(unit.sources.begin(), unit.sources.end());
        result.parties.insert(unit.required_by.begin(), unit.required_by.end());
    }
    return result;
}

/// Drops units while every source still has one against it and no party gets lost, as each is
/// needed for the conflict; those that rule out least go first, and of equals those that are about
/// a source rather than about a use.
std::vector<Unit> fewest(std::vector<Unit> units) {
    std::stable_sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) {
        return std::pair{a.sources.size(), a.required_by.size()} <
               std::pair{b.sources.size(), b.required_by.size()};
    });
    const Account all = account(units);
    for (std::size_t i = 0; i < units.size();) {
        std::vector<Unit> without = units;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        if (account(without) == all)
            units = std::move(without);
        else
            ++i;
    }
    return units;
}

/// One entry per constraint; uses in the request's order, then the CPU, then sources by name.
std::vector<Conflict> named(const Input& input, const std::vector<Unit>& units) {
    std::vector<std::string> order;
    for (const UseInput& use : input.uses)
        order.push_back(use.party);
    order.push_back(cpu_party(input.request.cpu));
    std::map<ConstraintKind, std::set<std::string>> required;
    std::map<ConstraintKind, std::set<std::string>> limiting;
    for (const Unit& unit : units) {
        required[unit.kind].insert(unit.required_by.begin(), unit.required_by.end());
        limiting[unit.kind].insert(unit.limiting_sources.begin(), unit.limiting_sources.end());
    }
    std::vector<Conflict> conflict;
    for (const auto& [kind, parties] : required) {
        Conflict entry{std::string(to_string(kind)), {}};
        for (const std::string& party : order)
            if (parties.count(party) > 0 &&
                std::find(entry.parties.begin(), entry.parties.end(), party) == entry.parties.end())
                entry.parties.push_back(party);
        entry.parties.insert(entry.parties.end(), limiting[kind].begin(), limiting[kind].end());
        conflict.push_back(std::move(entry));
    }
    return conflict;
}

} // namespace

std::vector<Conflict> conflict_core(const Input& input) {
    if (input.sources.empty())
        return {{std::string(to_string(ConstraintKind::access)), {"no source on this machine"}}};
    World world{input, true};
    world.with_ideal = blocked(world, whole(input));
    return named(input, fewest(units_of(world, needed(world))));
}

} // namespace simplealloc::solver
