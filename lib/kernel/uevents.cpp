// SPDX-License-Identifier: MIT
// lib/kobject_uevent.c counts an event after what it tells of is there. udevd takes each from the
// kernel later, and writes what it makes of it into a new file of its database's folder, under a
// name of its own first: the folder changes with every file (device_update_db() of systemd).
#include "lib/kernel/uevents.hpp"

#include "lib/kernel/kernel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

namespace simplealloc {

namespace {

constexpr const char* count_path = "/sys/kernel/uevent_seqnum";

/// File times move on with the timer interrupt, at least every 10 ms: of two changes in so short a
/// time the second might not show.
constexpr std::chrono::milliseconds unclear{100};

} // namespace

std::string uevent_count() {
    std::string text;
    kernel::read_file(count_path, text);
    return text;
}

std::optional<Edition> current_edition() {
    Edition edition;
    if (questions::read_file(count_path, edition.events) < 0)
        return std::nullopt;
    edition.udev.result = questions::stat("/run/udev/data", edition.udev.stat);
    if (edition.udev.result < 0 && edition.udev.result != -ENOENT)
        return std::nullopt;
    if (kernel::wall_time() - edition.udev.stat.modified < unclear)
        return std::nullopt;
    return edition;
}

bool is_announced(const questions::Question& question) {
    const std::string_view path = question.path;
    // A group's domain can be switched while its driver is there (drivers/iommu/iommu.c
    // iommu_group_store_type()). A DMA mask is set while the driver is bound, which ends with an
    // event (drivers/base/dd.c driver_bound()).
    if (path.ends_with("/iommu_group/type"))
        return false;
    // How much memory there is, of both; what is free is read when it is wanted. A block that is
    // plugged in is a device.
    constexpr std::array<std::string_view, 3> files{"/proc/cmdline", "/proc/meminfo",
                                                    "/proc/zoneinfo"};
    constexpr std::array<std::string_view, 7> folders{
        "/sys/bus/",      "/sys/class/",         "/sys/dev/",         "/sys/devices/",
        "/sys/firmware/", "/sys/kernel/mm/cma/", "/proc/device-tree/"};
    return std::ranges::find(files, path) != files.end() ||
           std::ranges::any_of(folders,
                               [&](std::string_view folder) { return path.starts_with(folder); });
}

} // namespace simplealloc
