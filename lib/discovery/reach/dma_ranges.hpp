// SPDX-License-Identifier: MIT
// How the buses of the device tree map a device's addresses to those of the CPU.
#pragma once

#include "lib/base/address_range.hpp"
#include "lib/kernel/device_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

struct DmaWindow {
    std::uint64_t bus = 0;
    std::uint64_t cpu = 0;
    std::uint64_t size = 0; ///< above 0; neither end goes beyond 64 bits
};

struct DmaRanges {
    std::vector<DmaWindow> windows; ///< may be empty: then nothing of it could be understood
    std::string origin;             ///< the property
};

/// The node through which a device's DMA goes on: that of its interconnect, else the one above.
std::string dma_parent_of(const std::string& node, const device_tree::Phandles& phandles);

/// What applies to the children of `bus`; nothing where no bus on the way translates or limits.
std::optional<DmaRanges> dma_ranges(const std::string& bus, const device_tree::Phandles& phandles);

/// The longest run of CPU addresses that a device reaches which uses bus addresses of `usable`;
/// nothing when it reaches none.
std::optional<AddressRange> reachable(const DmaRanges& ranges, AddressRange usable);

} // namespace simplealloc
