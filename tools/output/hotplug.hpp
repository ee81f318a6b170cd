// SPDX-License-Identifier: MIT
// Hotplug events, one line each.
#pragma once

#include <simplealloc/monitor.hpp>

#include <string>
#include <string_view>

namespace simplealloc::tools {

/// The first line: from now on nothing is missed. `origin` is that of the Monitor.
std::string listening_line(std::string_view origin);
std::string listening_json_line(std::string_view origin);

std::string hotplug_line(const HotplugEvent& event);
/// A JSON document of schema 1 in one line.
std::string hotplug_json_line(const HotplugEvent& event);

} // namespace simplealloc::tools
