// SPDX-License-Identifier: MIT
// What stands against a source whatever the uses are.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/objection.hpp"
#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <optional>
#include <vector>

namespace simplealloc::solver {

/// Whether it is left out.
std::optional<Objection> check_policy(const SourceInput& source);

/// Access to it, the format, and the CPU's way to its memory.
std::vector<Objection> check_offer(const Input& input, const SourceInput& source,
                                   const Scope& scope, const Wanted& wanted);

} // namespace simplealloc::solver
