// SPDX-License-Identifier: MIT
// What holds for every answer of the solver, whatever the machine and the request.
#include "lib/model/layout.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/worlds.hpp"

#include <map>
#include <set>
#include <tuple>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

using solver::Choice;
using solver::Input;
using solver::Output;
using Names = std::vector<std::string>;

/// What is said of a choice, with each use's way by the use's name; ranks without their words.
auto essence(const Input& input, const Choice& choice) {
    std::map<std::string, std::size_t> ways;
    for (std::size_t i = 0; i < input.uses.size(); ++i)
        ways[input.uses[i].party] = choice.alternatives[i];
    std::vector<std::int64_t> ranks;
    for (const Criterion& criterion : choice.candidate.criteria)
        ranks.push_back(criterion.rank);
    return std::tuple(choice.candidate.source, choice.candidate.layout, choice.candidate.unproven,
                      ways, ranks, choice.merged, choice.modifiers);
}

auto sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
}

std::multiset<std::pair<std::string, ConstraintKind>> reasons(const Output& output) {
    std::multiset<std::pair<std::string, ConstraintKind>> result;
    for (const Rejection& rejection : output.rejections)
        result.emplace(rejection.source, rejection.constraint);
    return result;
}

std::set<std::pair<ConstraintKind, Names>> core(const Output& output) {
    std::set<std::pair<ConstraintKind, Names>> result;
    for (const Conflict& conflict : output.conflict)
        result.emplace(conflict.constraint, sorted(conflict.parties));
    return result;
}

void check_same(const Input& one, const Input& other) {
    const Output a = solved(one);
    const Output b = solved(other);
    INFO(text(one));
    REQUIRE(candidates(a) == candidates(b));
    for (std::size_t i = 0; i < a.choices.size(); ++i)
        REQUIRE(essence(one, a.choices[i]) == essence(other, b.choices[i]));
    REQUIRE(reasons(a) == reasons(b));
    REQUIRE(core(a) == core(b));
}

} // namespace

TEST_CASE("the order of devices changes nothing") {
    for_each_case(1500, [](Generator& g) {
        const Input input = small_world(g);
        Input other = input;
        shuffle(g, other.uses);
        check_same(input, other);
    });
}

TEST_CASE("the order of sources changes nothing") {
    for_each_case(1500, [](Generator& g) {
        const Input input = small_world(g);
        Input other = input;
        shuffle(g, other.sources);
        check_same(input, other);
        for (const Choice& choice : solved(other).choices)
            REQUIRE(other.sources[choice.source].name == choice.candidate.source);
    });
}

TEST_CASE("every layout satisfies each use alone, in the way that was chosen for it") {
    std::uint64_t layouts = 0;
    std::uint64_t all = 0;
    for_each_case(4000, [&](Generator& g) {
        const Input input = small_world(g);
        all += input.sources.size();
        for (const Choice& choice : solved(input).choices) {
            ++layouts;
            REQUIRE(choice.alternatives.size() == input.uses.size());
            for (std::size_t i = 0; i < input.uses.size(); ++i) {
                const auto& set = input.uses[i].alternatives.at(choice.alternatives[i]);
                const auto verdict = solver::check_layout(choice.candidate.layout, set.constraints);
                if (!verdict)
                    FAIL(text(input) << verdict.error().object << ": " << verdict.error().detail);
            }
            REQUIRE(solver::check_layout(choice.candidate.layout, choice.merged).has_value());
        }
    });
    check_share(layouts, all, 0.1, 0.9);
}

TEST_CASE("the ranking is total: candidates differ, and the first difference decides") {
    for_each_case(1500, [](Generator& g) {
        const Input input = small_world(g);
        const Output output = solved(input);
        const auto ranks = [&](std::size_t i) {
            std::vector<std::int64_t> list;
            for (const Criterion& criterion : output.choices[i].candidate.criteria)
                list.push_back(criterion.rank);
            return list;
        };
        for (std::size_t i = 1; i < output.choices.size(); ++i)
            REQUIRE(ranks(i - 1) < ranks(i));
        REQUIRE(candidates(output) == candidates(solved(input)));
    });
}

TEST_CASE("another device never adds a candidate") {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    for_each_case(1500, [&](Generator& g) {
        Input input = small_world(g);
        // A rule that is not of this kind: protected memory is for those who ask for it.
        for (solver::SourceInput& source : input.sources)
            source.offer.protected_memory = false;
        Input fewer = input;
        fewer.uses.clear();
        Names previous = sorted(candidates(solved(fewer)));
        for (const solver::UseInput& use : input.uses) {
            fewer.uses.push_back(use);
            Names names = sorted(candidates(solved(fewer)));
            // Which tilings a GPU may be asked for, its own list tells.
            for (const solver::SourceInput& source : input.sources)
                if (source.offer.own_layout && source.offer.device == use.device &&
                    !std::binary_search(previous.begin(), previous.end(), source.name))
                    std::erase(names, source.name);
            INFO(text(fewer));
            REQUIRE(std::includes(previous.begin(), previous.end(), names.begin(), names.end()));
            before += previous.size();
            after += names.size();
            previous = names;
        }
    });
    check_share(after, before, 0.1, 0.9);
}
