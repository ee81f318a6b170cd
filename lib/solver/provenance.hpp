// SPDX-License-Identifier: MIT
// Who says what, and how it is known: the same words for candidates and for conflicts.
#pragma once

#include "lib/solver/feasibility.hpp"
#include "lib/solver/model.hpp"
#include "lib/solver/unit.hpp"

#include <vector>

namespace simplealloc::solver {

/// The unit's party with its value over all alternatives.
Contributor contributor(const Input& input, const Unit& unit);

/// All that the layout and the source's memory keep to, in the order of ConstraintKind.
/// `alternatives`: for each use of the input.
std::vector<MergedConstraint> provenance(const Input& input, const SourceInput& source,
                                         const std::vector<std::size_t>& alternatives,
                                         const Layout& layout);

} // namespace simplealloc::solver
