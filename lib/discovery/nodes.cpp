// SPDX-License-Identifier: MIT
// Which nodes of sysfs count, and as what.
#include "lib/discovery/nodes.hpp"

namespace simplealloc {

NodeKind kind_of(const udev::Node& node) {
    const std::string& name = node.sysname;
    if (node.devnode.empty()) // a connector of a card
        return NodeKind::other;
    if (node.subsystem == "drm")
        return name.starts_with("card") || name.starts_with("renderD") ? NodeKind::device
                                                                       : NodeKind::other;
    // video4linux also has radios, VBI and subdevices, none of which takes dma-bufs.
    if (node.subsystem == "video4linux")
        return name.starts_with("video") ? NodeKind::device : NodeKind::other;
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
