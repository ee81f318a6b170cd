// SPDX-License-Identifier: MIT
// Requests of C.
#pragma once

#include <simplealloc/request.h>
#include <simplealloc/request.hpp>

#include <vector>

struct simplealloc_request {
    simplealloc::Request request;
};

namespace simplealloc::c {

CpuAccess read_cpu(const simplealloc_cpu_access& access);
DeviceUse read_device_use(const simplealloc_device_use* use);
/// Of NULL: none.
std::vector<DeviceUse> read_device_uses(const simplealloc_device_use* const* uses);

} // namespace simplealloc::c
