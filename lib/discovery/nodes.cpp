// SPDX-License-Identifier: MIT
// Which nodes of sysfs count, and as what.
#include "lib/discovery/nodes.hpp"

#include <algorithm>
#include <cctype>

namespace simplealloc {

namespace {

bool is_numbered(std::string_view name, std::string_view word) {
    return name.size() > word.size() && name.starts_with(word) &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(word.size()), name.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

} // namespace

NodeKind kind_of(const udev::Node& node) {
    const std::string& name = node.sysname;
    if (node.devnode.empty()) // a connector of a card
        return NodeKind::other;
    if (node.subsystem == "drm")
        return name.starts_with("card") || name.starts_with("renderD") ? NodeKind::device
                                                                       : NodeKind::other;
    // video4linux also has tuners of radios and subdevices, neither of which has a queue.
    if (node.subsystem == "video4linux")
        return name.starts_with("radio") || name.starts_with("v4l-subdev") ? NodeKind::other
                                                                           : NodeKind::device;
    // Habana's control nodes (accel_controlD0) are of the class as well, and run no work.
    if (node.subsystem == "accel")
        return is_numbered(name, "accel") ? NodeKind::device : NodeKind::other;
    if (node.subsystem == "misc")
        return name == "udmabuf" || name == "ion" ? NodeKind::heap : NodeKind::other;
    return node.subsystem == "dma_heap" || node.subsystem == "simple_allocator" ? NodeKind::heap
                                                                                : NodeKind::other;
}

std::string node_id(const udev::Node& node, const std::string& path) {
    if (node.subsystem == "drm" && !node.parent_syspath.empty())
        return node.parent_syspath;
    return node.syspath.empty() ? path : node.syspath;
}

} // namespace simplealloc
