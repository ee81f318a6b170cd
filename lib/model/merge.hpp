// SPDX-License-Identifier: MIT
// The merge of constraints: commutative, associative, idempotent, with Constraints{} as identity.
#pragma once

#include <simplealloc/constraints.hpp>

#include <optional>
#include <set>
#include <vector>

namespace simplealloc::solver {

/// Folds `constraints` into `into`. Returns the constraint that can't be satisfied any
/// more (an empty intersection, a minimum above its maximum, an overflowing common multiple), or
/// nothing. `into` stays as it was when there is one.
std::optional<ConstraintKind> merge(Constraints& into, const Constraints& constraints);

/// The one way to write these constraints: a divisor is at least 1, contiguity required and one
/// segment go together, what is said of plane 0 is said once, exporters are sorted. Merged
/// constraints are normal.
Constraints normal(Constraints constraints);

/// The part of constraints that a layout can satisfy or not; where memory comes from, and in how
/// many segments, is left out. What is open costs nothing in a merge.
struct Shape {
    Constraints constraints;
    std::uint64_t limited = 0; ///< bits of the rules that limit something
    std::uint32_t merging = 0; ///< what it costs to merge them, see work.hpp

    Shape() = default;
    explicit Shape(const Constraints& normal);
};

/// What it costs to merge them; see work.hpp.
std::uint32_t merging_cost(const Constraints& constraints);

/// As the merge of constraints, but leaves `into` spoilt when it fails.
std::optional<ConstraintKind> merge(Shape& into, const Shape& shape);

/// Whether every layout that satisfies `strict` satisfies `loose` too.
bool implies(const Shape& strict, const Shape& loose);

/// Whether what satisfies `strict` in `kind` satisfies `loose` in it.
bool implies(ConstraintKind kind, const Constraints& strict, const Constraints& loose);

/// Whether the value of `kind` differs from that of Constraints{}.
bool limits(const Constraints& constraints, ConstraintKind kind);

/// All kinds that limit something, in the order of ConstraintKind.
std::vector<ConstraintKind> limited(const Constraints& constraints);

/// The constraints without those of `kinds`.
Constraints without(const Constraints& constraints, const std::set<ConstraintKind>& kinds);

} // namespace simplealloc::solver
