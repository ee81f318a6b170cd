// SPDX-License-Identifier: MIT
// access(2) for the verdict, mode and group for the remedy.
#include "lib/kernel/permission.hpp"

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace simplealloc {

namespace {

bool group_may(const kernel::Stat& node, bool write) {
    const mode_t wanted = write ? S_IRGRP | S_IWGRP : S_IRGRP;
    return node.group != 0 && (node.mode & wanted) == wanted;
}

/// As systemd's 50-udev-default.rules have it.
const char* usual_group(std::string_view name, const std::string& subsystem) {
    if (name == "udmabuf")
        return "kvm";
    return name.starts_with("renderD") || subsystem == "accel" ? "render" : "video";
}

std::string udev_rule(const std::string& path, const std::string& subsystem) {
    const std::string name = path.substr(path.rfind('/') + 1);
    // Other nodes of class misc (kvm, fuse, uinput) or of a vendor's class are nobody's business,
    // and the kinds of DRM nodes have groups of their own.
    const bool together =
        subsystem == "video4linux" || subsystem == "dma_heap" || subsystem == "simple_allocator";
    return fmt::format(R"(SUBSYSTEM=="{}", {}GROUP="{}", MODE="0660")", subsystem,
                       together ? std::string() : fmt::format(R"(KERNEL=="{}", )", name),
                       usual_group(name, subsystem));
}

std::string remedy_for(const std::string& path, const kernel::Stat& node,
                       const std::string& subsystem, bool write) {
    if (group_may(node, write))
        return fmt::format("add the user to group {}", kernel::group_name(node.group));
    return "add a udev rule: " + udev_rule(path, subsystem);
}

} // namespace

Permission check_permission(const std::string& path, const std::string& subsystem, bool write) {
    const int result = questions::access(path, write ? R_OK | W_OK : R_OK);
    if (result >= 0)
        return {};

    Permission permission;
    permission.granted = false;
    permission.sys_errno = -result;
    permission.reason =
        fmt::format("{}: {}", path, std::generic_category().message(permission.sys_errno));
    kernel::Stat node;
    if ((result == -EACCES || result == -EPERM) && questions::stat(path, node) >= 0) {
        permission.reason += fmt::format(" (mode {:04o}, group {})", node.mode & 07777U,
                                         kernel::group_name(node.group));
        permission.remedy = remedy_for(path, node, subsystem, write);
    } else if (result == -ENOENT) {
        permission.remedy = "the kernel has the device and the node is missing: mount devtmpfs, or "
                            "pass the node into the container";
    }
    return permission;
}

} // namespace simplealloc
