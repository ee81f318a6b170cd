// SPDX-License-Identifier: MIT
// The capability sets of each subsystem.
#pragma once

#include "lib/discovery/record/device_record.hpp"

namespace simplealloc {

using CapabilitySets = Result<std::vector<solver::CapabilitySet>>;

CapabilitySets drm_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc);
CapabilitySets v4l2_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc);
/// Of accelerators and of nodes that quirk rows name.
CapabilitySets other_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc);

/// The device can't do this use at all.
Error unsupported_use(const DeviceRecord& device, Use use, std::string detail,
                      std::string remedy = {});

} // namespace simplealloc
