// SPDX-License-Identifier: MIT
// The test import of each subsystem.
#pragma once

#include "lib/verify/verify.hpp"

namespace simplealloc {

/// How one step of a test import went.
struct Trial {
    std::optional<bool> passed; ///< nothing: it says nothing of the buffer
    std::string reason;         ///< unless it passed
};

/// Of a system call's result. Only errnos that say that the driver takes no such buffer are a
/// refusal; what they say of the moment, of permissions or of the device is none.
Trial trial_of(int result, const std::string& what);

TestImport verify_drm(const DeviceUse& use, const Buffer& buffer);
Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues);

} // namespace simplealloc
