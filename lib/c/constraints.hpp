// SPDX-License-Identifier: MIT
// Constraints from and to C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/constraints.h>
#include <simplealloc/constraints.hpp>

namespace simplealloc::c {

simplealloc_constraint to_c(ConstraintKind kind);
ConstraintKind read_constraint(const simplealloc_constraint& constraint);

simplealloc_constraints to_c(const Constraints& constraints, Arena& arena);
/// Of NULL: no limit.
Constraints read_constraints(const simplealloc_constraints* constraints);

} // namespace simplealloc::c
