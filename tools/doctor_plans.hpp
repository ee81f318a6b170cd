// SPDX-License-Identifier: MIT
// What a user of these devices would ask of them, and what comes of it.
#pragma once

#include "tools/doctor.hpp"

namespace simplealloc::tools {

/// Plans a frame for each pair of which one makes what the other takes, in the largest of the usual
/// formats that both have, and one for each device alone, in its own best format: 1920x1080 pixels,
/// and fewer where that is too many for a device.
void plan_for_users(const Allocator& allocator, const std::vector<Device>& devices,
                    DoctorReport& report);

} // namespace simplealloc::tools
