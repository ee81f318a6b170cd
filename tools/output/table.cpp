// SPDX-License-Identifier: MIT
// Puts the reports into tables and sentences.
#include "tools/output/table.hpp"

#include "tools/output/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::tools {

namespace {

std::string join(std::span<const std::string> items) {
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ", ") + item;
    return text;
}

std::string uses_of(const DeviceReport& device) {
    std::vector<std::string> names;
    for (const Use use : device.uses)
        names.emplace_back(to_string(use));
    return names.empty() ? "unknown" : join(names);
}

std::string or_unknown(const std::string& text) {
    return text.empty() ? "unknown" : text;
}

std::string facts_in_brief(std::span<const Fact> facts) {
    std::vector<std::string> texts;
    for (const Fact& fact : facts)
        texts.push_back(fmt::format("{}: {}{}", fact.name, fact.value,
                                    fact.confidence == Confidence::assumed ? " (assumed)" : ""));
    return join(texts);
}

std::string strides_of(const Layout& layout) {
    std::vector<std::string> strides;
    for (const Plane& plane : layout.planes)
        strides.push_back(fmt::to_string(plane.stride));
    return layout.fourcc == fourcc::bytes || strides.empty() ? "-" : join(strides);
}

const Criterion* find_criterion(const Candidate& candidate, std::string_view name) {
    for (const Criterion& criterion : candidate.criteria)
        if (criterion.name == name)
            return &criterion;
    return nullptr;
}

std::string value_of(const Candidate& candidate, std::string_view name) {
    const Criterion* criterion = find_criterion(candidate, name);
    return criterion ? criterion->value : "-";
}

/// Without the last tie-breaker, the name, which the table has as its source column.
std::vector<std::string> criteria_of(std::span<const Candidate> candidates) {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates)
        for (const Criterion& criterion : candidate.criteria)
            if (criterion.value != candidate.source &&
                std::find(names.begin(), names.end(), criterion.name) == names.end())
                names.push_back(criterion.name);
    return names;
}

TextTable candidate_table(std::span<const Candidate> candidates,
                          std::span<const std::string> criteria) {
    std::vector<Column> columns{
        {"#", true}, {"source"}, {"format"}, {"size", true}, {"stride", true}};
    for (const std::string& name : criteria)
        columns.push_back({name});
    TextTable table(std::move(columns));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        const Layout& layout = candidate.layout;
        // What is only predicted is marked, since the answer may differ.
        const std::string_view about = candidate.exact ? "" : "~";
        const Style style = candidate.unproven ? Style::warning
                            : i == 0           ? Style::good
                                               : Style::plain;
        std::vector<Cell> cells{
            {fmt::to_string(i + 1)},
            {candidate.source, style},
            {format_in_words(layout.fourcc, layout.modifier)},
            {fmt::format("{}{}", about, size_in_words(total_size(layout.dmabuf_sizes)))},
            {fmt::format("{}{}", about, strides_of(layout))},
        };
        for (const std::string& name : criteria)
            cells.push_back({value_of(candidate, name)});
        table.add(std::move(cells));
    }
    return table;
}

/// A column for each criterion. Where the screen is too narrow for that, those in which all
/// candidates are alike are said once, below.
std::string candidates_text(std::span<const Candidate> candidates, const Screen& screen) {
    std::vector<std::string> criteria = criteria_of(candidates);
    TextTable table = candidate_table(candidates, criteria);
    std::string alike;
    if (!table.fits(screen)) {
        const auto same = [&](const std::string& name) {
            return std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& c) {
                return value_of(c, name) == value_of(candidates.front(), name);
            });
        };
        for (const std::string& name : criteria)
            if (same(name))
                alike += fmt::format("{}{}: {}", alike.empty() ? "" : "; ", name,
                                     value_of(candidates.front(), name));
        std::erase_if(criteria, same);
        table = candidate_table(candidates, criteria);
    }

    std::string text = table.render(screen);
    if (!alike.empty())
        text += wrapped((candidates.size() > 1 ? "the same for all: " : "ranked by ") + alike, 2,
                        screen);
    const bool predicted = std::any_of(candidates.begin(), candidates.end(),
                                       [](const Candidate& c) { return !c.exact; });
    if (predicted)
        text += wrapped("~ predicted: the kernel decides, and its answer is checked", 2, screen);
    const bool unproven = std::any_of(candidates.begin(), candidates.end(),
                                      [](const Candidate& c) { return c.unproven; });
    if (unproven)
        text += wrapped("unproven candidates rest on something that no device said; "
                        "--strict rejects them",
                        2, screen);
    return text;
}

bool same_but_for_source(const Rejection& a, const Rejection& b) {
    return a.constraint == b.constraint && a.reason == b.reason && a.remedy == b.remedy &&
           a.required_by == b.required_by;
}

/// Sources that are rejected in the same words share a row.
std::string rejections_text(std::span<const Rejection> rejections, const Screen& screen) {
    if (rejections.empty())
        return {};
    std::vector<Rejection> rows;
    for (const Rejection& rejection : rejections) {
        const auto same = std::find_if(rows.begin(), rows.end(), [&](const Rejection& row) {
            return same_but_for_source(row, rejection);
        });
        if (same == rows.end())
            rows.push_back(rejection);
        else
            same->source += ", " + rejection.source;
    }
    TextTable table({{"source"}, {"constraint"}, {"why not"}, {"needed by"}});
    for (const Rejection& row : rows)
        table.add({{row.source}, {row.constraint}, {row.reason}, {join(row.required_by)}},
                  try_note(row.remedy));
    return heading("rejected", screen) + table.render(screen);
}

std::string conflict_text(std::span<const Conflict> conflict, const Screen& screen) {
    if (conflict.empty())
        return {};
    std::string text =
        heading(conflict.size() == 1 ? "this can't be met" : "these can't be met together", screen);
    TextTable table({{"constraint"}, {"meaning"}, {"who"}});
    for (const Conflict& part : conflict)
        table.add({{part.constraint},
                   {std::string(need_in_words(part.constraint))},
                   {part.parties.empty() ? "the request" : join_in_words(part.parties)}});
    return text + table.render(screen);
}

std::string contributors_text(std::span<const Conflict> conflict, const Screen& screen) {
    TextTable table({{"who"}, {"what"}, {"confidence"}, {"origin"}});
    for (const Conflict& part : conflict)
        for (const Contributor& who : part.contributors)
            table.add({{who.party},
                       {who.value},
                       {std::string(to_string(who.confidence)),
                        who.confidence == Confidence::known ? Style::plain : Style::warning},
                       {or_unknown(who.origin), Style::dim}});
    return table.empty() ? std::string() : "\n" + table.render(screen);
}

std::string relaxations_text(std::span<const Relaxation> relaxations, const Screen& screen) {
    if (relaxations.empty())
        return {};
    TextTable table({{"#", true}, {"what"}, {"source then"}, {"format"}, {"size", true}});
    for (std::size_t i = 0; i < relaxations.size(); ++i) {
        const Relaxation& offer = relaxations[i];
        table.add({{fmt::to_string(i + 1)},
                   {offer.what},
                   {offer.source, Style::good},
                   {format_in_words(offer.layout.fourcc, offer.layout.modifier)},
                   {size_in_words(total_size(offer.layout.dmabuf_sizes))}},
                  try_note(offer.how));
    }
    return heading("what would help, the least loss first", screen) + table.render(screen);
}

std::string quotas_text(std::span<const QuotaState> quotas, const Screen& screen) {
    if (quotas.empty())
        return {};
    TextTable table(
        {{"quota of"}, {"bytes", true}, {"in use", true}, {"left", true}, {"counts"}, {"from"}});
    for (const QuotaState& state : quotas)
        table.add({{state.quota.of.empty() ? "total" : state.quota.of},
                   {size_in_words(state.quota.bytes)},
                   {size_in_words(state.held)},
                   {size_in_words(state.left()), state.left() == 0 ? Style::bad : Style::plain},
                   {join(state.sources)},
                   {state.origin, Style::dim}});
    return heading("quotas", screen) + table.render(screen);
}

std::string constraints_text(const Candidate& candidate, const Screen& screen) {
    if (candidate.constraints.empty())
        return {};
    TextTable table({{"constraint"}, {"set by"}, {"value"}, {"confidence"}, {"origin"}});
    for (const MergedConstraint& merged : candidate.constraints) {
        if (merged.contributors.size() > 1)
            table.add({{merged.name}, {"all together"}, {merged.value}});
        for (const Contributor& who : merged.contributors)
            table.add({{merged.contributors.size() > 1 ? std::string() : merged.name},
                       {who.party},
                       {who.value},
                       {std::string(to_string(who.confidence)),
                        who.confidence == Confidence::known ? Style::plain : Style::warning},
                       {or_unknown(who.origin), Style::dim}});
    }
    return heading("what " + candidate.source + " keeps to", screen) + table.render(screen);
}

std::string lost_text(std::span<const Candidate> candidates, const Screen& screen) {
    TextTable table({{"candidate"}, {"lost to"}, {"by"}, {"its value"}, {"better"}, {"behind it"}});
    for (const Candidate& candidate : candidates)
        if (candidate.lost)
            table.add({{candidate.source},
                       {candidate.lost->to},
                       {candidate.lost->criterion},
                       {candidate.lost->value},
                       {candidate.lost->better_value},
                       {join(candidate.lost->parties)}},
                      try_note(candidate.lost->remedy));
    return table.empty() ? std::string()
                         : heading("why not the others", screen) + table.render(screen);
}

std::string attempts_text(std::span<const Attempt> attempts, std::string_view title,
                          const Screen& screen) {
    if (attempts.empty())
        return {};
    TextTable table({{"source"}, {"stage"}, {"cause"}, {"errno", true}, {"what happened"}});
    for (const Attempt& attempt : attempts)
        table.add({{attempt.source},
                   {std::string(to_string(attempt.stage))},
                   {std::string(to_string(attempt.cause)), Style::bad},
                   {attempt.sys_errno == 0 ? "-" : fmt::to_string(attempt.sys_errno)},
                   {message_alone(attempt)}},
                  try_note(attempt.remedy));
    return heading(title, screen) + table.render(screen);
}

std::string choice_text(std::span<const Candidate> candidates, const Screen& screen) {
    if (candidates.empty())
        return styled("no source on this machine serves it", Style::bad, screen) + "\n";
    const Candidate& best = candidates[0];
    std::string why = ": the only source that serves it";
    if (candidates.size() > 1) {
        const Candidate& second = candidates[1];
        const Criterion* criterion = deciding_criterion(candidates);
        why = criterion
                  ? fmt::format(", before {} by {}: {}, not {}", second.source, criterion->name,
                                criterion->value, value_of(second, criterion->name))
                  : fmt::format(", level with {}", second.source);
    }
    return wrapped("chosen: " + best.source + why, 0, screen);
}

std::string verdict(const Verification& verification) {
    if (!verification.imported)
        return "not tested";
    return *verification.imported ? "works" : "refused";
}

} // namespace

const Criterion* deciding_criterion(std::span<const Candidate> candidates) {
    if (candidates.size() < 2)
        return nullptr;
    for (const Criterion& criterion : candidates[0].criteria) {
        const Criterion* other = find_criterion(candidates[1], criterion.name);
        if (other && other->rank != criterion.rank)
            return &criterion;
    }
    return nullptr;
}

std::string devices_text(std::span<const DeviceReport> devices, const Screen& screen) {
    if (devices.empty())
        return "no DRM, accel or V4L2 device on this machine\n";
    TextTable table({{"device"}, {"subsystem"}, {"driver"}, {"uses"}});
    for (const DeviceReport& device : devices)
        table.add({{device.path, Style::good},
                   {device.subsystem},
                   {or_unknown(device.driver)},
                   {uses_of(device)}});
    return table.render(screen) + "\nmore about one of them: simplealloc devices PATH\n";
}

std::string device_text(const DeviceReport& device, const Screen& screen) {
    std::string text =
        wrapped(fmt::format("{}: {}, driver {}, can do: {}", device.path, device.subsystem,
                            or_unknown(device.driver), uses_of(device)),
                0, screen);
    TextTable table({{"fact"}, {"value"}, {"confidence"}, {"origin"}});
    for (const Fact& fact : device.facts)
        table.add({{fact.name},
                   {fact.value},
                   {std::string(to_string(fact.confidence)),
                    fact.confidence == Confidence::known ? Style::plain : Style::warning},
                   {fact.origin, Style::dim}});
    return table.empty() ? text : text + table.render(screen);
}

std::string policy_text(std::span<const PolicyValue> values, const Screen& screen) {
    TextTable table({{"section"}, {"key"}, {"value"}, {"from"}});
    for (const PolicyValue& value : values)
        table.add({{value.section}, {value.key}, {value.value}, {value.origin, Style::dim}});
    return table.render(screen);
}

std::string quirks_text(const QuirksReport& report, const Screen& screen) {
    std::string text =
        wrapped(fmt::format("{}: driver {}{}", report.path, or_unknown(report.driver),
                            report.quirks.empty() ? ", no quirk row is for it" : ""),
                0, screen);
    TextTable table({{"key"}, {"value"}, {"for"}, {"confidence"}, {"origin"}, {"source"}});
    for (const AppliedQuirk& quirk : report.quirks) {
        const bool known = quirk.confidence == Confidence::known;
        const std::string confidence =
            quirk.overridden ? "overridden" : std::string(to_string(quirk.confidence));
        table.add({{quirk.key, quirk.overridden ? Style::dim : Style::good},
                   {quirk.value},
                   {quirk.scope},
                   {confidence, known && !quirk.overridden ? Style::plain : Style::warning},
                   {fmt::format("{}:{}", quirk.file, quirk.line)},
                   {quirk.source, Style::dim}});
    }
    return table.empty() ? text : text + table.render(screen);
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
        table.add({{source.name},
                   {source.usable ? "yes" : "no", source.usable ? Style::good : Style::bad},
                   {source.path},
                   {source.usable ? facts_in_brief(source.facts) : source.reason}},
                  try_note(source.remedy));
    return table.render(screen);
}

std::string plan_text(const PlanReport& plan, const Screen& screen) {
    std::string text = wrapped(plan.request, 0, screen) + choice_text(plan.candidates, screen);
    if (!plan.candidates.empty())
        text +=
            heading("candidates, best first", screen) + candidates_text(plan.candidates, screen);
    text += quotas_text(plan.quotas, screen);
    text += rejections_text(plan.rejections, screen);
    text += conflict_text(plan.conflict, screen);
    text += contributors_text(plan.conflict, screen);
    text += relaxations_text(plan.relaxations, screen);
    return text;
}

std::string why_text(const PlanReport& plan, const Screen& screen) {
    std::string text = lost_text(plan.candidates, screen);
    for (const Candidate& candidate : plan.candidates)
        text += constraints_text(candidate, screen);
    return text;
}

std::string buffers_text(std::span<const BufferReport> buffers, const Screen& screen) {
    std::string text;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        const BufferReport& buffer = buffers[i];
        if (i > 0)
            text += "\n";
        if (buffers.size() > 1)
            text +=
                styled(fmt::format("buffer {} of {}", i + 1, buffers.size()), Style::bold, screen) +
                "\n";
        const std::string image =
            buffer.fourcc == fourcc::bytes
                ? std::string("bytes")
                : fmt::format("{}x{} {}", buffer.width, buffer.height,
                              format_in_words(buffer.fourcc, buffer.modifier));
        text += wrapped(fmt::format("allocated from {}: {}", buffer.source, image), 0, screen);

        TextTable dmabufs(
            {{"dma-buf", true}, {"size", true}, {"bytes", true}, {"exporter"}, {"inode", true}});
        for (std::size_t d = 0; d < buffer.dmabufs.size(); ++d)
            dmabufs.add({{fmt::to_string(d)},
                         {size_in_words(buffer.dmabufs[d].size)},
                         {fmt::to_string(buffer.dmabufs[d].size)},
                         {or_unknown(buffer.dmabufs[d].info.exporter)},
                         {fmt::to_string(buffer.dmabufs[d].info.inode)}});
        text += dmabufs.render(screen);

        if (buffer.fourcc != fourcc::bytes) {
            TextTable planes({{"plane", true},
                              {"dma-buf", true},
                              {"offset", true},
                              {"stride", true},
                              {"bytes", true}});
            for (std::size_t p = 0; p < buffer.planes.size(); ++p)
                planes.add({{fmt::to_string(p)},
                            {fmt::to_string(buffer.planes[p].dmabuf)},
                            {fmt::to_string(buffer.planes[p].offset)},
                            {fmt::to_string(buffer.planes[p].stride)},
                            {fmt::to_string(buffer.planes[p].size)}});
            text += "\n" + planes.render(screen);
        }
        if (!buffer.verified.empty()) {
            TextTable verified({{"device"}, {"import"}, {"how"}, {"why"}});
            for (const Verification& verification : buffer.verified)
                verified.add({{verification.device},
                              {verdict(verification), !verification.imported   ? Style::warning
                                                      : *verification.imported ? Style::good
                                                                               : Style::bad},
                              {verification.how},
                              {verification.reason}});
            text += heading("verified", screen) + verified.render(screen);
        }
        text += attempts_text(buffer.attempts, "tried before", screen);
    }
    return text;
}

std::string error_text(const Error& error, const Screen& screen,
                       std::optional<std::size_t> failed_buffer) {
    std::string text = "simplealloc: ";
    if (failed_buffer)
        text += fmt::format("buffer {}: ", *failed_buffer);
    // Not wrapped: one line each, whatever the screen, for those who search a log.
    text += printable(message_alone(error)) + "\n";
    if (!error.remedy.empty())
        text += styled("  try: ", Style::bold, screen) + printable(error.remedy) + "\n";
    return text;
}

std::string error_reasons_text(const Error& error, const Screen& screen) {
    return attempts_text(error.attempts, "tried", screen) +
           rejections_text(error.rejections, screen) + conflict_text(error.conflict, screen) +
           relaxations_text(error.relaxations, screen);
}

} // namespace simplealloc::tools
