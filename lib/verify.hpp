// SPDX-License-Identifier: MIT
// Test imports of a fresh buffer, without disturbing anyone.
#pragma once

#include "lib/discovery/device_record.hpp"

#include <simplealloc/buffer.hpp>

#include <string>

namespace simplealloc {

/// Imports `buffer` the way the use would, one of the buffer's or not, and takes it back.
/// `source_device` is the Device::id of a device-bound source, else empty: a buffer must not be
/// imported into a caller's descriptor for the device that exported it.
Verification verify_import(const DeviceUse& use, const Buffer& buffer,
                           const std::string& source_device, bool borrow_idle_queues);

} // namespace simplealloc
