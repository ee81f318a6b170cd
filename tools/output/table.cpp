// SPDX-License-Identifier: MIT
// Plans, buffers and failures, as tables and sentences.
#include "tools/output/table.hpp"

#include "tools/output/remedies.hpp"
#include "tools/output/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::tools {

namespace {

std::string strides_of(const Layout& layout) {
    std::vector<std::uint32_t> strides;
    for (const Plane& plane : layout.planes)
        strides.push_back(plane.stride);
    return layout.fourcc == fourcc::bytes || strides.empty() ? "-" : list_in_words(strides);
}

const Criterion* find_criterion(const Candidate& candidate, CriterionKind kind) {
    for (const Criterion& criterion : candidate.criteria)
        if (criterion.kind == kind)
            return &criterion;
    return nullptr;
}

std::string value_of(const Candidate& candidate, CriterionKind kind) {
    const Criterion* criterion = find_criterion(candidate, kind);
    return criterion ? criterion->value : "-";
}

/// Without the last tie-breaker, the name, which the table has as its source column.
std::vector<CriterionKind> criteria_of(std::span<const Candidate> candidates) {
    std::vector<CriterionKind> kinds;
    for (const Candidate& candidate : candidates)
        for (const Criterion& criterion : candidate.criteria)
            if (criterion.value != candidate.source &&
                std::ranges::find(kinds, criterion.kind) == kinds.end())
                kinds.push_back(criterion.kind);
    return kinds;
}

TextTable candidate_table(std::span<const Candidate> candidates,
                          std::span<const CriterionKind> criteria) {
    std::vector<Column> columns{
        {"#", true}, {"source"}, {"format"}, {"size", true}, {"stride", true}};
    for (const CriterionKind kind : criteria)
        columns.push_back({std::string(to_string(kind))});
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
            i + 1,
            {candidate.source, style},
            format_in_words(layout.fourcc, layout.modifier),
            fmt::format("{}{}", about, size_in_words(total_size(layout.dmabuf_sizes))),
            fmt::format("{}{}", about, strides_of(layout)),
        };
        for (const CriterionKind kind : criteria)
            cells.emplace_back(value_of(candidate, kind));
        table.add(std::move(cells));
    }
    return table;
}

/// A column for each criterion. Where the screen is too narrow for that, those in which all
/// candidates are alike are said once, below.
std::string candidates_text(std::span<const Candidate> candidates, const Screen& screen) {
    std::vector<CriterionKind> criteria = criteria_of(candidates);
    TextTable table = candidate_table(candidates, criteria);
    std::string alike;
    if (!table.fits(screen)) {
        const auto same = [&](CriterionKind kind) {
            return std::ranges::all_of(candidates, [&](const Candidate& c) {
                return value_of(c, kind) == value_of(candidates.front(), kind);
            });
        };
        for (const CriterionKind kind : criteria)
            if (same(kind))
                alike += fmt::format("{}{}: {}", alike.empty() ? "" : "; ", to_string(kind),
                                     value_of(candidates.front(), kind));
        std::erase_if(criteria, same);
        table = candidate_table(candidates, criteria);
    }

    std::string text = table.render(screen);
    if (!alike.empty())
        text += wrapped((candidates.size() > 1 ? "the same for all: " : "ranked by ") + alike, 2,
                        screen);
    if (!std::ranges::all_of(candidates, &Candidate::exact))
        text += wrapped("~ predicted: the kernel decides, and its answer is checked", 2, screen);
    if (std::ranges::any_of(candidates, &Candidate::unproven))
        text += wrapped("unproven candidates rest on something that no device said; "
                        "--strict rejects them",
                        2, screen);
    return text;
}

bool same_but_for_source(const Rejection& a, const Rejection& b) {
    return a.constraint == b.constraint && a.reason == b.reason && a.remedies == b.remedies &&
           a.required_by == b.required_by;
}

/// Sources that are rejected in the same words share a row.
std::string rejections_text(std::span<const Rejection> rejections, const Screen& screen) {
    std::vector<Rejection> rows;
    for (const Rejection& rejection : rejections) {
        const auto same = std::ranges::find_if(
            rows, [&](const Rejection& row) { return same_but_for_source(row, rejection); });
        if (same == rows.end())
            rows.push_back(rejection);
        else
            same->source += ", " + rejection.source;
    }
    TextTable table({{"source"}, {"constraint"}, {"why not"}, {"needed by"}});
    for (const Rejection& row : rows)
        table.add({row.source, std::string(to_string(row.constraint)), row.reason,
                   list_in_words(row.required_by)},
                  try_note(remedies_in_words(row.remedies)));
    return section("rejected", table, screen);
}

std::string conflict_text(std::span<const Conflict> conflict, const Screen& screen) {
    TextTable table({{"constraint"}, {"meaning"}, {"who"}});
    for (const Conflict& part : conflict)
        table.add({std::string(to_string(part.constraint)), need_in_words(part.constraint),
                   part.parties.empty() ? "the request" : join_in_words(part.parties)});
    return section(conflict.size() == 1 ? "this can't be met" : "these can't be met together",
                   table, screen);
}

std::string contributors_text(std::span<const Conflict> conflict, const Screen& screen) {
    TextTable table({{"who"}, {"what"}, {"confidence"}, {"origin"}});
    for (const Conflict& part : conflict)
        for (const Contributor& who : part.contributors)
            table.add({who.party,
                       who.value,
                       in_words(who.confidence),
                       {or_unknown(who.origin), Style::dim}});
    return table.empty() ? std::string() : "\n" + table.render(screen);
}

std::string relaxations_text(std::span<const Relaxation> relaxations, const Screen& screen) {
    TextTable table({{"#", true}, {"what"}, {"source then"}, {"format"}, {"size", true}});
    for (std::size_t i = 0; i < relaxations.size(); ++i) {
        const Relaxation& offer = relaxations[i];
        table.add({i + 1,
                   offer.what,
                   {offer.source, Style::good},
                   format_in_words(offer.layout.fourcc, offer.layout.modifier),
                   size_in_words(total_size(offer.layout.dmabuf_sizes))},
                  try_note(together_in_words(offer.how)));
    }
    return section("what would help, the least loss first", table, screen);
}

std::string quotas_text(std::span<const QuotaState> quotas, const Screen& screen) {
    TextTable table(
        {{"quota of"}, {"bytes", true}, {"in use", true}, {"left", true}, {"counts"}, {"from"}});
    for (const QuotaState& state : quotas)
        table.add({state.quota.of.empty() ? "total" : state.quota.of,
                   size_in_words(state.quota.bytes),
                   size_in_words(state.held),
                   {size_in_words(state.left()), state.left() == 0 ? Style::bad : Style::plain},
                   list_in_words(state.sources),
                   {state.origin, Style::dim}});
    return section("quotas", table, screen);
}

std::string constraints_text(const Candidate& candidate, const Screen& screen) {
    TextTable table({{"constraint"}, {"set by"}, {"value"}, {"confidence"}, {"origin"}});
    for (const MergedConstraint& merged : candidate.constraints()) {
        const std::string name(to_string(merged.constraint));
        if (merged.contributors.size() > 1)
            table.add({name, "all together", merged.value});
        for (const Contributor& who : merged.contributors)
            table.add({merged.contributors.size() > 1 ? Cell() : Cell(name),
                       who.party,
                       who.value,
                       in_words(who.confidence),
                       {or_unknown(who.origin), Style::dim}});
    }
    return section("what " + candidate.source + " keeps to", table, screen);
}

std::string lost_text(std::span<const Candidate> candidates, const Screen& screen) {
    TextTable table({{"candidate"}, {"lost to"}, {"by"}, {"its value"}, {"better"}, {"behind it"}});
    for (const Candidate& candidate : candidates)
        if (candidate.lost)
            table.add({candidate.source, candidate.lost->to,
                       std::string(to_string(candidate.lost->criterion)), candidate.lost->value,
                       candidate.lost->better_value, list_in_words(candidate.lost->parties)},
                      try_note(remedies_in_words({&candidate.lost->remedy, 1})));
    return section("why not the others", table, screen);
}

std::string attempts_text(std::span<const Attempt> attempts, std::string_view title,
                          const Screen& screen) {
    TextTable table({{"source"}, {"stage"}, {"cause"}, {"errno", true}, {"what happened"}});
    for (const Attempt& attempt : attempts)
        table.add({attempt.source,
                   attempt.stage,
                   {attempt.cause, Style::bad},
                   attempt.sys_errno == 0 ? Cell("-") : Cell(attempt.sys_errno),
                   message_alone(attempt)},
                  try_note(attempt.remedy));
    return section(title, table, screen);
}

std::string choice_text(std::span<const Candidate> candidates, const Screen& screen) {
    if (candidates.empty())
        return styled("no source on this machine serves it", Style::bad, screen) + "\n";
    const Candidate& best = candidates[0];
    std::string why = ": the only source that serves it";
    if (candidates.size() > 1) {
        const Candidate& second = candidates[1];
        const Criterion* criterion = deciding_criterion(candidates);
        why = criterion ? fmt::format(", before {} by {}: {}, not {}", second.source,
                                      to_string(criterion->kind), criterion->value,
                                      value_of(second, criterion->kind))
                        : fmt::format(", level with {}", second.source);
    }
    return wrapped("chosen: " + best.source + why, 0, screen);
}

Cell verdict(const Verification& verification) {
    if (!verification.imported)
        return {"not tested", Style::warning};
    return *verification.imported ? Cell("works", Style::good) : Cell("refused", Style::bad);
}

std::string dmabufs_text(const BufferReport& buffer, const Screen& screen) {
    TextTable table({{"dma-buf", true}, {"size", true}, {"exporter"}, {"inode", true}});
    for (std::size_t i = 0; i < buffer.dmabufs.size(); ++i)
        table.add({i, exact_size_in_words(buffer.dmabufs[i].size),
                   or_unknown(buffer.dmabufs[i].info.exporter), buffer.dmabufs[i].info.inode});
    return table.render(screen);
}

std::string planes_text(const BufferReport& buffer, const Screen& screen) {
    if (buffer.fourcc == fourcc::bytes)
        return {};
    TextTable table(
        {{"plane", true}, {"dma-buf", true}, {"offset", true}, {"stride", true}, {"bytes", true}});
    for (std::size_t i = 0; i < buffer.planes.size(); ++i) {
        const Plane& plane = buffer.planes[i];
        table.add({i, plane.dmabuf, plane.offset, plane.stride, plane.size});
    }
    return "\n" + table.render(screen);
}

std::string buffer_text(const BufferReport& buffer, const Screen& screen) {
    const std::string image = buffer.fourcc == fourcc::bytes
                                  ? std::string("bytes")
                                  : fmt::format("{}x{} {}", buffer.width, buffer.height,
                                                format_in_words(buffer.fourcc, buffer.modifier));
    TextTable verified({{"device"}, {"import"}, {"how"}, {"why"}});
    for (const Verification& one : buffer.verified)
        verified.add({one.device, verdict(one), one.how, one.reason});
    return wrapped(fmt::format("allocated from {}: {}", buffer.source, image), 0, screen) +
           dmabufs_text(buffer, screen) + planes_text(buffer, screen) +
           section("verified", verified, screen) +
           attempts_text(buffer.attempts, "tried before", screen);
}

} // namespace

const Criterion* deciding_criterion(std::span<const Candidate> candidates) {
    if (candidates.size() < 2)
        return nullptr;
    for (const Criterion& criterion : candidates[0].criteria) {
        const Criterion* other = find_criterion(candidates[1], criterion.kind);
        if (other && other->rank != criterion.rank)
            return &criterion;
    }
    return nullptr;
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
        if (i > 0)
            text += "\n";
        if (buffers.size() > 1)
            text +=
                styled(fmt::format("buffer {} of {}", i + 1, buffers.size()), Style::bold, screen) +
                "\n";
        text += buffer_text(buffers[i], screen);
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
    if (const std::string remedy = remedy_in_words(error); !remedy.empty())
        text += styled("  try: ", Style::bold, screen) + printable(remedy) + "\n";
    return text;
}

std::string error_reasons_text(const Error& error, const Screen& screen) {
    return attempts_text(error.attempts, "tried", screen) +
           rejections_text(error.rejections, screen) + conflict_text(error.conflict, screen) +
           relaxations_text(error.relaxations, screen);
}

} // namespace simplealloc::tools
