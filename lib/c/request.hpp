// SPDX-License-Identifier: MIT
// Requests of C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/request.h>
#include <simplealloc/request.hpp>

#include <optional>
#include <vector>

namespace simplealloc::c {

simplealloc_request to_c(const Request& request, Arena& arena);
Request read_request(const simplealloc_request* request);

/// Nothing for the default.
std::optional<bool> read_choice(const simplealloc_choice& choice, const char* argument);
CpuAccess read_cpu(const simplealloc_cpu_access& access);
DeviceUse read_device_use(const simplealloc_device_use* use);
/// Of NULL: none.
std::vector<DeviceUse> read_device_uses(const simplealloc_device_use* const* uses);

} // namespace simplealloc::c
