// SPDX-License-Identifier: MIT
// How many buffers a codec needs at least: V4L2_CID_MIN_BUFFERS_FOR_CAPTURE and _OUTPUT.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <span>

namespace simplealloc {

/// Asks for the control of each queue, where the answer does not depend on a stream that nobody
/// has decoded yet, and never waits for one. `record` has its queues and whose they are.
void ask_min_buffers(int fd, DeviceRecord& record);

/// The most that any of the uses needs; 0: nobody says.
std::uint32_t least_buffers(std::span<const DeviceUse> uses);

} // namespace simplealloc
