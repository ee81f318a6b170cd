// SPDX-License-Identifier: MIT
// Devices that are neither cards nor video nodes: accelerators, and what quirk rows name.
#include "lib/discovery/other_nodes.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/drm/drm.hpp"
#include "lib/discovery/nodes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sys/sysmacros.h>

namespace simplealloc {

namespace {

/// The classes that rows name; nothing where some row names a node without its class.
std::optional<std::set<std::string>> classes_of_rows(const Quirks& quirks) {
    std::set<std::string> classes;
    for (const QuirkRowPtr& row : quirks.rows_of("char")) {
        if (row->classes.empty())
            return std::nullopt;
        classes.insert(row->classes.begin(), row->classes.end());
    }
    return classes;
}

} // namespace

bool is_named(const udev::Node& node, const Quirks& quirks) {
    // Disks are nodes as well.
    if (kind_of(node) != NodeKind::other || node.devnode.empty() || node.subsystem == "block")
        return false;
    const DeviceIdentity identity = identity_of(node, node.driver);
    return identity.subsystem == "char" && !quirks.rows_for(identity).empty();
}

std::vector<udev::Node> named_nodes(const Quirks& quirks, int& error) {
    error = 0;
    std::vector<udev::Node> named;
    const auto add = [&](std::string_view subsystem) {
        for (udev::Node& node : udev::enumerate(subsystem, error))
            if (is_named(node, quirks))
                named.push_back(std::move(node));
    };
    const auto classes = classes_of_rows(quirks);
    if (!classes)
        add({});
    else
        for (auto name = classes->begin(); name != classes->end() && error >= 0; ++name)
            add(*name);
    return named;
}

std::vector<std::string> watched_classes(const Quirks& quirks) {
    auto classes = classes_of_rows(quirks);
    if (!classes)
        return {};
    classes->insert(node_subsystems.begin(), node_subsystems.end());
    return {classes->begin(), classes->end()};
}

std::string row_of_node(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    // `hailo0` is one of several.
    const auto digits = name.find_last_not_of("0123456789") + 1;
    return "char:" + (digits == name.size() || digits == 0 ? name : name.substr(0, digits) + "*");
}

Error unnamed(const std::string& path, const udev::Node& node) {
    std::string detail = fmt::format("is no DRM, accelerator or V4L2 device, and no quirk row "
                                     "names it (character device {}:{}",
                                     ::major(node.devnum), ::minor(node.devnum));
    if (node.subsystem.empty())
        return failure(Stage::discover, Cause::invalid, 0, path, detail + ")",
                       "name a node such as /dev/dri/card0, /dev/accel/accel0 or /dev/video0; "
                       "sysfs does not tell the class of this one");
    detail += fmt::format(" of class {})", node.subsystem);
    if (kind_of(node) == NodeKind::heap)
        return failure(Stage::discover, Cause::invalid, 0, path,
                       detail + ": it gives memory and takes none");
    return failure(Stage::discover, Cause::invalid, 0, path, std::move(detail),
                   fmt::format("if its driver imports dma-bufs, name it in a quirk file "
                               "(simplealloc-quirks(5)): [{}] with class = {}, source = and "
                               "what it needs",
                               row_of_node(node.sysname), node.subsystem));
}

void ask_accel(int fd, DeviceRecord& record) {
    if (std::string name = drm_driver_name(fd); !name.empty()) {
        record.driver = std::move(name);
        record.facts.push_back({"driver", record.driver, Confidence::known, "DRM_IOCTL_VERSION"});
    }
}

} // namespace simplealloc
