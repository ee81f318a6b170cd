// SPDX-License-Identifier: MIT
// Statistics for C.
#include "lib/c/stats.hpp"

#include "lib/c/handed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace simplealloc::c {

namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char character : text) {
        if (static_cast<unsigned char>(character) < ' ')
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(character));
        else if (character == '"' || character == '\\')
            out += {'\\', character};
        else
            out += character;
    }
    return out + '"';
}

std::string json(const SourceStats& stats) {
    std::vector<std::string> failures;
    for (const auto& [cause, count] : stats.failures)
        failures.push_back(fmt::format("\"{}\":{}", to_string(cause), count));
    return fmt::format(
        R"({{"source":{},"bytes":{},"peak_bytes":{},"buffers":{},"peak_buffers":{},)"
        R"("allocations":{},"fallbacks":{},"imports_passed":{},"imports_refused":{},)"
        R"("imports_untested":{},"failures":{{{}}}}})",
        stats.source.empty() ? "null" : quoted(stats.source), stats.bytes, stats.peak_bytes,
        stats.buffers, stats.peak_buffers, stats.allocations, stats.fallbacks, stats.imports_passed,
        stats.imports_refused, stats.imports_untested, fmt::join(failures, ","));
}

std::string json(const Stats& stats) {
    std::vector<std::string> sources;
    for (const SourceStats& source : stats.sources)
        sources.push_back(json(source));
    return fmt::format(R"({{"total":{},"sources":[{}]}})", json(stats.total),
                       fmt::join(sources, ","));
}

} // namespace

simplealloc_failure_count to_c(const Failures::value_type& failure, Arena& /*arena*/) {
    return {static_cast<simplealloc_cause>(failure.first), failure.second};
}

static simplealloc_source_stats to_c(const SourceStats& stats, Arena& arena) {
    return {arena.text(stats.source),
            stats.bytes,
            stats.peak_bytes,
            stats.buffers,
            stats.peak_buffers,
            stats.allocations,
            stats.fallbacks,
            stats.imports_passed,
            stats.imports_refused,
            stats.imports_untested,
            arena.pointers<simplealloc_failure_count>(
                stats.failures, [&](const auto& item) { return arena.add(to_c(item, arena)); })};
}

simplealloc_stats to_c(const Stats& stats, Arena& arena) {
    return {arena.add(to_c(stats.total, arena)), arena.list(stats.sources),
            arena.text(json(stats))};
}

} // namespace simplealloc::c

void simplealloc_stats_free(simplealloc_stats* stats) {
    simplealloc::c::take_back(stats);
}
