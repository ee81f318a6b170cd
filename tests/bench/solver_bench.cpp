// SPDX-License-Identifier: MIT
// Time of merging and planning, and how it grows with devices and with (format, modifier) pairs.
#include "lib/solver/combine.hpp"
#include "tests/bench/worlds.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>

using namespace simplealloc;
using namespace simplealloc::solver;

namespace {

/// Options with few different constraints, as drivers have them, or all different and none better
/// than another one.
class Parties {
public:
    Parties(std::size_t count, std::size_t options, bool hostile) {
        shapes_.reserve(count * options);
        for (std::size_t p = 0; p < count; ++p) {
            Party& party = parties_.emplace_back(Party{"device", {}});
            for (std::size_t i = 0; i < options; ++i) {
                Constraints c;
                c.stride_align = hostile ? 2 * (options - i) + 1 : 16ULL << (i + p) % 5;
                c.tail_padding = hostile ? p * options + i : 0;
                c.max_stride = no_limit - 1;
                shapes_.emplace_back(normal(c));
                party.options.push_back({i, i, &shapes_.back()});
            }
        }
    }
    [[nodiscard]] const std::vector<Party>& get() const { return parties_; }

private:
    std::vector<Shape> shapes_; // never moved: the options point into it
    std::vector<Party> parties_;
};

void search(benchmark::State& state, const Parties& parties) {
    const Judge judge{[](const Shape&, std::uint64_t) { return true; },
                      [](const Combination&) { return true; }};
    for (auto _ : state) {
        Search search(parties.get());
        if (search.run(judge) != Outcome::found)
            throw std::logic_error("the alternatives of the benchmark go together");
    }
}

void merge_two(benchmark::State& state) {
    const auto options = static_cast<std::size_t>(state.range(0));
    search(state, Parties(2, options, false));
    state.SetComplexityN(state.range(0));
}

void merge_two_hostile(benchmark::State& state) {
    const auto options = static_cast<std::size_t>(state.range(0));
    search(state, Parties(2, options, true));
    state.SetComplexityN(state.range(0));
}

void plan(benchmark::State& state, const Input& input) {
    for (auto _ : state) {
        const auto output = solve(input);
        if (!output || output->choices.empty())
            throw std::logic_error("the plan of the benchmark has candidates");
        benchmark::DoNotOptimize(output);
    }
    state.SetComplexityN(state.range(0));
}

void plan_by_devices(benchmark::State& state) {
    plan(state, bench::many_devices(static_cast<std::size_t>(state.range(0))));
}

void plan_by_pairs(benchmark::State& state) {
    plan(state, bench::typical(static_cast<std::size_t>(state.range(0))));
}

void plan_by_modifiers(benchmark::State& state) {
    plan(state, bench::many_modifiers(static_cast<std::size_t>(state.range(0))));
}

} // namespace

BENCHMARK(merge_two)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK(merge_two_hostile)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK(plan_by_devices)->Arg(2)->Arg(10)->Arg(100)->Arg(1000)->Complexity();
BENCHMARK(plan_by_pairs)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK(plan_by_modifiers)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK_MAIN();
