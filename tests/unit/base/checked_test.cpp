// SPDX-License-Identifier: MIT
// Arithmetic that remembers an overflow.
#include "lib/base/checked.hpp"
#include "tests/support/catch.hpp"

using namespace simplealloc::solver;

namespace {

constexpr std::uint64_t most = UINT64_MAX;

} // namespace

TEST_CASE("what overflowed stays wrong, whatever is done with it") {
    CHECK((Checked{most} + 0).ok);
    CHECK_FALSE((Checked{most} + 1).ok);
    CHECK_FALSE((Checked{most} * 2).ok);
    CHECK_FALSE((Checked{most} * 2 * 0).ok);
    CHECK_FALSE((Checked{1} + (Checked{most} + 1)).ok);
    CHECK_FALSE(divide_up(Checked{most} + 1, 2).ok);
    CHECK_FALSE(round_up(Checked{most} + 1, 4).ok);
    CHECK_FALSE(common_multiple(Checked{most} + 1, 4).ok);
    CHECK_FALSE(common_multiple(4, Checked{most} * 3).ok);
}

TEST_CASE("rounding up takes the next multiple, and 0 is no rule") {
    CHECK(round_up(7, 4).value == 8);
    CHECK(round_up(8, 4).value == 8);
    CHECK(round_up(0, 4).value == 0);
    CHECK(round_up(1, 4).value == 4);
    CHECK(round_up(7, 0).value == 7);
    CHECK(round_up(2, most).value == most);
    CHECK_FALSE(round_up(most, 2).ok);
    CHECK(divide_up(most, 2) == most / 2 + 1);
}

TEST_CASE("a common multiple is the least one, and 0 is no rule") {
    CHECK(common_multiple(4, 6).value == 12);
    CHECK(common_multiple(0, 6).value == 6);
    CHECK(common_multiple(6, 1).value == 6);
    CHECK(common_multiple(0, 0).value == 1);
    CHECK_FALSE(common_multiple(most, most - 1).ok);
    CHECK(common_multiple(most, most).ok);
}
