// SPDX-License-Identifier: MIT
// A board on the fake kernel.
#pragma once

#include "tests/boards/board.hpp"
#include "tests/support/fake_kernel.hpp"

namespace simplealloc::boards {

/// Fails with invalid where the board's parts don't fit together.
Result<void> install(const Board& board, test::FakeKernel& kernel);

} // namespace simplealloc::boards
