// SPDX-License-Identifier: MIT
// Puts capability sets into tables.
#include "tools/output/capabilities.hpp"

#include "tools/output/capability_limits.hpp"

#include <fmt/format.h>

namespace simplealloc::tools {

namespace {

std::string known_by(const Evidence& evidence) {
    if (evidence.confidence == Confidence::known)
        return evidence.origin;
    return evidence.origin.empty()
               ? std::string(to_string(evidence.confidence))
               : fmt::format("{}: {}", to_string(evidence.confidence), evidence.origin);
}

std::string limits_text(const CapabilitySet& set, const Screen& screen) {
    TextTable table({{"constraint"}, {"value"}, {"known by"}});
    for (const Limit& limit : limits_of(set))
        table.add({{std::string(to_string(limit.kind))},
                   {value_in_words(limit)},
                   {known_by(limit.evidence)}});
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
        table.add({{to_string(format.fourcc)},
                   {modifiers_of(format)},
                   {format.without_modifier ? "yes" : "no"}});
    return table.render(screen) + note;
}

} // namespace

std::string capabilities_text(const CapabilityReport& report, const Screen& screen) {
    std::string text;
    for (std::size_t i = 0; i < report.sets.size(); ++i) {
        const CapabilitySet& set = report.sets[i];
        std::string title = report.sets.size() == 1
                                ? fmt::format("{} ({})", report.device, to_string(report.use))
                                : fmt::format("{} ({}), way {} of {}", report.device,
                                              to_string(report.use), i + 1, report.sets.size());
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

} // namespace simplealloc::tools
