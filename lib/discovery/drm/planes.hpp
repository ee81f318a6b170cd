// SPDX-License-Identifier: MIT
// The planes of a DRM node with their types, formats and modifiers.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <map>
#include <string>

namespace simplealloc {

/// Only planes that this file description sees: all with DRM_CLIENT_CAP_UNIVERSAL_PLANES, else the
/// overlays. A negative errno when the list can't be had; planes that vanish meanwhile are left
/// out.
int read_planes(int fd, std::vector<DrmPlane>& out);

/// The plane's properties by name; those of atomic mode setting only on a description that enabled
/// it.
std::map<std::string, std::uint32_t> plane_property_ids(int fd, std::uint32_t plane);

/// Whether the plane takes format and modifier of a framebuffer.
bool takes(const DrmPlane& plane, const DrmSetup& setup);

} // namespace simplealloc
