// SPDX-License-Identifier: MIT
// Whether a device's DMA snoops the CPU's caches.
#pragma once

#include "lib/discovery/reach/dma_hardware.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/device_tree.hpp"

#include <vector>

namespace simplealloc {

/// Fills `record.reach.coherent` and its facts.
void find_coherency(const std::vector<DmaHardware>& hardware, const device_tree::Phandles& phandles,
                    DeviceRecord& record);

} // namespace simplealloc
