// SPDX-License-Identifier: MIT
// Devices that are neither cards nor video nodes: accelerators, and what quirk rows name.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/udev.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// Whether a row `[char:…]` is for the node, so that it is a device.
bool is_named(const udev::Node& node, const Quirks& quirks);

/// The nodes of the machine that rows name. A negative errno in `error` when udev can't be asked.
std::vector<udev::Node> named_nodes(const Quirks& quirks, int& error);

/// The classes of which hotplug events count: those that have nodes by themselves, and those that
/// rows name. Empty: of all, as some row names a node without its class.
std::vector<std::string> watched_classes(const Quirks& quirks);

/// The head of a row for the node and its like: `char:hailo*` for /dev/hailo0.
std::string row_of_node(const std::string& path);

/// Why a character device is no device of the library, and the row that would make it one.
Error unnamed(const std::string& path, const udev::Node& node);

/// Asks the caller's own descriptor of an accelerator for what can be asked: the driver's name.
/// Nodes are never opened for it: each open makes a context of the hardware's, and Gaudi is reset
/// when it is closed (drivers/accel/habanalabs/common/device.c hpriv_release()).
void ask_accel(int fd, DeviceRecord& record);

} // namespace simplealloc
