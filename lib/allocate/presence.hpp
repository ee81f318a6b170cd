// SPDX-License-Identifier: MIT
// Whether what a plan or buffer was made for is still there.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <simplealloc/result.hpp>

#include <vector>

namespace simplealloc {

/// Fails with gone where the device is not there any more, or another one has taken its place.
/// Passes where that can't be told: a described device, or a descriptor of the caller's in a
/// process that does not see sysfs.
Result<void> check_present(const DeviceRecord& device);
/// The same for all devices of a request.
Result<void> check_present(const std::vector<DeviceUse>& uses);

} // namespace simplealloc
