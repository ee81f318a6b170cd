// SPDX-License-Identifier: MIT
#include "lib/discovery/discovery.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/drm/drm.hpp"
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/discovery/nodes.hpp"
#include "lib/discovery/other_nodes.hpp"
#include "lib/discovery/reach/reach.hpp"
#include "lib/discovery/v4l2/v4l2.hpp"
#include "lib/kernel/descriptor.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/drm_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/permission.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/kernel/udev.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <system_error>

namespace simplealloc {

namespace {

constexpr unsigned video4linux_major = 81;

Error invalid(const std::string& path, std::string detail) {
    return failure(Stage::discover, Cause::invalid, 0, path, std::move(detail),
                   "name a DRM, accelerator or V4L2 node such as /dev/dri/card0, /dev/accel/accel0 "
                   "or /dev/video0");
}

bool is_denied(int sys_errno) {
    return sys_errno == EACCES || sys_errno == EPERM;
}
bool is_gone(int sys_errno) {
    return sys_errno == ENOENT || sys_errno == ENOTDIR || sys_errno == ENXIO || sys_errno == ENODEV;
}

/// Of a node that can't be reached or opened.
Error unreachable(const std::string& path, int sys_errno, std::string detail) {
    const Cause cause = is_gone(sys_errno) ? Cause::gone : cause_of(sys_errno);
    return failure(Stage::discover, cause, sys_errno, path, std::move(detail));
}

bool has_subsystem_of_devices(const udev::Node& node) {
    return node.subsystem == "drm" || node.subsystem == "video4linux" ||
           (node.subsystem == "accel" && kind_of(node) == NodeKind::device);
}

/// The device's node with this number. A number that sysfs does not know (sysfs not mounted, a
/// stale node) still gives its subsystem, by major number.
Result<udev::Node> identify(const std::string& path, const kernel::Stat& stat,
                            const Quirks& quirks) {
    if (S_ISDIR(stat.mode))
        return invalid(path, "is a directory");
    if (!S_ISCHR(stat.mode))
        return invalid(path, "is no character device");
    udev::Node node;
    if (auto found = udev::by_devnum(stat.rdev))
        node = std::move(*found);
    else if (::major(stat.rdev) == drm_major) {
        // Minors of render nodes begin at 128 (drivers/gpu/drm/drm_drv.c).
        node.subsystem = "drm";
        const unsigned minor = ::minor(stat.rdev);
        node.sysname = fmt::format("{}{}", minor >= 128 && minor < 192 ? "renderD" : "card", minor);
    } else if (::major(stat.rdev) == accel_major) {
        node.subsystem = "accel";
        node.sysname = fmt::format("accel{}", ::minor(stat.rdev));
    } else if (::major(stat.rdev) == video4linux_major)
        node.subsystem = "video4linux";
    node.devnum = stat.rdev;
    udev::Node there = node;
    if (there.devnode.empty())
        there.devnode = path;
    if (!has_subsystem_of_devices(there) && !is_named(there, quirks))
        return unnamed(path, node);
    return node;
}

std::string sysfs_driver(const udev::Node& node, const Quirks& quirks) {
    const std::string name = node.driver.empty() && node.parent_subsystem == "platform"
                                 ? node.parent_syspath.substr(node.parent_syspath.rfind('/') + 1)
                                 : node.driver;
    return quirks.canonical_driver(node.subsystem, name);
}

/// What udev and sysfs tell; `siblings` are all nodes of the subsystem.
DeviceRecord describe(const udev::Node& node, const std::string& path,
                      std::span<const udev::Node> siblings, const Quirks& quirks) {
    DeviceRecord record;
    record.id = node_id(node, path);
    record.path = path;
    record.subsystem = node.subsystem;
    record.devnum = node.devnum;
    record.driver = sysfs_driver(node, quirks);
    if (!node.driver.empty())
        record.facts.push_back(
            {"kernel-driver", node.driver, Confidence::known, node.parent_syspath + "/driver"});
    record.accel = node.subsystem == "accel";
    if (node.subsystem == "drm")
        find_drm_nodes(node, siblings, record);
    else if (node.subsystem == "video4linux")
        find_v4l2_node(node, record);
    else
        record.by_row = !record.accel;
    return record;
}

DeviceRecord describe(const udev::Node& node, const std::string& path, const Quirks& quirks) {
    if (node.subsystem != "drm")
        return describe(node, path, {}, quirks);
    int error = 0;
    const std::vector<udev::Node> all_drm = udev::enumerate("drm", error);
    DeviceRecord record = describe(node, path, all_drm, quirks);
    if (error < 0)
        record.facts.push_back({"sibling-nodes", std::generic_category().message(-error),
                                Confidence::unknown, "udev"});
    return record;
}

/// `otherwise` and its remedy count when it is not the node's mode that forbids.
void deny(DeviceRecord& record, const std::string& otherwise, const std::string& remedy) {
    const Permission permission = check_permission(record.path, record.subsystem);
    record.readable = false;
    record.denied_reason = permission.granted ? otherwise : permission.reason;
    record.denied_remedy = permission.granted ? remedy : permission.remedy;
    record.facts.push_back(
        {"readable", "no: " + record.denied_reason, Confidence::known, record.path});
}

/// What follows once the driver's final name is known.
void conclude(const udev::Node& node, const Quirks& quirks, const device_tree::Phandles& phandles,
              DeviceRecord& record) {
    record.identity = identity_of(node, record.driver);
    if (record.drm)
        record.identity.discrete = record.drm->discrete;
    if (record.v4l2)
        record.identity.names = {record.v4l2->name};
    record.quirks = quirks.rows_for(record.identity);
    if (record.v4l2)
        number_instance(record);
    find_reach(node, phandles, record);
    apply_quirks(record);
    translate_reach(phandles, record);
    if (record.v4l2) {
        assume_memory(record);
        record.uses = v4l2_uses(*record.v4l2, node);
    } else if (record.drm) {
        record.uses = drm_uses(*record.drm);
    } else {
        record.uses = {Use::read, Use::write};
    }
}

SysfsPlace place_of(const udev::Node& node) {
    kernel::Stat stat;
    if (node.syspath.empty() || questions::stat(node.syspath, stat) < 0)
        return {};
    return {node.syspath, stat.inode};
}

/// Opening a card makes its opener master for a moment, where nobody else is
/// (drivers/gpu/drm/drm_auth.c). One without connectors says nothing that its render node doesn't.
std::string node_to_ask(const DeviceRecord& record) {
    const DrmInfo& drm = *record.drm;
    const bool other = !drm.is_render_node && !drm.render_node.empty() &&
                       !has_connector(record.place.syspath) &&
                       check_permission(record.path, record.subsystem).granted &&
                       check_permission(drm.render_node, record.subsystem).granted;
    return other ? drm.render_node : record.path;
}

/// Opens a node of either kind without a lasting effect.
Result<UniqueFd> open_node(const DeviceRecord& record) {
    if (record.drm) {
        const std::string node = node_to_ask(record);
        return open_drm_node(node, record.devnum_of(node));
    }
    return open_device_node(record.path, O_RDWR, record.devnum);
}

Result<void> ask(int fd, bool own, DeviceRecord& record) {
    if (record.by_row)
        return {};
    if (record.accel) {
        ask_accel(fd, record);
        return {};
    }
    if (record.drm) {
        ask_drm(fd, own, record);
        return {};
    }
    const int result = ask_v4l2(fd, record);
    if (result == -ENOTTY)
        return invalid(record.path, "is a V4L2 node without a video queue");
    if (result < 0)
        return unreachable(record.path, -result, "VIDIOC_QUERYCAP");
    return {};
}

/// What only an open node tells; one that may not be opened leaves that as a fact.
Result<void> open_and_ask(DeviceRecord& record) {
    if (record.accel || record.by_row) {
        if (!check_permission(record.path, record.subsystem).granted)
            deny(record, {}, {});
        return {};
    }
    const auto fd = open_node(record);
    if (fd)
        return ask(fd->get(), true, record);
    if (is_denied(fd.error().sys_errno)) {
        deny(record, fd.error().message(), fd.error().remedy);
    } else if (is_gone(fd.error().sys_errno) || fd.error().cause == Cause::fd_limit) {
        return unreachable(record.path, fd.error().sys_errno, fd.error().detail);
    } else {
        // In use by somebody exclusively, or a master that can't be dropped.
        record.denied_reason = fd.error().message();
        record.facts.push_back(
            {"opened", "no: " + record.denied_reason, Confidence::known, record.path});
    }
    return {};
}

/// Below /dev; empty when it has none. By sysfs first: for want of memory libudev may say that
/// there is no such device.
std::string node_path(dev_t devnum) {
    std::string uevent;
    const std::string place =
        fmt::format("/sys/dev/char/{}:{}/uevent", ::major(devnum), ::minor(devnum));
    if (questions::read_file(place, uevent) < 0) {
        const auto node = udev::by_devnum(devnum);
        return node ? node->devnode : "";
    }
    const std::string key = "\nDEVNAME=";
    uevent.insert(0, 1, '\n');
    const std::size_t start = uevent.find(key);
    if (start == std::string::npos)
        return {};
    const std::string name = uevent.substr(start + key.size());
    return "/dev/" + name.substr(0, name.find('\n'));
}

} // namespace

Discovery::Discovery(Quirks quirks)
    : quirks_(std::move(quirks)), phandles_(std::make_shared<const device_tree::Phandles>()) {}

Result<DeviceRecord> Discovery::find(const std::string& path) const {
    return find(path, 0);
}

Result<DeviceRecord> Discovery::find(dev_t devnum) const {
    const std::string path = node_path(devnum);
    if (path.empty())
        return failure(Stage::discover, Cause::gone, 0,
                       fmt::format("device {}:{}", ::major(devnum), ::minor(devnum)),
                       "no character device of this number has a node",
                       "ask for its number again: it may have been unplugged");
    return find(path, devnum);
}

Result<DeviceRecord> Discovery::find(const std::string& path, dev_t devnum) const {
    kernel::Stat stat;
    if (const int result = questions::stat(path, stat); result < 0)
        return unreachable(path, -result, "look up device");
    if (devnum != 0 && (!S_ISCHR(stat.mode) || stat.rdev != devnum))
        return failure(
            Stage::discover, Cause::gone, 0, path,
            fmt::format("it is not device {}:{} in this /dev", ::major(devnum), ::minor(devnum)),
            "let the sandbox have the node, or open it and hand the descriptor over");
    auto node = identify(path, stat, quirks_);
    if (!node)
        return std::move(node).error();
    if (node->devnode.empty())
        node->devnode = path;
    DeviceRecord record = describe(*node, path, quirks_);
    record.place = place_of(*node);

    if (auto asked = open_and_ask(record); !asked)
        return std::move(asked).error();
    conclude(*node, quirks_, *phandles_, record);
    return record;
}

Result<DeviceRecord> Discovery::find(int fd, QueueAccess access) const {
    const std::string name = fmt::format("descriptor {}", fd);
    kernel::Stat stat;
    if (const int result = kernel::fstat(fd, stat); result < 0)
        return failure(Stage::discover, result == -EBADF ? Cause::invalid : cause_of(-result),
                       -result, name, "look up device");
    if (is_only_path(fd))
        return failure(Stage::discover, Cause::invalid, 0, name, "it is only a path (O_PATH)",
                       "open the node itself");
    auto node = identify(name, stat, quirks_);
    if (!node)
        return std::move(node).error();
    auto copy = UniqueFd::dup(fd);
    if (!copy)
        return std::move(copy).error();
    const std::string path =
        node->devnode.empty() ? fmt::format("/proc/self/fd/{}", copy->get()) : node->devnode;
    DeviceRecord record = describe(*node, path, quirks_);
    record.place = place_of(*node);
    record.facts.push_back(
        {"descriptor",
         access == QueueAccess::lent ? "of the caller, with its queue" : "of the caller",
         Confidence::known, "caller"});

    // A description of our own may be given client capabilities; a V4L2 one of our own would not
    // see what the caller's context has set up.
    UniqueFd own;
    kernel::Stat reached;
    // In a container the path may lead to another device: that one is not opened.
    if (record.drm && !node->devnode.empty() && questions::stat(path, reached) >= 0 &&
        reached.rdev == stat.rdev)
        if (auto opened = open_node(record))
            own = std::move(*opened);
    record.queue_access = access;
    if (auto asked = ask(own ? own.get() : copy->get(), static_cast<bool>(own), record); !asked)
        return std::move(asked).error();
    record.caller_fd = std::move(*copy);
    conclude(*node, quirks_, *phandles_, record);
    return record;
}

Result<void> Discovery::list(const std::string& subsystem,
                             std::vector<DeviceRecord>& records) const {
    int error = 0;
    const bool by_row = subsystem == "char";
    std::vector<udev::Node> nodes =
        by_row ? named_nodes(quirks_, error) : udev::enumerate(subsystem, error);
    if (error < 0)
        return failure(Stage::discover, cause_of(-error), -error, subsystem, "enumerate devices");
    for (const udev::Node& node : nodes) {
        if (!by_row && kind_of(node) != NodeKind::device)
            continue;
        DeviceRecord record = describe(node, node.devnode, nodes, quirks_);
        if (!check_permission(record.path, record.subsystem).granted)
            deny(record, {}, {});
        conclude(node, quirks_, *phandles_, record);
        records.push_back(std::move(record));
    }
    return {};
}

Result<std::vector<DeviceRecord>> Discovery::list_givers() const {
    std::vector<DeviceRecord> records;
    for (const char* subsystem : {"drm", "video4linux"})
        if (auto listed = list(subsystem, records); !listed)
            return std::move(listed).error();
    return records;
}

Result<std::vector<DeviceRecord>> Discovery::list() const {
    auto records = list_givers();
    if (!records)
        return records;
    for (const char* subsystem : {"accel", "char"})
        if (auto listed = list(subsystem, *records); !listed)
            return std::move(listed).error();
    return records;
}

} // namespace simplealloc
