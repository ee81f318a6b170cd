// SPDX-License-Identifier: MIT
// Policies for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/policy.h>
#include <simplealloc/policy.hpp>

namespace simplealloc::c {

simplealloc_policy to_c(const std::vector<PolicyValue>& values, Arena& arena);

} // namespace simplealloc::c
