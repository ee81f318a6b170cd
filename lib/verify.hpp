// SPDX-License-Identifier: MIT
// Test imports of a fresh buffer, without disturbing anyone.
#pragma once

#include "lib/discovery/device_record.hpp"

#include <simplealloc/buffer.hpp>

namespace simplealloc {

/// Imports `buffer` the way the use would, one of the buffer's or not, and takes it back.
Verification verify_import(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues);

} // namespace simplealloc
