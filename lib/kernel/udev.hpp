// SPDX-License-Identifier: MIT
// What udev and sysfs know of devices; like kernel.hpp it is replaced in tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace simplealloc::udev {

struct Node {
    std::string syspath;   ///< e.g. /sys/devices/…/drm/card0
    std::string sysname;   ///< e.g. card0
    std::string devnode;   ///< e.g. /dev/dri/card0; empty when there is none
    std::string subsystem; ///< e.g. drm
    dev_t devnum = 0;
    /// The nearest ancestor that has a driver, or else the direct parent; empty when there is none.
    std::string parent_syspath;
    std::string parent_subsystem; ///< e.g. pci, platform, usb, virtio
    std::string driver;           ///< of that ancestor, else empty
    std::map<std::string, std::string> properties;
};

/// All devices of a subsystem (empty: of the machine) that have a node, in the order of their
/// numbers (card2 before card10). A negative errno in `error` when udev can't be asked.
std::vector<Node> enumerate(std::string_view subsystem, int& error);
/// The character device with this number.
std::optional<Node> by_devnum(dev_t devnum);
/// One device of a subsystem, without a look at its others.
std::optional<Node> by_name(std::string_view subsystem, std::string_view sysname);

struct Event {
    std::string action; ///< add, remove, change, move, bind…
    Node node;
};

/// A socket that gets events. Not thread-safe.
class Monitor {
public:
    /// `group` is `udev` or `kernel`; only events of the subsystems arrive (none named: all). Null
    /// and a negative errno in `error` on failure.
    static std::unique_ptr<Monitor> open(const char* group,
                                         std::span<const std::string_view> subsystems, int& error);
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    [[nodiscard]] int fd() const noexcept;
    /// Never blocks. Nothing and an error of 0: none waits. -ENOBUFS: some were lost.
    std::optional<Event> receive(int& error);

private:
    struct State;
    explicit Monitor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace simplealloc::udev
