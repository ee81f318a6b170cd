// SPDX-License-Identifier: MIT
// From a path, a descriptor or the whole machine to device records.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace simplealloc {

/// Finds out about devices. Opens a node only in find(), and leaves nothing behind: no master, no
/// format, no queue.
class Discovery {
public:
    explicit Discovery(Quirks quirks);

    [[nodiscard]] Result<DeviceRecord> find(const std::string& path) const;
    /// By the number of a character device.
    [[nodiscard]] Result<DeviceRecord> find(dev_t devnum) const;
    [[nodiscard]] Result<DeviceRecord> find(int fd, QueueAccess access) const;
    /// All nodes that are devices, by sysfs and udev only.
    [[nodiscard]] Result<std::vector<DeviceRecord>> list() const;
    /// The same of those that may give memory to others: DRM and V4L2.
    [[nodiscard]] Result<std::vector<DeviceRecord>> list_givers() const;
    [[nodiscard]] const Quirks& quirks() const noexcept { return quirks_; }

private:
    /// The device `devnum` and no other (0: whichever the path leads to).
    [[nodiscard]] Result<DeviceRecord> find(const std::string& path, dev_t devnum) const;
    /// Adds those of one subsystem; `char` are the nodes that rows name.
    [[nodiscard]] Result<void> list(const std::string& subsystem,
                                    std::vector<DeviceRecord>& records) const;

    Quirks quirks_;
    std::shared_ptr<const device_tree::Phandles> phandles_;
};

} // namespace simplealloc
