// SPDX-License-Identifier: MIT
// Test imports of a fresh buffer, without disturbing anyone.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <simplealloc/buffer.hpp>

namespace simplealloc {

/// What a test import found out.
struct TestImport {
    Verification verification;
    bool refused_layout = false; ///< AddFB2 said EINVAL, or kept other pitches than it was told
    bool lasting = true;         ///< false: what it is refused for may be over the next time
};

/// What a driver says that does not take such a buffer, and will not take the next one. All else
/// (no memory, no permission, a timeout, an unplugged device) may be over by then.
bool is_refusal(int sys_errno);

/// Imports `buffer` the way the use would, one of the buffer's or not, and takes it back. On the
/// caller's own file description of a device only what is BufferData::unseen.
TestImport verify_import(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues);

} // namespace simplealloc
