// SPDX-License-Identifier: MIT
// Time of merging and planning, and how it grows with devices and with (format, modifier) pairs.
#include "tests/bench/worlds.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>

using namespace simplealloc;
using namespace simplealloc::solver;

namespace {

void search(benchmark::State& state, const bench::Parties& parties) {
    for (auto _ : state)
        if (bench::merge_all_but_favourite(parties) != Outcome::found)
            throw std::logic_error("the alternatives of the benchmark go together");
}

void merge_two(benchmark::State& state) {
    const auto options = static_cast<std::size_t>(state.range(0));
    search(state, bench::Parties(2, options, false));
    state.SetComplexityN(state.range(0));
}

void merge_two_hostile(benchmark::State& state) {
    const auto options = static_cast<std::size_t>(state.range(0));
    search(state, bench::Parties(2, options, true));
    state.SetComplexityN(state.range(0));
}

/// For comparison: what grows with the square.
void each_with_each(benchmark::State& state, bool hostile) {
    const auto options = static_cast<std::size_t>(state.range(0));
    const bench::Parties parties(2, options, hostile);
    for (auto _ : state)
        if (bench::merge_each_with_each(parties) != options * options)
            throw std::logic_error("the alternatives of the benchmark go together");
}

void each_of_two(benchmark::State& state) {
    each_with_each(state, false);
}

void each_of_two_hostile(benchmark::State& state) {
    each_with_each(state, true);
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
BENCHMARK(each_of_two)->Arg(200);
BENCHMARK(each_of_two_hostile)->Arg(200);
BENCHMARK(plan_by_devices)->Arg(2)->Arg(10)->Arg(100)->Arg(1000)->Complexity();
BENCHMARK(plan_by_pairs)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK(plan_by_modifiers)->Arg(10)->Arg(200)->Arg(1000)->Arg(10000)->Complexity();
BENCHMARK_MAIN();
