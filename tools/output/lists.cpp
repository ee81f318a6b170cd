// SPDX-License-Identifier: MIT
// What there is on the machine, as tables: devices, sources, rows of files, events.
#include "tools/output/table.hpp"

#include "tools/output/capability_limits.hpp"
#include "tools/output/words.hpp"

#include <fmt/format.h>

namespace simplealloc::tools {

namespace {

std::string uses_of(const DeviceReport& device) {
    return or_unknown(list_in_words(device.uses));
}

std::string facts_in_brief(std::span<const Fact> facts) {
    std::vector<std::string> texts;
    for (const Fact& fact : facts)
        texts.push_back(fmt::format("{}: {}{}", fact.name, fact.value,
                                    fact.confidence == Confidence::assumed ? " (assumed)" : ""));
    return list_in_words(texts);
}

std::string known_by(const Evidence& evidence) {
    if (evidence.confidence == Confidence::known)
        return evidence.origin;
    return fmt::format("{}{}{}", to_string(evidence.confidence),
                       evidence.origin.empty() ? "" : ": ", evidence.origin);
}

std::string limits_text(const CapabilitySet& set, const Screen& screen) {
    TextTable table({{"constraint"}, {"value"}, {"known by"}});
    for (const Limit& limit : limits_of(set))
        table.add({limit.kind, value_in_words(limit), known_by(limit.evidence)});
    return table.empty() ? wrapped("no limits", 2, screen) : table.render(screen);
}

std::string modifiers_of(const FormatSupport& format) {
    std::string text;
    for (const std::uint64_t modifier : format.modifiers)
        text += (text.empty() ? "" : " ") + to_string(Modifier::named(modifier));
    return text.empty() ? "-" : text;
}

std::string formats_text(const CapabilitySet& set, const Screen& screen) {
    const auto known = set.evidence.find(ConstraintKind::format);
    const std::string origin = known != set.evidence.end() ? known_by(known->second) : "";
    const std::string note = origin.empty() ? "" : wrapped("known by " + origin, 2, screen);
    if (set.formats.empty())
        return wrapped("any format, linear", 2, screen) + note;
    TextTable table({{"format"}, {"modifiers"}, {"without modifier"}});
    for (const FormatSupport& format : set.formats)
        table.add({format.fourcc, modifiers_of(format), format.without_modifier ? "yes" : "no"});
    return table.render(screen) + note;
}

void append(std::string& text, std::uint64_t count, std::string_view what) {
    if (count != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
}

void add(TextTable& table, std::string_view name, const SourceStats& stats) {
    std::string imports;
    append(imports, stats.imports_passed, "passed");
    append(imports, stats.imports_refused, "refused");
    append(imports, stats.imports_untested, "untested");
    std::string failures;
    for (const auto& [cause, count] : stats.failures)
        append(failures, count, to_string(cause));
    table.add({name,
               stats.buffers,
               size_in_words(stats.bytes),
               size_in_words(stats.peak_bytes),
               stats.allocations,
               stats.fallbacks,
               imports,
               {failures, Style::warning}});
}

} // namespace

std::string devices_text(std::span<const DeviceReport> devices, const Screen& screen) {
    if (devices.empty())
        return "no DRM, accel or V4L2 device on this machine\n";
    TextTable table({{"device"}, {"subsystem"}, {"driver"}, {"uses"}});
    for (const DeviceReport& device : devices)
        table.add({{device.path, Style::good},
                   device.subsystem,
                   or_unknown(device.driver),
                   uses_of(device)});
    return table.render(screen) + "\nmore about one of them: simplealloc devices PATH\n";
}

std::string device_text(const DeviceReport& device, const Screen& screen) {
    const std::string text =
        fmt::format("{}: {}, driver {}, can do: {}", device.path, device.subsystem,
                    or_unknown(device.driver), uses_of(device));
    TextTable table({{"fact"}, {"value"}, {"confidence"}, {"origin"}});
    for (const Fact& fact : device.facts)
        table.add({fact.name, fact.value, in_words(fact.confidence), {fact.origin, Style::dim}});
    return wrapped(text, 0, screen) + table.render(screen);
}

std::string policy_text(std::span<const PolicyValue> values, const Screen& screen) {
    TextTable table({{"section"}, {"key"}, {"value"}, {"from"}});
    for (const PolicyValue& value : values)
        table.add({value.section, value.key, value.value, {value.origin, Style::dim}});
    return table.render(screen);
}

std::string quirks_text(const QuirksReport& report, const Screen& screen) {
    const std::string text = fmt::format("{}: driver {}{}", report.path, or_unknown(report.driver),
                                         report.quirks.empty() ? ", no quirk row is for it" : "");
    TextTable table({{"key"}, {"value"}, {"for"}, {"confidence"}, {"origin"}, {"source"}});
    for (const AppliedQuirk& quirk : report.quirks)
        table.add(
            {{quirk.key, quirk.overridden ? Style::dim : Style::good},
             quirk.value,
             quirk.scope,
             quirk.overridden ? Cell("overridden", Style::warning) : in_words(quirk.confidence),
             fmt::format("{}:{}", quirk.file, quirk.line),
             {quirk.source, Style::dim}});
    return wrapped(text, 0, screen) + table.render(screen);
}

std::string file_check_text(const std::string& file, const FileReport& report,
                            std::string_view row) {
    if (report.mistakes.empty())
        return printable(fmt::format("{}: {} {}{}", file, report.understood, row,
                                     report.understood == 1 ? "" : "s")) +
               "\n";
    std::string text;
    for (const FileMistake& mistake : report.mistakes)
        text += printable(fmt::format("{}:{}: {}", file, mistake.line, mistake.text)) + "\n";
    return text;
}

std::string sources_text(std::span<const SourceInfo> sources, const Screen& screen) {
    if (sources.empty())
        return "no source of memory on this machine\n";
    TextTable table({{"source"}, {"usable"}, {"node"}, {"what is known"}});
    for (const SourceInfo& source : sources)
        table.add({source.name, in_words(source.usable), source.path,
                   source.usable ? facts_in_brief(source.facts) : source.reason},
                  try_note(source.remedy));
    return table.render(screen);
}

std::string capabilities_text(const CapabilityReport& report, const Screen& screen) {
    std::string text;
    for (std::size_t i = 0; i < report.sets.size(); ++i) {
        const CapabilitySet& set = report.sets[i];
        std::string title = fmt::format("{} ({})", report.device, to_string(report.use));
        if (report.sets.size() > 1)
            title += fmt::format(", way {} of {}", i + 1, report.sets.size());
        if (!set.label.empty())
            title += ": " + set.label;
        text += (i > 0 ? "\n" : "") + styled(title, Style::bold, screen) + "\n";
        text += limits_text(set, screen);
        if (set.import_path == ImportPath::vmap)
            text += wrapped("its driver copies through a kernel mapping", 2, screen);
        if (report.fourcc != fourcc::bytes)
            text += "\n" + formats_text(set, screen);
    }
    return text;
}

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

std::string listening_line(std::string_view origin) {
    return fmt::format("listening to {}\n", origin == "udev" ? "udev" : "the kernel");
}

std::string hotplug_line(const HotplugEvent& event) {
    std::string text = event.kind == HotplugKind::rescan
                           ? std::string("rescan: events were lost, so anything may have changed")
                           : fmt::format("{} {} {} ({})", to_string(event.kind),
                                         to_string(event.subject), event.path, event.subsystem);
    if (!event.sources_added.empty())
        text += "; new: " + join_in_words(event.sources_added);
    if (!event.sources_removed.empty())
        text += "; gone: " + join_in_words(event.sources_removed);
    return printable(text) + "\n";
}

} // namespace simplealloc::tools
