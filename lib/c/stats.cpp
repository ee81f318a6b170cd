// SPDX-License-Identifier: MIT
// Statistics for C.
#include "lib/c/stats.hpp"

#include "lib/c/handed.hpp"

#include <initializer_list>
#include <string_view>

namespace simplealloc::c {

namespace {

std::string quoted(const std::string& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char character : text) {
        if (const auto code = static_cast<unsigned char>(character); code < ' ')
            out += {'\\', 'u', '0', '0', digits[code / 16], digits[code % 16]};
        else if (character == '"' || character == '\\')
            out += {'\\', character};
        else
            out += character;
    }
    return out + '"';
}

/// `"name":value` of each, behind commas.
std::string members(std::initializer_list<std::pair<std::string_view, std::uint64_t>> numbers) {
    std::string out;
    for (const auto& [name, number] : numbers)
        out += ",\"" + std::string(name) + "\":" + std::to_string(number);
    return out;
}

std::string json(const SourceStats& stats) {
    std::string failures;
    for (const auto& [cause, count] : stats.failures)
        failures += members({{to_string(cause), count}});
    return "{\"source\":" + (stats.source.empty() ? "null" : quoted(stats.source)) +
           members({{"bytes", stats.bytes},
                    {"peak_bytes", stats.peak_bytes},
                    {"buffers", stats.buffers},
                    {"peak_buffers", stats.peak_buffers},
                    {"allocations", stats.allocations},
                    {"fallbacks", stats.fallbacks},
                    {"imports_passed", stats.imports_passed},
                    {"imports_refused", stats.imports_refused},
                    {"imports_untested", stats.imports_untested}}) +
           ",\"failures\":{" + failures.substr(failures.empty() ? 0 : 1) + "}}";
}

std::string json(const Stats& stats) {
    std::string sources;
    for (const SourceStats& source : stats.sources)
        sources += "," + json(source);
    return "{\"total\":" + json(stats.total) + ",\"sources\":[" +
           sources.substr(sources.empty() ? 0 : 1) + "]}";
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
