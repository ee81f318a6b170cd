// SPDX-License-Identifier: MIT
// The node of a display often stands for the whole pipeline, and fetches nothing itself.
#include "lib/discovery/reach/dma_hardware.hpp"

#include "lib/base/ini.hpp"
#include "lib/discovery/limits/buses.hpp"
#include "lib/discovery/reach/dma_ranges.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <cctype>

namespace simplealloc {

namespace {

constexpr const char* tree = "/sys/firmware/devicetree/base";
/// Devices of a system on chip are not far from the root; a DSP's sessions are the farthest
/// (soc/remoteproc/glink-edge/fastrpc/compute-cb).
constexpr unsigned search_depth = 5;
constexpr const char* platform_devices = "/sys/bus/platform/devices/";

/// `/sys/devices/…/pci0000:00/…`: what is before the root bus is the host bridge.
std::string host_bridge_of(const std::string& syspath) {
    const auto at = syspath.find("/pci");
    const auto first = at + std::string_view("/pci").size();
    if (at == std::string::npos || first >= syspath.size() ||
        std::isxdigit(static_cast<unsigned char>(syspath[first])) == 0)
        return {};
    return syspath.substr(0, at);
}

/// From a port to the hardware that has it: the nearest node that is a device.
std::string device_node_above(std::string node) {
    for (unsigned depth = 0; !node.empty() && depth < device_tree::max_depth; ++depth) {
        if (device_tree::has(node, "compatible"))
            return node;
        node = device_tree::parent_of(node);
    }
    return {};
}

std::string syspath_of(const std::string& node) {
    std::vector<std::string> names;
    if (questions::list_directory(platform_devices, names) < 0)
        return {};
    for (const std::string& name : names) {
        std::string syspath;
        if (device_tree::node_of(platform_devices + name) == node &&
            questions::real_path(platform_devices + name, syspath) >= 0)
            return syspath;
    }
    return {};
}

bool is_enabled(const std::string& node) {
    const auto status = device_tree::strings(node + "/status");
    return status.empty() || status.front() == "okay" || status.front() == "ok";
}

/// Nodes with one of these in their `compatible` that are not disabled.
std::vector<std::string> nodes_matching(const std::vector<std::string>& patterns) {
    std::vector<std::string> found;
    std::vector<std::pair<std::string, unsigned>> open{{tree, 0}};
    while (!open.empty()) {
        const auto [node, depth] = open.back();
        open.pop_back();
        std::vector<std::string> names;
        // A property is no folder.
        if (questions::list_directory(node, names) < 0)
            continue;
        if (matches_any(patterns, device_tree::strings(node + "/compatible")) && is_enabled(node))
            found.push_back(node);
        if (depth < search_depth)
            for (const std::string& name : names)
                if (name.find_first_of("#,") == std::string::npos)
                    open.emplace_back(node + "/" + name, depth + 1);
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// Where the quirk rows say that the hardware is; none when they don't.
std::vector<std::string> nodes_by_quirks(const std::string& own,
                                         const device_tree::Phandles& phandles,
                                         const DeviceRecord& record) {
    std::vector<std::string> nodes;
    if (const auto property = find_value(record.quirks, "dma-nodes"); property && !own.empty())
        for (const std::string& port : device_tree::referred(own + "/" + property->text, phandles))
            nodes.push_back(device_node_above(port));
    if (const auto patterns = find_value(record.quirks, "dma-compatible"))
        for (std::string& node : nodes_matching(ini::words(patterns->text)))
            nodes.push_back(std::move(node));
    return nodes;
}

/// The device's own, or that of the device which it is part of.
std::string configuring_node(const udev::Node& node) {
    std::string own = device_tree::node_of(node.parent_syspath);
    if (!own.empty() || !bus_kind(node.parent_subsystem).inherits)
        return own;
    return device_tree::node_of(node.parent_syspath.substr(0, node.parent_syspath.rfind('/')));
}

} // namespace

std::vector<DmaHardware> dma_hardware(const udev::Node& node, const device_tree::Phandles& phandles,
                                      const DeviceRecord& record) {
    const std::string own = configuring_node(node);
    std::vector<DmaHardware> parts;
    for (const std::string& device : nodes_by_quirks(own, phandles, record)) {
        const bool known = std::any_of(parts.begin(), parts.end(), [&](const DmaHardware& part) {
            return part.node == device;
        });
        if (!device.empty() && !known)
            parts.push_back({syspath_of(device), device, dma_parent_of(device, phandles)});
    }
    if (!parts.empty())
        return parts;
    // The bridge's own dma-ranges are for what is behind it.
    if (const std::string bridge = host_bridge_of(node.parent_syspath); !bridge.empty())
        return {{node.parent_syspath, own, device_tree::node_of(bridge), true}};
    return {{node.parent_syspath, own, own.empty() ? own : dma_parent_of(own, phandles)}};
}

} // namespace simplealloc
