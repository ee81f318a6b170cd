// SPDX-License-Identifier: MIT
// Merged constraints that remember who limits what, and what a limit can collide with.
#pragma once

#include <simplealloc/constraints.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simplealloc::solver {

/// Constraints with the names of everybody who limits each of them. A party that is merged more
/// than once has to come in one go.
struct Merged {
    Constraints constraints;
    struct Contribution {
        ConstraintKind kind;
        std::string party;
        bool operator==(const Contribution&) const = default;
    };
    std::vector<Contribution> contributions;

    /// In the order in which they were merged.
    [[nodiscard]] std::vector<std::string> parties(ConstraintKind kind) const;
    /// Of `kind` and of everything that is opposed to it.
    [[nodiscard]] std::vector<std::string> parties_around(ConstraintKind kind) const;
};

/// As the merge of constraints; `party` is who they are of.
std::optional<ConstraintKind> merge(Merged& into, const Constraints& constraints,
                                    const std::string& party);

/// What a constraint may collide with: for a lower limit or a divisor the upper limits, for the
/// size as a whole everything that makes it grow.
std::span<const ConstraintKind> opposed(ConstraintKind kind);

} // namespace simplealloc::solver
