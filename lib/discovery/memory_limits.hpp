// SPDX-License-Identifier: MIT
// What a device needs of memory, whatever the format.
#pragma once

#include "lib/discovery/device_record.hpp"

namespace simplealloc {

/// Import path, contiguity, address window, exporters and stride alignment, with their evidence.
solver::CapabilitySet memory_limits(const DeviceRecord& device);

} // namespace simplealloc
