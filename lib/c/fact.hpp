// SPDX-License-Identifier: MIT
// Facts for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/contributor.h>
#include <simplealloc/contributor.hpp>

namespace simplealloc::c {

simplealloc_confidence to_c(Confidence confidence);
simplealloc_fact to_c(const Fact& fact, Arena& arena);
simplealloc_contributor to_c(const Contributor& contributor, Arena& arena);

} // namespace simplealloc::c
