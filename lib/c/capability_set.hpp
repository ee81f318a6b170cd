// SPDX-License-Identifier: MIT
// Capability sets from and to C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/capability_set.h>
#include <simplealloc/capability_set.hpp>

#include <vector>

namespace simplealloc::c {

simplealloc_capability_set to_c(const CapabilitySet& set, Arena& arena);
simplealloc_capabilities to_c(const std::vector<CapabilitySet>& sets, Arena& arena);
/// Of NULL: none.
std::vector<CapabilitySet> read_sets(const simplealloc_capability_set* const* sets);

} // namespace simplealloc::c
