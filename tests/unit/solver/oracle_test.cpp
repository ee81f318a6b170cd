// SPDX-License-Identifier: MIT
// The solver against an answer by trying everything, on small machines.
#include "lib/solver/explain/core.hpp"
#include "lib/solver/explain/relax.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/worlds.hpp"

#include <map>
#include <numeric>

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

namespace {

/// Of all that may stand against an answer, these demands alone.
solver::Input with_only(const solver::Input& input, const solver::Demands& demands) {
    solver::Demands others = solver::demands_of(input);
    for (const solver::Demand& demand : demands)
        others.erase(demand);
    return solver::leave_out(input, others);
}

/// A source that lacks nothing, at an address that suits every use, if one does.
solver::SourceInput ideal(const solver::Input& input) {
    auto result = source("ideal", solver::OfferContiguity::physical);
    solver::Offer& offer = result.offer;
    offer.caching = solver::CpuCaching::write_combined;
    offer.granularity = input.page_size;
    offer.scarce = true;
    for (const solver::UseInput& use : input.uses)
        for (const solver::CapabilitySet& set : use.alternatives) {
            const Constraints& c = set.constraints;
            offer.min_address = std::max(offer.min_address, c.min_address);
            offer.address_align =
                std::lcm(offer.address_align, std::max<std::uint64_t>(c.address_align, 1));
            offer.protected_memory = offer.protected_memory || c.protected_memory;
        }
    offer.max_address = offer.min_address;
    return result;
}

/// By trying everything.
bool anything_serves(solver::Input input, bool anywhere) {
    if (anywhere)
        input.sources.push_back(ideal(input));
    return !answers(oracle::whole(input)).empty();
}

} // namespace

TEST_CASE("a conflict can't hold together by trying everything, and without any one part it can") {
    std::uint64_t all = 0;
    std::uint64_t cores = 0;
    for_each_case(worlds, [&](Generator& g) {
        const solver::Input input = small_world(g);
        ++all;
        if (input.sources.empty() || !solved(input).choices.empty())
            return;
        const solver::Core core = solver::find_core(input, ample());
        INFO(text(input));
        REQUIRE(core.minimal);
        REQUIRE(!core.demands.empty());
        REQUIRE_FALSE(anything_serves(with_only(input, core.demands), core.ideal));
        for (const solver::Demand& demand : core.demands) {
            CAPTURE(static_cast<int>(demand.side), demand.index, to_string(demand.kind));
            solver::Demands rest = core.demands;
            rest.erase(demand);
            REQUIRE(anything_serves(with_only(input, rest), core.ideal));
        }
        ++cores;
    });
    check_share(cores, all, 0.2, 0.9);
}

namespace {

/// The most buffers, fewer than are asked for, that a source has room for, by trying everything.
std::optional<std::uint32_t> most_buffers(solver::Input input) {
    while (--input.request.count > 0)
        if (!answers(oracle::whole(input)).empty())
            return input.request.count;
    return std::nullopt;
}

std::optional<std::uint32_t> offered_buffers(const solver::Input& input) {
    const solver::Replan replan = [&](const solver::Relaxed& relaxed) {
        solver::Input less = input;
        less.request = relaxed.request;
        less.uses.clear();
        for (const std::size_t use : relaxed.uses)
            less.uses.push_back(input.uses[use]);
        return std::optional(*solver::candidates(less, ample()));
    };
    const solver::Core core = solver::find_core(input, ample());
    for (const Relaxation& offer : solver::relaxations(input, core, {}, replan, ample()))
        if (offer.kind == RelaxationKind::count)
            return offer.count;
    return std::nullopt;
}

} // namespace

TEST_CASE(
    "as many buffers are offered as have room by trying everything, and none where none has") {
    std::uint64_t all = 0;
    std::uint64_t offered = 0;
    for_each_case(worlds, [&](Generator& g) {
        solver::Input input = small_world(g);
        input.request.count += 1 + static_cast<std::uint32_t>(g.below(5));
        if (!solved(input).choices.empty())
            return;
        INFO(text(input));
        ++all;
        const auto expected = most_buffers(input);
        offered += expected ? 1U : 0U;
        REQUIRE(offered_buffers(input) == expected);
    });
    check_share(offered, all, 0.02, 0.9);
}
