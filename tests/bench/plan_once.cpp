// SPDX-License-Identifier: MIT
// One plan or merge, for callgrind to count the instructions of: they don't depend on the machine's
// load. plan-once typical|devices|pairs|modifiers|merge[-hostile]|each[-hostile]|bred [N]
#include "tests/bench/worlds.hpp"
#include "tests/support/hostile_plans.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace simplealloc;

namespace {

solver::Input world(std::string_view name, std::size_t size) {
    if (name == "devices")
        return bench::many_devices(size);
    if (name == "modifiers")
        return bench::many_modifiers(size);
    return bench::typical(name == "pairs" ? size : 200);
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view name = argc > 1 ? argv[1] : "typical";
    const std::size_t size = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
    if (name.starts_with("merge") || name.starts_with("each")) {
        const bench::Parties parties(2, size, name.ends_with("-hostile"));
        const bool merged = name.starts_with("merge")
                                ? merge_all_but_favourite(parties) == solver::Outcome::found
                                : merge_each_with_each(parties) == size * size;
        return merged ? 0 : 1;
    }
    if (name == "bred") {
        const Budget budget;
        return test::work_of(test::input_of(test::bred_plans.at(size)), budget) <= budget.work ? 0
                                                                                               : 1;
    }
    solver::Spending spending(solver::unbounded); // growth is what is asked for
    const auto output = solver::solve(world(name, size), spending);
    if (!output || output->choices.empty() || output->rejections.empty()) {
        std::fputs("plan-once: the plan has no candidates or no rejections\n", stderr);
        return 1;
    }
    std::printf("%zu candidates, %zu rejections\n", output->choices.size(),
                output->rejections.size());
    return 0;
}
