// SPDX-License-Identifier: MIT
// Where a CMA area lies, as far as userspace is told.
#pragma once

#include <simplealloc/constraints.hpp>

#include <cstdint>
#include <string>

namespace simplealloc {

/// CPU physical addresses, both ends included. Without an origin nothing is known.
struct CmaWindow {
    std::uint64_t min_address = 0;
    std::uint64_t max_address = no_limit;
    std::string origin;
};

/// Of the area with this name, as in /sys/kernel/mm/cma: its region of the device tree, the cma= of
/// the command line, or what the architecture does with an area of no given place.
CmaWindow cma_window(const std::string& area);

} // namespace simplealloc
