// SPDX-License-Identifier: MIT
// The test import of each subsystem.
#pragma once

#include "lib/verify.hpp"

namespace simplealloc {

/// How one step of a test import went.
struct Trial {
    std::optional<bool> passed; ///< nothing: it says nothing of the buffer
    std::string reason;         ///< unless it passed
};

/// Of a system call's result. What an errno says of the moment (no memory, no descriptor, in use),
/// of permissions, or of an ioctl that the driver lacks, is no refusal of the buffer.
Trial trial_of(int result, const std::string& what);

TestImport verify_drm(const DeviceUse& use, const Buffer& buffer);
Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues);

} // namespace simplealloc
