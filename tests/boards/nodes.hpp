// SPDX-License-Identifier: MIT
// What the nodes of a board answer while somebody finds out about them. Nothing can be allocated
// from them: a plan is all that a board is asked for.
#pragma once

#include "tests/boards/board.hpp"
#include "tests/support/fake_kernel.hpp"

namespace simplealloc::boards {

test::IoctlHandler card_answers(const Card& card, bool render_node);
test::IoctlHandler video_answers(const Video& video, const std::string& bus);

} // namespace simplealloc::boards
