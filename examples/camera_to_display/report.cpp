// SPDX-License-Identifier: MIT
// A plan in words.
#include "report.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace {

int column_width(const simplealloc::Candidate& candidate) {
    std::size_t width = candidate.source.size();
    for (const auto& criterion : candidate.criteria)
        width = std::max(width, criterion.value.size());
    return static_cast<int>(width) + 2;
}

/// The first criterion in which the best two differ decided between them.
void print_reason(std::ostream& out, std::span<const simplealloc::Candidate> candidates) {
    out << "chosen: " << candidates[0].source << ", ";
    if (candidates.size() == 1) {
        out << "the only source that suits both\n";
        return;
    }
    const auto& best = candidates[0].criteria;
    const auto& second = candidates[1].criteria;
    const auto equal = [](const auto& a, const auto& b) { return a.rank == b.rank; };
    const auto [mine, other] =
        std::mismatch(best.begin(), best.end(), second.begin(), second.end(), equal);
    if (mine == best.end() || other == second.end())
        out << "first by name\n";
    else
        out << "by " << to_string(mine->kind) << ": " << mine->value << ", where "
            << candidates[1].source << " is: " << other->value << '\n';
}

} // namespace

void print_plan(std::ostream& out, const simplealloc::Plan& plan) {
    const auto candidates = plan.candidates();
    if (!candidates.empty()) {
        out << "plan:\n  " << std::left << std::setw(14) << "source";
        for (const auto& candidate : candidates)
            out << std::setw(column_width(candidate)) << candidate.source;
        out << '\n';
        for (std::size_t i = 0; i < candidates.front().criteria.size(); ++i) {
            out << "  " << std::setw(14) << to_string(candidates.front().criteria[i].kind);
            for (const auto& candidate : candidates)
                out << std::setw(column_width(candidate)) << candidate.criteria[i].value;
            out << '\n';
        }
        print_reason(out, candidates);
    }
    for (const auto& rejection : plan.rejections()) {
        out << "  rejected " << rejection.source << ": " << rejection.reason;
        if (!rejection.remedies.empty())
            out << " (" << to_string(rejection.remedies) << ')';
        out << '\n';
    }
    for (const auto& conflict : plan.conflict()) {
        out << "  conflict: " << to_string(conflict.constraint);
        for (const auto& party : conflict.parties)
            out << ", " << party;
        out << '\n';
    }
}
