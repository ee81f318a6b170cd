// SPDX-License-Identifier: MIT
// Statistics for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/stats.h>
#include <simplealloc/stats.hpp>

namespace simplealloc::c {

using Failures = std::map<Cause, std::uint64_t>;

simplealloc_failure_count to_c(const Failures::value_type& failure, Arena& arena);
simplealloc_stats to_c(const Stats& stats, Arena& arena);

} // namespace simplealloc::c
