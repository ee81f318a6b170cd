// SPDX-License-Identifier: MIT
// What a device needs of memory for a use.
#pragma once

#include "lib/discovery/record/device_record.hpp"

namespace simplealloc {

/// Import path, contiguity, address window, exporters, and what quirk rows say of the use and the
/// format (fourcc::bytes: none), with their evidence.
solver::CapabilitySet memory_limits(const DeviceRecord& device, Use use, Fourcc fourcc);

} // namespace simplealloc
