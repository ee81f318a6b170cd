// SPDX-License-Identifier: MIT
// The questions to a DRM node.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/udev.hpp"

#include <span>
#include <string>

namespace simplealloc {

/// Fills `record.drm` with what udev and sysfs know; `all` are the nodes of subsystem drm.
void find_drm_nodes(const udev::Node& node, std::span<const udev::Node> all, DeviceRecord& record);

/// Whether a card has a connector of any kind; yes where sysfs can't be asked.
bool has_connector(const std::string& card_syspath);

/// As DRM_IOCTL_VERSION tells it, which accelerators answer as well; empty when it fails.
std::string drm_driver_name(int fd);

/// Asks an open node: driver, capabilities, planes. Client capabilities change what a file
/// description is shown, so they are set on `own` ones only; on a borrowed one the planes are those
/// that it already sees.
void ask_drm(int fd, bool own, DeviceRecord& record);

/// What it can be used for, as far as `record.drm` tells.
std::vector<Use> drm_uses(const DrmInfo& drm);

} // namespace simplealloc
