// SPDX-License-Identifier: MIT
// Programs that were built in every way that users build them, against an installed library.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <string>

namespace {

/// Of the build that this program belongs to; see tests/consumers/build_programs.py.
std::string program(const std::string& name) {
    const auto tests = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    return (tests / "consumers/programs" / name).string();
}

} // namespace

TEST_CASE("programs plan and allocate, however they were built", "[full]") {
    const std::string name = GENERATE(as<std::string>(), "c99", "cpp20", "cpp23", "no-exceptions",
                                      "static", "static-c", "cmake", "meson", "subproject");
    CAPTURE(name);
    const auto outcome = guest::run({program(name)});
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("dma-heap:system") != std::string::npos);
}

TEST_CASE("a plugin comes and goes, and leaves nothing", "[full]") {
    const auto outcome = guest::run({program("plugin"), program("plugin.so")});
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.output, Catch::Matchers::StartsWith("21 times, "));
}

TEST_CASE("README.md's program runs", "[stock]") {
    const auto outcome = guest::run({program("readme")});
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.output, Catch::Matchers::StartsWith("drm-dumb:card0, dma-buf "));
    CHECK(outcome.output.find("stride 5120\n") != std::string::npos);
}
