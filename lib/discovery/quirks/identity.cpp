// SPDX-License-Identifier: MIT
// By what a rule in a file can tell a device: its names, its node in the device tree, its place.
#include "lib/discovery/quirks/identity.hpp"

#include "lib/kernel/device_tree.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace simplealloc {

namespace {

/// As 60-drm.rules and 60-persistent-v4l.rules of udev make them.
std::vector<std::string> places_of(const udev::Node& node) {
    const auto path = node.properties.find("ID_PATH");
    if (path == node.properties.end() || path->second.empty())
        return {};
    if (node.subsystem == "drm")
        return {path->second + "-card", path->second + "-render"};
    if (node.subsystem != "video4linux")
        return {};
    std::string index;
    if (questions::read_file(node.syspath + "/index", index) < 0)
        return {};
    return {path->second + "-video-index" + index.substr(0, index.find('\n'))};
}

/// As drivers/pci/pci-sysfs.c shows them: 0x and four digits.
std::string pci_id_of(const std::string& function) {
    std::string id;
    for (const char* name : {"/vendor", "/device"}) {
        std::string text;
        if (questions::read_file(function + name, text) < 0 || !text.starts_with("0x"))
            return {};
        id += (id.empty() ? "" : ":") + text.substr(2, text.find('\n') - 2);
    }
    return id;
}

} // namespace

DeviceIdentity identity_of(const udev::Node& node, const std::string& driver) {
    DeviceIdentity identity;
    identity.subsystem = node.subsystem;
    for (const std::string& name : {driver, node.driver})
        if (!name.empty() && (identity.drivers.empty() || identity.drivers.front() != name))
            identity.drivers.push_back(name);
    if (node.subsystem != "drm" && node.subsystem != "accel" && node.subsystem != "video4linux") {
        identity.subsystem = "char";
        identity.node_class = node.subsystem;
        identity.node = node.devnode;
        // Without sysfs the path is all that there is.
        const std::string own =
            node.sysname.empty() ? node.devnode.substr(node.devnode.rfind('/') + 1) : node.sysname;
        for (const std::string& name : {node.subsystem, own})
            if (!name.empty())
                identity.drivers.push_back(name);
    }
    // Of the hardware alone: an ancestor's node would be that of a bus or a host controller.
    if (!node.parent_syspath.empty())
        identity.compatible = device_tree::strings(node.parent_syspath + "/of_node/compatible");
    identity.places = places_of(node);
    if (node.parent_subsystem == "pci")
        identity.pci_id = pci_id_of(node.parent_syspath);
    return identity;
}

bool is_pattern(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

bool matches(const std::string& pattern, const std::string& text) {
    return fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
}

bool matches_any(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return std::any_of(texts.begin(), texts.end(),
                           [&](const std::string& text) { return matches(pattern, text); });
    });
}

} // namespace simplealloc
