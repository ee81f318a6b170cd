// SPDX-License-Identifier: MIT
// How a device gets at memory, by sysfs and the device tree.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/device_tree.hpp"
#include "lib/kernel/udev.hpp"

namespace simplealloc {

/// Fills `record.reach` and the facts that it rests on; `record.quirks` tell where the hardware is
/// and whose IOMMU domain counts. Addresses are those of the bus.
void find_reach(const udev::Node& node, const device_tree::Phandles& phandles,
                DeviceRecord& record);

/// Makes CPU addresses of the bus addresses in `record.reach`, once quirks have narrowed them.
void translate_reach(const device_tree::Phandles& phandles, DeviceRecord& record);

} // namespace simplealloc
