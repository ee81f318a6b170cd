// SPDX-License-Identifier: MIT
#include "lib/discovery/record/device_record.hpp"

#include <fmt/format.h>

namespace simplealloc {

std::string party_name(const DeviceRecord& device, Use use) {
    return fmt::format("{} ({})", device.path, to_string(use));
}

} // namespace simplealloc
