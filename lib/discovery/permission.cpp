// SPDX-License-Identifier: MIT
// access(2) for the verdict, mode and group for the remedy.
#include "lib/discovery/permission.hpp"

#include "lib/kernel.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace simplealloc {

namespace {

bool group_may(const kernel::Stat& node, bool write) {
    const mode_t wanted = write ? S_IRGRP | S_IWGRP : S_IRGRP;
    return node.group != 0 && (node.mode & wanted) == wanted;
}

std::string remedy_for(const kernel::Stat& node, const std::string& subsystem, bool write) {
    if (group_may(node, write))
        return fmt::format("add the user to group {}", kernel::group_name(node.group));
    return fmt::format(R"(add a udev rule: SUBSYSTEM=="{}", GROUP="video", MODE="0660")",
                       subsystem);
}

} // namespace

Permission check_permission(const std::string& path, const std::string& subsystem, bool write) {
    const int result = kernel::access(path.c_str(), write ? R_OK | W_OK : R_OK);
    if (result >= 0)
        return {};

    Permission permission;
    permission.granted = false;
    permission.sys_errno = -result;
    permission.reason =
        fmt::format("{}: {}", path, std::generic_category().message(permission.sys_errno));
    kernel::Stat node;
    if ((result == -EACCES || result == -EPERM) && kernel::stat(path.c_str(), node) >= 0) {
        permission.reason += fmt::format(" (mode {:04o}, group {})", node.mode & 07777U,
                                         kernel::group_name(node.group));
        permission.remedy = remedy_for(node, subsystem, write);
    }
    return permission;
}

} // namespace simplealloc
