// SPDX-License-Identifier: MIT
// A plan in words.
#include "report.hpp"

#include <iomanip>
#include <ostream>

void print_plan(std::ostream& out, const simplealloc::Plan& plan) {
    const auto candidates = plan.candidates();
    if (!candidates.empty()) {
        out << "plan:\n  " << std::left << std::setw(14) << "source";
        for (const auto& candidate : candidates)
            out << std::setw(24) << candidate.source;
        out << '\n';
        for (std::size_t i = 0; i < candidates.front().criteria.size(); ++i) {
            out << "  " << std::setw(14) << candidates.front().criteria[i].name;
            for (const auto& candidate : candidates)
                out << std::setw(24) << candidate.criteria[i].value;
            out << '\n';
        }
    }
    for (const auto& rejection : plan.rejections()) {
        out << "  rejected " << rejection.source << ": " << rejection.reason;
        if (!rejection.remedy.empty())
            out << " (" << rejection.remedy << ')';
        out << '\n';
    }
    for (const auto& conflict : plan.conflict()) {
        out << "  conflict: " << conflict.constraint;
        for (const auto& party : conflict.parties)
            out << ", " << party;
        out << '\n';
    }
}
