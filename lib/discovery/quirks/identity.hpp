// SPDX-License-Identifier: MIT
// By what a rule in a file can tell a device: its names, its node in the device tree, its place.
#pragma once

#include "lib/kernel/udev.hpp"

#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

struct DeviceIdentity {
    std::string subsystem; ///< drm, accel, video4linux, or char: of any other class
    /// As DRM_IOCTL_VERSION or VIDIOC_QUERYCAP tells it, then as sysfs does where that differs. Of
    /// char its class and the node's name there as well.
    std::vector<std::string> drivers;
    std::vector<std::string> compatible; ///< of its own device-tree node, the closest first
    /// Names in /dev/dri/by-path or /dev/v4l/by-path, which stay when node numbers change.
    std::vector<std::string> places;
    std::optional<bool> discrete =
        {};                      ///< a GPU with VRAM of its own, or without; nothing: nobody says
    std::string pci_id = {};     ///< `VENDOR:DEVICE` of a PCI function, `8086:5916`; else empty
    std::string node_class = {}; ///< of char: its class in sysfs, empty where sysfs is not there
    std::string node = {};       ///< of char: its path
    std::vector<std::string> names = {}; ///< that sysfs shows of a V4L2 node
};

/// What sysfs and udev tell. The driver's own name is put before what sysfs shows.
DeviceIdentity identity_of(const udev::Node& node, const std::string& driver);

/// Shell wildcards: `*`, `?` and `[…]`.
/// @{
bool is_pattern(std::string_view text);
bool matches(const std::string& pattern, const std::string& text);
/// @}
/// Whether any pattern matches any text.
bool matches_any(const std::vector<std::string>& patterns, const std::vector<std::string>& texts);

} // namespace simplealloc
