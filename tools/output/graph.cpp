// SPDX-License-Identifier: MIT
// Writes the DOT language: nodes with lines of text, and edges.
#include "tools/output/graph.hpp"

#include "tools/output/remedies.hpp"
#include "tools/output/text_table.hpp"
#include "tools/output/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace simplealloc::tools {

namespace {

constexpr Screen label_width{44, false};

constexpr const char* good = "color=\"#1b7837\", penwidth=2";
constexpr const char* chosen = "color=\"#1b7837\", penwidth=3";
constexpr const char* bad = "color=\"#b2182b\", penwidth=2";
constexpr const char* rejected = "style=dashed, color=\"#b2182b\"";
constexpr const char* dim = "color=\"#707070\"";

/// A string of DOT escapes quotes and backslashes as JSON does, and has to be UTF-8 as well. What
/// looks like an HTML entity would become its character.
std::string quoted(std::string_view text) {
    std::string clean = printable(text);
    for (std::size_t at = 0; (at = clean.find('&', at)) != std::string::npos; at += 5)
        clean.replace(at, 1, "&amp;");
    using Json = nlohmann::json;
    return Json(clean).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Lines of text, aligned to the left.
class Label {
public:
    /// Wrapped where it is long.
    Label& line(std::string_view text) {
        const std::string lines = wrapped(text, 0, label_width);
        for (std::size_t begin = 0; begin < lines.size();) {
            const std::size_t end = lines.find('\n', begin);
            const std::string one = quoted(std::string_view(lines).substr(begin, end - begin));
            text_.append(one, 1, one.size() - 2).append("\\l");
            begin = end + 1;
        }
        return *this;
    }
    [[nodiscard]] std::string text() const { return '"' + text_ + '"'; }

private:
    std::string text_;
};

std::string node(const std::string& id, const Label& label, std::string_view attributes = {}) {
    return fmt::format("  {} [label={}{}{}]\n", id, label.text(), attributes.empty() ? "" : ", ",
                       attributes);
}

/// From party to lines in words.
using Limits = std::map<std::string, std::vector<std::string>>;

void add_limits(std::span<const Contributor> contributors, Limits& limits) {
    for (const Contributor& one : contributors) {
        std::string text = fmt::format("{}: {}", to_string(one.constraint), one.value);
        if (one.confidence != Confidence::known)
            text += fmt::format(" ({})", to_string(one.confidence));
        std::vector<std::string>& known = limits[one.party];
        if (std::ranges::find(known, text) == known.end())
            known.push_back(std::move(text));
    }
}

/// What each party sets of that which decides: the first candidate's limits, or the conflict.
Limits limits_of(const PlanReport& plan, std::span<const MergedConstraint> constraints) {
    Limits limits;
    for (const MergedConstraint& merged : constraints)
        add_limits(merged.contributors, limits);
    for (const Conflict& conflict : plan.conflict)
        add_limits(conflict.contributors, limits);
    return limits;
}

bool is_source(const PlanReport& plan, const std::string& name) {
    const auto called = [&](const auto& one) { return one.source == name; };
    return std::ranges::any_of(plan.candidates, called) ||
           std::ranges::any_of(plan.rejections, called);
}

/// The uses, then whoever else has a say (the CPU, the request), with their edges to the request.
std::string parties_text(const GraphReport& report, const Limits& limits) {
    std::vector<GraphUse> parties = report.uses;
    for (const auto& entry : limits) {
        if (!is_source(report.plan, entry.first) &&
            std::ranges::find(parties, entry.first, &GraphUse::party) == parties.end())
            parties.push_back({entry.first, {}});
    }
    const bool served = !report.plan.candidates.empty();
    std::string text;
    for (std::size_t i = 0; i < parties.size(); ++i) {
        Label label;
        label.line(parties[i].party);
        if (!parties[i].driver.empty())
            label.line("driver " + parties[i].driver);
        const auto known = limits.find(parties[i].party);
        const bool in_conflict = !served && known != limits.end();
        if (known != limits.end())
            for (const std::string& limit : known->second)
                label.line(limit);
        const char* colour = served ? good : in_conflict ? bad : dim;
        text += node(fmt::format("party{}", i), label, colour);
        text += fmt::format("  party{} -> request [{}]\n", i, colour);
    }
    return text;
}

std::string layout_in_words(const Candidate& candidate) {
    const Layout& layout = candidate.layout;
    std::string text = fmt::format("{}, {}{}", format_in_words(layout.fourcc, layout.modifier),
                                   candidate.exact ? "" : "about ",
                                   size_in_words(total_size(layout.dmabuf_sizes)));
    if (layout.fourcc != fourcc::bytes && !layout.planes.empty())
        text += fmt::format(", stride {}", layout.planes.front().stride);
    return text;
}

std::string request_text(const PlanReport& plan, std::span<const MergedConstraint> constraints) {
    Label label;
    label.line(plan.request);
    if (plan.candidates.empty())
        label.line("no source on this machine serves it");
    for (const MergedConstraint& merged : constraints)
        if (merged.contributors.size() > 1)
            label.line(fmt::format("{}: {}", to_string(merged.constraint), merged.value));
    return node("request", label,
                fmt::format("style=rounded, {}", plan.candidates.empty() ? bad : good));
}

std::string candidates_text(std::span<const Candidate> candidates, const Limits& limits) {
    std::string text;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        Label label;
        label.line(fmt::format("{}: {}", i + 1, candidate.source));
        label.line(layout_in_words(candidate));
        if (i == 0)
            label.line("chosen");
        if (candidate.unproven)
            label.line("unproven");
        const auto own = limits.find(candidate.source);
        if (i == 0 && own != limits.end())
            for (const std::string& limit : own->second)
                label.line(limit);
        if (candidate.lost)
            label.line(fmt::format("after {} by {}: {}, not {}", candidate.lost->to,
                                   to_string(candidate.lost->criterion), candidate.lost->value,
                                   candidate.lost->better_value));
        const char* style = i == 0 ? chosen : dim;
        text += node(fmt::format("candidate{}", i), label, style);
        text += fmt::format("  request -> candidate{} [{}]\n", i, style);
    }
    return text;
}

/// A source with several reasons is one node.
std::string rejections_text(std::span<const Rejection> rejections) {
    std::vector<std::string> sources;
    for (const Rejection& rejection : rejections)
        if (std::ranges::find(sources, rejection.source) == sources.end())
            sources.push_back(rejection.source);
    std::string text;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        Label label;
        label.line(sources[i]).line("rejected");
        for (const Rejection& rejection : rejections) {
            if (rejection.source != sources[i])
                continue;
            label.line(fmt::format("{}: {}", to_string(rejection.constraint), rejection.reason));
            if (!rejection.required_by.empty())
                label.line("needed by " + join_in_words(rejection.required_by));
            if (!rejection.remedies.empty())
                label.line("try: " + remedies_in_words(rejection.remedies));
        }
        text += node(fmt::format("rejected{}", i), label, rejected);
        text += fmt::format("  request -> rejected{} [{}, arrowhead=none]\n", i, rejected);
    }
    return text;
}

} // namespace

std::string graph_dot(const GraphReport& report) {
    const PlanReport& plan = report.plan;
    std::vector<MergedConstraint> constraints;
    if (!plan.candidates.empty())
        constraints = plan.candidates.front().constraints();
    const Limits limits = limits_of(plan, constraints);
    return "digraph simplealloc {\n"
           "  rankdir=LR\n"
           "  node [shape=box, fontname=\"sans-serif\", fontsize=10]\n" +
           parties_text(report, limits) + request_text(plan, constraints) +
           candidates_text(plan.candidates, limits) + rejections_text(plan.rejections) + "}\n";
}

} // namespace simplealloc::tools
