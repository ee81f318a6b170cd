// SPDX-License-Identifier: MIT
// What is in conflict, for people.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/explain/core.hpp"

#include <vector>

namespace simplealloc::solver {

/// The core in the words of the public interface.
std::vector<Conflict> conflict_of(const Input& input, const Core& core, Spending& spending);

/// What stands for it where nobody knows whether there is one.
std::vector<Conflict> undecided_conflict(const Input& input);

} // namespace simplealloc::solver
