// SPDX-License-Identifier: MIT
// The test import of each subsystem.
#pragma once

#include "lib/verify.hpp"

namespace simplealloc {

Verification verify_drm(const DeviceUse& use, const Buffer& buffer, std::size_t use_index,
                        const std::string& source_device);
Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, std::size_t use_index,
                         bool borrow_idle_queues);

} // namespace simplealloc
