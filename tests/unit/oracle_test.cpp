// SPDX-License-Identifier: MIT
// The solver against an answer by trying everything, on small machines.
#include "tests/support/cases.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/worlds.hpp"

#include <map>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr std::uint64_t worlds = 4000;

/// Best first, by the oracle.
std::vector<std::string> ranking(const oracle::View& view,
                                 const std::map<std::string, oracle::Answer>& answers) {
    std::vector<std::pair<std::vector<std::int64_t>, std::string>> order;
    for (const solver::SourceInput& source : view.input.sources)
        if (const auto found = answers.find(source.name); found != answers.end())
            order.emplace_back(oracle::rank(view, source, found->second), source.name);
    std::sort(order.begin(), order.end());
    std::vector<std::string> names;
    for (auto& [rank, name] : order)
        names.push_back(name);
    return names;
}

std::map<std::string, oracle::Answer> answers(const oracle::View& view) {
    std::map<std::string, oracle::Answer> result;
    for (const solver::SourceInput& source : view.input.sources)
        if (auto answer = oracle::best(view, source))
            result.emplace(source.name, std::move(*answer));
    return result;
}

} // namespace

TEST_CASE("verdict, layout, choice of ways and ranking are those of trying everything") {
    std::uint64_t all = 0;
    std::uint64_t served = 0;
    for_each_case(worlds, [&](Generator& g) {
        const solver::Input input = small_world(g);
        const oracle::View view = oracle::whole(input);
        const auto expected = answers(view);
        const solver::Output output = solved(input);
        for (const solver::SourceInput& source : input.sources) {
            const auto found = std::find_if(
                output.choices.begin(), output.choices.end(),
                [&](const solver::Choice& c) { return c.candidate.source == source.name; });
            INFO(text(input));
            CAPTURE(source.name);
            ++all;
            REQUIRE((found != output.choices.end()) == (expected.count(source.name) > 0));
            if (found == output.choices.end())
                continue;
            ++served;
            const oracle::Answer& answer = expected.at(source.name);
            REQUIRE(found->alternatives == answer.alternatives);
            REQUIRE(found->candidate.layout == answer.layout);
            REQUIRE(found->candidate.unproven == answer.unproven);
        }
        REQUIRE(candidates(output) == ranking(view, expected));
    });
    check_share(served, all, 0.1, 0.9);
}
