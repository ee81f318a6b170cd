// SPDX-License-Identifier: MIT
// Why a candidate is not the first one.
#pragma once

#include "lib/model/model.hpp"

#include <vector>

namespace simplealloc::solver {

/// Fills Candidate::lost of all but the first; they are in their order.
void explain_order(const Input& input, std::vector<Choice>& choices);

} // namespace simplealloc::solver
