// SPDX-License-Identifier: MIT
// What an Allocator gave and refused, as a table for people.
#include "tools/output/stats.hpp"

#include "tools/output/words.hpp"

#include <fmt/format.h>

namespace simplealloc::tools {

namespace {

void append(std::string& text, std::uint64_t count, std::string_view what) {
    if (count != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
}

void add(TextTable& table, const std::string& name, const SourceStats& stats) {
    std::string imports;
    append(imports, stats.imports_passed, "passed");
    append(imports, stats.imports_refused, "refused");
    append(imports, stats.imports_untested, "untested");
    std::string failures;
    for (const auto& [cause, count] : stats.failures)
        append(failures, count, to_string(cause));
    table.add({{name},
               {fmt::format("{}", stats.buffers)},
               {size_in_words(stats.bytes)},
               {size_in_words(stats.peak_bytes)},
               {fmt::format("{}", stats.allocations)},
               {fmt::format("{}", stats.fallbacks)},
               {imports},
               {failures, Style::warning}});
}

} // namespace

std::string stats_text(const Stats& stats, const Screen& screen) {
    TextTable table({{"source"},
                     {"buffers", true},
                     {"bytes", true},
                     {"peak", true},
                     {"allocated", true},
                     {"as fallback", true},
                     {"imports"},
                     {"failures"}});
    for (const SourceStats& source : stats.sources)
        add(table, source.source, source);
    if (stats.sources.size() > 1)
        add(table, "all", stats.total);
    return styled("statistics", Style::bold, screen) + "\n" + table.render(screen);
}

} // namespace simplealloc::tools
