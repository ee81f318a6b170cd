// SPDX-License-Identifier: MIT
// How a device gets at memory, by sysfs.
#pragma once

#include "lib/discovery/device_record.hpp"
#include "lib/udev.hpp"

namespace simplealloc {

/// Fills `record.reach` and the facts that it rests on.
void find_reach(const udev::Node& node, DeviceRecord& record);

} // namespace simplealloc
