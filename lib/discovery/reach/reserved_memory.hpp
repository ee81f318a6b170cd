// SPDX-License-Identifier: MIT
// Memory that the device tree sets aside: children of /reserved-memory.
#pragma once

#include "lib/base/address_range.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

struct ReservedMemory {
    std::string node;             ///< in /sys/firmware/devicetree/base
    std::string name;             ///< of the node, e.g. `linux,cma` or `video@80000000`
    std::uint32_t phandle = 0;    ///< 0: none refers to it
    bool shared_dma_pool = false; ///< memory for DMA, and not e.g. a firmware's
    bool reusable = false;        ///< a CMA area: the kernel uses it for movable pages meanwhile
    bool no_map = false;
    bool default_area = false;         ///< linux,cma-default
    std::optional<std::uint64_t> size; ///< bytes
    std::optional<AddressRange> range; ///< where it is, or may have been put; of several the hull
};

/// All of them; empty without a device tree.
std::vector<ReservedMemory> reserved_memory();

} // namespace simplealloc
