// SPDX-License-Identifier: MIT
// What to program for a use, from and to C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/plan.h>
#include <simplealloc/plan.hpp>

namespace simplealloc::c {

simplealloc_setup to_c(const Setup& setup, Arena& arena);
V4l2Setup read_v4l2_setup(const simplealloc_v4l2_setup& setup);

} // namespace simplealloc::c
