// SPDX-License-Identifier: MIT
// Laws over generated input: many cases of one test, each of which can be run again by its seed.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace simplealloc::test {

struct Seeds {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

/// SIMPLEALLOC_TEST_SEEDS=137 is one case, =5000+100000 are that many from there on; any other text
/// fails the test.
inline Seeds seeds(std::uint64_t count) {
    const char* text = std::getenv("SIMPLEALLOC_TEST_SEEDS"); // NOLINT(concurrency-mt-unsafe)
    if (text == nullptr)
        return {0, count};
    const std::string_view wish = text;
    const char* end = wish.data() + wish.size();
    Seeds result{0, 1};
    auto parsed = std::from_chars(wish.data(), end, result.first);
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '+')
        parsed = std::from_chars(parsed.ptr + 1, end, result.count);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        FAIL("SIMPLEALLOC_TEST_SEEDS is `" << wish << "`, neither SEED nor SEED+COUNT");
    return result;
}

/// Runs `check(generator)` for each seed; a failure prints the seed.
template <typename Check>
void for_each_case(std::uint64_t count, Check check) {
    const Seeds chosen = seeds(count);
    for (std::uint64_t i = 0; i < chosen.count; ++i) {
        const std::uint64_t seed = chosen.first + i;
        INFO("to run this case alone: SIMPLEALLOC_TEST_SEEDS=" << seed);
        Generator generator(seed);
        check(generator);
    }
    // tests/support/unit.py adds these up.
    std::printf("generated cases: %llu\n", static_cast<unsigned long long>(chosen.count));
}

/// How many cases went one way. A law says nothing where everything is impossible; a few chosen
/// seeds prove no share, so then nothing is asked.
inline void check_share(std::uint64_t some, std::uint64_t all, double least, double most) {
    if (std::getenv("SIMPLEALLOC_TEST_SEEDS") != nullptr) // NOLINT(concurrency-mt-unsafe)
        return;
    const double share = static_cast<double>(some) / static_cast<double>(all);
    CAPTURE(some, all);
    CHECK(share >= least);
    CHECK(share <= most);
}

} // namespace simplealloc::test
