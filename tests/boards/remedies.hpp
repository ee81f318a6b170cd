// SPDX-License-Identifier: MIT
// Whether what a plan advises can help on the board: each remedy takes something for granted.
#pragma once

#include "tests/boards/board.hpp"

#include <simplealloc/allocator.hpp>

namespace simplealloc::boards {

/// Of all that the plan and the sources advise, what is not so on this machine, in words.
std::vector<std::string> false_premises(const Board& board, const Plan& plan,
                                        const std::vector<SourceInfo>& sources);

} // namespace simplealloc::boards
