// SPDX-License-Identifier: MIT
// The order of candidates: lexicographic, total, and visible on every candidate.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <vector>

namespace simplealloc::solver {

/// The criteria of one candidate, in the order in which they decide. `name` gets its rank among
/// others in sort_by_rank().
std::vector<Criterion> criteria(const Input& input, const SourceInput& source, const Fit& fit);

/// How well memory with this caching suits what the CPU does.
Criterion cpu_fit(CpuAccess access, CpuCaching caching);

/// Best first.
void sort_by_rank(std::vector<Choice>& choices);

} // namespace simplealloc::solver
