// SPDX-License-Identifier: MIT
// What errors consist of, for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/error.h>
#include <simplealloc/error.hpp>

namespace simplealloc::c {

simplealloc_attempt to_c(const Attempt& attempt, Arena& arena);
simplealloc_remedy to_c(const Remedy& remedy, Arena& arena);
simplealloc_rejection to_c(const Rejection& rejection, Arena& arena);
simplealloc_conflict to_c(const Conflict& conflict, Arena& arena);
simplealloc_relaxation to_c(const Relaxation& relaxation, Arena& arena);
/// All but its code.
simplealloc_error to_c(const Error& error, Arena& arena);

} // namespace simplealloc::c
