// SPDX-License-Identifier: MIT
// Ranges of kernel versions.
#include "lib/discovery/quirks/kernel_range.hpp"

#include "tests/support/catch.hpp"

#include <string>

using namespace simplealloc;

TEST_CASE("a range has the kernels from its first to its last, each end as written") {
    const auto [range, release, inside] = GENERATE(table<std::string, std::string, bool>({
        {"5.10..6.12", "5.9.99", false},
        {"5.10..6.12", "5.10.0", true},
        {"5.10..6.12", "6.12.117+deb12-amd64", true},
        {"5.10..6.12", "6.13.0-rc1", false},
        {"5.10.7..6.12", "5.10.6", false},
        {"5.10.7..", "5.10.7", true},
        {"..6.12", "3.4.0-g12", true},
        {"..6.12.3", "6.12.4", false},
        {">=5.10", "5.10", true},
        {">= 5.10", "5.9", false},
        {">=5.10.1", "5.10", false},
        {"<6.1", "6.0.19", true},
        {"<6.1", "6.1.0", false},
        {"<=6.1", "6.1.99", true},
        {"6.6", "6.6.31", true},
        {"6.6", "6.7", false},
        {"6", "6.99", true},
        {"..6", "unknown", false},
        {"..6", "", false},
    }));
    CAPTURE(range, release);
    const auto parsed = parse_kernel_range(range);
    REQUIRE(parsed);
    CHECK(contains(*parsed, release) == inside);
}

TEST_CASE("what is no range of kernels is refused") {
    const std::string text =
        GENERATE("", "..", "6.", "6.x", "v6.1", ">6.1", ">=", "<", "6.1-rc1", "6.12..5.10",
                 "5.10...6.1", "5.10..6.1..6.2", "1.2.3.4", "99999999999", "5.10 .. 6.1", "-6");
    CAPTURE(text);
    CHECK_FALSE(parse_kernel_range(text));
}
