// SPDX-License-Identifier: MIT
// What accelerators accept, and nodes that quirk rows name.
#include "lib/discovery/limits/capabilities.hpp"
#include "lib/discovery/limits/memory_limits.hpp"

#include <fmt/format.h>

namespace simplealloc {

CapabilitySets other_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc) {
    if (use != Use::read && use != Use::write)
        return unsupported_use(
            device, use,
            fmt::format("is {}, whose uses are read and write",
                        device.accel ? "an accelerator" : "a node that a quirk row names"),
            "name read for what it takes in, write for what it puts out");
    solver::CapabilitySet set = memory_limits(device, use, fourcc);
    // Which formats it takes is between it and its user-space driver.
    if (fourcc != fourcc::bytes)
        set.evidence[ConstraintKind::format] = {Confidence::assumed,
                                                "default for accelerators: every format, linear"};
    return std::vector{std::move(set)};
}

} // namespace simplealloc
