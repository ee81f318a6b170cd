// SPDX-License-Identifier: MIT
// Statistics as a table.
#include "tools/output/table.hpp"

#include "tests/support/catch.hpp"

using namespace simplealloc;
using namespace simplealloc::tools;

namespace {

SourceStats heap() {
    SourceStats stats;
    stats.source = "dma-heap:system";
    stats.bytes = 2U << 20U;
    stats.peak_bytes = 3U << 20U;
    stats.buffers = 2;
    stats.allocations = 5;
    return stats;
}

} // namespace

TEST_CASE("one source is one line, without columns that say nothing") {
    Stats stats;
    stats.sources = {heap()};
    CHECK(stats_text(stats, {}) ==
          "statistics\n"
          "  source           buffers  bytes   peak  allocated  as fallback\n"
          "  dma-heap:system        2  2 MiB  3 MiB          5            0\n");
}

TEST_CASE("several sources have a line for all, failures their causes, imports their results") {
    Stats stats;
    stats.sources = {heap(), heap()};
    stats.sources[0].failures = {{Cause::exhausted, 2}, {Cause::refused, 1}};
    stats.sources[1].imports_passed = 4;
    stats.sources[1].imports_untested = 1;
    stats.total.allocations = 10;
    const std::string text = stats_text(stats, {160, false});
    CHECK(text.find("2 exhausted, 1 refused\n") != std::string::npos);
    CHECK(text.find("4 passed, 1 untested") != std::string::npos);
    CHECK(text.find("\n  all ") != std::string::npos);
}
