// SPDX-License-Identifier: MIT
// What is in conflict, for people.
#pragma once

#include "lib/solver/core.hpp"
#include "lib/solver/model.hpp"

#include <vector>

namespace simplealloc::solver {

/// The core in the words of the public interface.
std::vector<Conflict> conflict_of(const Input& input, const Core& core);

} // namespace simplealloc::solver
