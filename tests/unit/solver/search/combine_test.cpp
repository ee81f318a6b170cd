// SPDX-License-Identifier: MIT
// The search over alternatives: against trying everything, and its bounds under hostile input.
#include "lib/model/layout.hpp"
#include "lib/solver/search/combine.hpp"
#include "lib/solver/search/feasibility.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

#include <deque>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

/// Parties and the shapes that their options point to.
struct World {
    std::deque<Shape> shapes;
    std::vector<Party> parties;

    void add(std::vector<Constraints> options) {
        Party& party = parties.emplace_back(Party{"device", {}});
        for (std::size_t i = 0; i < options.size(); ++i)
            party.options.push_back({i, i, &shapes.emplace_back(normal(options[i]))});
    }
};

bool fits(const Shape& merged, std::uint64_t) {
    const Constraints& c = merged.constraints;
    return make_layout(Fourcc{'R', '8', ' ', ' '}, Modifier::linear(), 100, 10, 0,
                       Placement::packed, c, 4096)
        .has_value();
}

/// The cost of the cheapest combination that fits, by trying all of them.
std::optional<std::uint64_t> cheapest(const World& world, std::size_t party = 0,
                                      const Shape& so_far = {}) {
    if (party == world.parties.size())
        return fits(so_far, 0) ? std::optional<std::uint64_t>(0) : std::nullopt;
    std::optional<std::uint64_t> best;
    for (const Option& option : world.parties[party].options) {
        Shape longer = so_far;
        if (merge(longer, *option.shape))
            continue;
        const auto rest = cheapest(world, party + 1, longer);
        if (rest && (!best || *rest + option.cost < *best))
            best = *rest + option.cost;
    }
    return best;
}

World random_world(Generator& g) {
    World world;
    for (int p = 0; p < 4; ++p) {
        std::vector<Constraints> options(1 + g.below(5));
        for (Constraints& c : options) {
            c.stride_align = g.pick<std::uint64_t>({1, 2, 3, 5, 7, 11, 13, 16, 64});
            c.tail_padding = g.below(3) * 100;
            if (g.one_in(3))
                c.max_stride = 100 + g.below(120);
        }
        world.add(std::move(options));
    }
    return world;
}

/// No option is better than another one of its party, and no two parties like the same.
World hostile_world(std::size_t parties, std::size_t options) {
    World world;
    for (std::size_t p = 0; p < parties; ++p) {
        std::vector<Constraints> list(options);
        for (std::size_t i = 0; i < options; ++i) {
            list[i].tail_padding = (p * options + i) * 16;
            list[i].min_stride = (options - i) * parties + p;
        }
        world.add(std::move(list));
    }
    return world;
}

} // namespace

TEST_CASE("the search finds the cheapest combination that fits, or proves that there is none") {
    Generator g(31);
    int none = 0;
    for (int i = 0; i < 3000; ++i) {
        CAPTURE(i);
        const World world = random_world(g);
        const auto expected = cheapest(world);
        std::optional<std::uint64_t> cost;
        Search search(world.parties);
        const Outcome outcome = search.run({fits, [&](const Combination& c) {
                                                cost = c.cost;
                                                return fits(c.merged, 0);
                                            }});
        REQUIRE(outcome == (expected ? Outcome::found : Outcome::none));
        if (expected)
            REQUIRE(cost == expected);
        none += expected ? 0 : 1;
    }
    CHECK(none > 200);
    CHECK(none < 2000);
}

TEST_CASE("a frontier that is cut loses no answer, and says so when it gives up") {
    Generator g(32);
    int lost = 0;
    for (int i = 0; i < 3000; ++i) {
        CAPTURE(i);
        const World world = random_world(g);
        const bool solvable = cheapest(world).has_value();
        const Judge judge{fits, [](const Combination& c) { return fits(c.merged, 0); }};
        REQUIRE(Search(world.parties, {1, 100000}).run(judge) ==
                (solvable ? Outcome::found : Outcome::none));
        const Outcome short_of = Search(world.parties, {1, 0}).run(judge);
        REQUIRE(short_of != (solvable ? Outcome::none : Outcome::found));
        lost += solvable && short_of == Outcome::gave_up ? 1 : 0;
    }
    CHECK(lost > 30); // else nothing was ever lost that the deeper search had to find
}

TEST_CASE("work and memory stay within the stated bounds under hostile input") {
    for (const auto& [parties, options] :
         {std::pair<std::size_t, std::size_t>{3, 2000}, {60, 200}, {300, 40}}) {
        CAPTURE(parties, options);
        const World world = hostile_world(parties, options);
        const Bounds bounds;
        Search search(world.parties, bounds);
        // Nothing is accepted, so that the deeper search goes to its own end.
        const Outcome outcome = search.run({[](const Shape&, std::uint64_t) { return true; },
                                            [](const Combination&) { return false; }});
        CHECK(outcome == Outcome::gave_up);
        const Effort& effort = search.effort();
        const std::size_t f = bounds.frontier;
        CHECK(effort.merges <= parties * (f * f + 1) + bounds.deeper);
        CHECK(effort.merges > bounds.deeper); // it did reach the bound
        CHECK(effort.comparisons <= parties * options * f + parties * f * f * f);
        CHECK(effort.held <= f * f);
    }
}

TEST_CASE("work grows with the number of parties, not with that of combinations") {
    const auto merges = [](std::size_t parties) {
        const World world = hostile_world(parties, 40);
        Search search(world.parties);
        REQUIRE(search.run({fits, [](const Combination&) { return true; }}) == Outcome::found);
        return search.effort().merges;
    };
    CHECK(merges(200) <= 11 * merges(20));
}

TEST_CASE("a request beyond the bound is rejected as such, with who has too many alternatives") {
    // Every device has its own primes, so all strides are too long after a few of them.
    constexpr std::uint64_t devices = 24;
    constexpr std::uint64_t choices = 40;
    std::vector<std::uint64_t> primes;
    for (std::uint64_t n = 3; primes.size() < devices * choices; n += 2)
        if (std::none_of(primes.begin(), primes.end(),
                         [&](std::uint64_t p) { return p * p <= n && n % p == 0; }))
            primes.push_back(n);
    Input input = image(64, 64, Fourcc{'R', '8', ' ', ' '});
    for (std::uint64_t d = 0; d < devices; ++d) {
        auto device = use("device " + std::to_string(d), "d" + std::to_string(d), Use::read);
        device.alternatives.resize(choices);
        for (std::uint64_t i = 0; i < choices; ++i) {
            device.alternatives[i].constraints.stride_align = primes[i * devices + d];
            device.alternatives[i].constraints.max_stride = 1ULL << 40U;
        }
        input.uses.push_back(std::move(device));
    }
    const SourceInput source = system_heap();
    const Evaluation evaluation = evaluate(input, whole(input), source, ample());
    REQUIRE(!evaluation.fit);
    REQUIRE(evaluation.objections.size() == 1);
    CHECK(evaluation.objections[0].kind == ConstraintKind::search_limit);
    CHECK(evaluation.objections[0].required_by.size() == devices);
    CHECK_THAT(evaluation.objections[0].reason, Contains("not all are tried"));
}

TEST_CASE("parties that go together have no objection, and one that comes twice is named once") {
    const Judge nothing{[](const Shape&, std::uint64_t) { return true; },
                        [](const Combination&) { return false; }};
    Constraints wide;
    wide.min_stride = 100;
    Constraints narrow;
    narrow.max_stride = 50;
    World friends;
    friends.add({wide});
    friends.add({wide});
    Search together(friends.parties);
    CHECK(together.run(nothing) == Outcome::none);
    CHECK_FALSE(together.objection());

    World enemies; // both are called `device`
    enemies.add({wide});
    enemies.add({narrow});
    Search apart(enemies.parties);
    CHECK(apart.run(nothing) == Outcome::none);
    const auto objection = apart.objection();
    REQUIRE(objection);
    CHECK(objection->kind == ConstraintKind::min_stride);
    CHECK(objection->required_by == std::vector<std::string>{"device"});
}
