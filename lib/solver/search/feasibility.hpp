// SPDX-License-Identifier: MIT
// Whether one source can serve the uses, with which layout, and everything that stands against it.
#pragma once

#include "lib/model/layout.hpp"
#include "lib/model/model.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/ways.hpp"
#include "lib/model/work.hpp"

#include <optional>
#include <string>
#include <vector>

namespace simplealloc::solver {

/// What of an Input is looked at, in the order that decides where wishes are equal.
struct Scope {
    std::vector<std::size_t>
        uses; ///< indices into Input::uses, those whose wishes count more first
    CpuAccess cpu = CpuAccess::none;
};

Scope whole(const Input& input);

struct Fit {
    Layout layout;
    std::vector<std::size_t> alternatives; ///< for each use of the scope
    Constraints merged;                    ///< of the uses alone
    std::vector<std::string> unproven_by;  ///< uses of which nobody knows whether they accept it
    std::vector<std::string> unsized_by;   ///< uses of which nobody knows how many bytes they want
    std::string undescribed;               ///< the source's Offer::undescribed, where it counts
    std::vector<std::string> assumed_by;   ///< uses whose limits rest on a default
    bool contiguity_needed = false;
    std::vector<std::uint64_t> modifiers; ///< see Choice
    bool explicit_modifier = false;

    [[nodiscard]] bool is_unproven() const {
        return !unproven_by.empty() || !unsized_by.empty() || !undescribed.empty();
    }
};

struct Evaluation {
    std::optional<Fit> fit;
    std::vector<Objection> objections; ///< independent of each other; empty when it fits
    bool undecided = false; ///< whether it fits is not known: not everything could be tried
};

/// What the source itself demands of a layout.
Constraints rules_of(const SourceInput& source, const FormatInfo& format);

/// What is the same for every source and every part of the input, worked out once. Borrows the
/// input, and gives back what it holds.
struct SearchContext {
    SearchContext(const Input& all, Spending& purse);

    const Input& input;
    Spending& spending;
    Spending::Memory memory;
    std::optional<FormatInfo> format; ///< nothing: can't be laid out
    std::vector<Ways> ways;           ///< for each use, where all could be afforded
    std::uint64_t pairs = 0;          ///< see Ways::pairs()
    bool complete = true;
};

/// The answer where the budget doesn't reach for a better one.
Objection out_of_budget(const Input& input);

/// `explain`: false when all that is asked is whether it fits; some objections are left out then.
Evaluation evaluate(const SearchContext& context, const Scope& scope, const SourceInput& source,
                    bool explain = true);
Evaluation evaluate(const Input& input, const Scope& scope, const SourceInput& source,
                    Spending& spending);

} // namespace simplealloc::solver
