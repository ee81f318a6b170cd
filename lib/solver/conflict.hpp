// SPDX-License-Identifier: MIT
// The smallest set of constraints and parties that can't hold together.
#pragma once

#include "lib/solver/model.hpp"

#include <vector>

namespace simplealloc::solver {

/// Only for an input without a candidate.
std::vector<Conflict> conflict_core(const Input& input);

} // namespace simplealloc::solver
