// SPDX-License-Identifier: MIT
#include "tools/output/report.hpp"

namespace simplealloc::tools {

DeviceReport report_of(const Device& device) {
    return {device.path(), device.subsystem(), device.driver(), device.uses(), device.facts()};
}

} // namespace simplealloc::tools
