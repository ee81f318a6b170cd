// SPDX-License-Identifier: MIT
// What really does a device's DMA: mostly the device itself.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/device_tree.hpp"
#include "lib/kernel/udev.hpp"

#include <string>
#include <vector>

namespace simplealloc {

struct DmaHardware {
    std::string syspath; ///< where its IOMMU group would be; empty: not found
    std::string node;    ///< of the device tree; empty: none
    std::string bus;     ///< node of the bus that its DMA passes first; empty: none
    bool on_pci = false; ///< `bus` is its host bridge
};

/// One part at least. Several are those that the quirk key `dma-nodes` leads to.
std::vector<DmaHardware> dma_hardware(const udev::Node& node, const device_tree::Phandles& phandles,
                                      const DeviceRecord& record);

} // namespace simplealloc
