// SPDX-License-Identifier: MIT
// Devices by libudev: the properties of udevd where it runs, plain sysfs where it does not.
#include "lib/kernel/udev.hpp"

#include <algorithm>
#include <cerrno>
#include <libudev.h>
#include <memory>
#include <new>
#include <tuple>

namespace simplealloc::udev {

namespace {

struct Release {
    void operator()(::udev* p) const { udev_unref(p); }
    void operator()(udev_device* p) const { udev_device_unref(p); }
    void operator()(udev_enumerate* p) const { udev_enumerate_unref(p); }
    void operator()(udev_monitor* p) const { udev_monitor_unref(p); }
};

using Context = std::unique_ptr<::udev, Release>;
using Handle = std::unique_ptr<udev_device, Release>;
using Enumeration = std::unique_ptr<udev_enumerate, Release>;

/// libudev answers null to whatever fails: for want of memory, a device must not seem to be absent.
template <typename T>
T* made(T* value) {
    if (value == nullptr && errno == ENOMEM)
        throw std::bad_alloc();
    return value;
}

/// libudev sets errno where it fails, and leaves it alone where there is nothing.
template <typename Call>
auto ask(Call call) {
    errno = 0;
    return made(call());
}

std::string text(const char* value) {
    return value != nullptr ? value : "";
}

/// libudev shows the parents' chain only; the parents belong to `device`.
udev_device* nearest_with_driver(udev_device* device) {
    const auto parent_of = [](udev_device* of) {
        return ask([&] { return udev_device_get_parent(of); });
    };
    for (udev_device* up = parent_of(device); up != nullptr; up = parent_of(up))
        if (ask([&] { return udev_device_get_driver(up); }) != nullptr)
            return up;
    return parent_of(device);
}

Node make_node(udev_device* device) {
    const auto told = [](udev_device* of, const char* (*get)(udev_device*)) {
        return text(ask([&] { return get(of); }));
    };
    Node node;
    node.syspath = told(device, udev_device_get_syspath);
    node.sysname = told(device, udev_device_get_sysname);
    node.devnode = told(device, udev_device_get_devnode);
    node.subsystem = told(device, udev_device_get_subsystem);
    node.devnum = udev_device_get_devnum(device);
    if (udev_device* parent = nearest_with_driver(device)) {
        node.parent_syspath = told(parent, udev_device_get_syspath);
        node.parent_subsystem = told(parent, udev_device_get_subsystem);
        node.driver = told(parent, udev_device_get_driver);
    }
    udev_list_entry* entry = ask([&] { return udev_device_get_properties_list_entry(device); });
    for (; entry != nullptr; entry = udev_list_entry_get_next(entry))
        node.properties.emplace(text(udev_list_entry_get_name(entry)),
                                text(udev_list_entry_get_value(entry)));
    return node;
}

/// `card10` as ("card", 10): numbers count as numbers.
std::tuple<std::string, unsigned long> by_number(const std::string& sysname) {
    const auto digits = sysname.find_last_not_of("0123456789") + 1;
    unsigned long number = 0;
    for (const char c : sysname.substr(digits))
        number = number * 10 + static_cast<unsigned long>(c - '0');
    return {sysname.substr(0, digits), number};
}

/// `look_up` gives a device of the context, or null.
template <typename LookUp>
std::optional<Node> find(LookUp look_up) {
    const Context context(ask(udev_new));
    const Handle device(context ? ask([&] { return look_up(context.get()); }) : nullptr);
    if (!device)
        return std::nullopt;
    return make_node(device.get());
}

} // namespace

std::vector<Node> enumerate(std::string_view subsystem, int& error) {
    error = 0;
    std::vector<Node> nodes;
    const Context context(udev_new());
    const Enumeration found(context ? udev_enumerate_new(context.get()) : nullptr);
    if (!found) {
        error = -ENOMEM;
        return nodes;
    }
    if (!subsystem.empty())
        error = udev_enumerate_add_match_subsystem(found.get(), std::string(subsystem).c_str());
    if (error >= 0)
        error = udev_enumerate_scan_devices(found.get());
    if (error < 0)
        return nodes;
    error = 0;
    udev_list_entry* entry = ask([&] { return udev_enumerate_get_list_entry(found.get()); });
    for (; entry != nullptr; entry = udev_list_entry_get_next(entry)) {
        // It may have been unplugged since the scan.
        const Handle device(ask([&] {
            return udev_device_new_from_syspath(context.get(), udev_list_entry_get_name(entry));
        }));
        if (!device && (errno == EMFILE || errno == ENFILE)) {
            error = -errno;
            return nodes;
        }
        if (device && ask([&] { return udev_device_get_devnode(device.get()); }) != nullptr)
            nodes.push_back(make_node(device.get()));
    }
    std::sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) {
        return by_number(a.sysname) < by_number(b.sysname);
    });
    return nodes;
}

std::optional<Node> by_devnum(dev_t devnum) {
    return find([&](::udev* context) { return udev_device_new_from_devnum(context, 'c', devnum); });
}

std::optional<Node> by_name(std::string_view subsystem, std::string_view sysname) {
    return find([of = std::string(subsystem), name = std::string(sysname)](::udev* context) {
        return udev_device_new_from_subsystem_sysname(context, of.c_str(), name.c_str());
    });
}

struct Monitor::State {
    Context context;
    std::unique_ptr<udev_monitor, Release> socket;
};

Monitor::Monitor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Monitor::~Monitor() = default;

std::unique_ptr<Monitor> Monitor::open(const char* group,
                                       std::span<const std::string_view> subsystems, int& error) {
    auto state = std::make_unique<State>();
    state->context.reset(udev_new());
    errno = 0;
    if (state->context)
        state->socket.reset(udev_monitor_new_from_netlink(state->context.get(), group));
    error = state->socket ? 0 : (errno != 0 ? -errno : -ENOMEM);
    for (const std::string_view subsystem : subsystems)
        if (error >= 0)
            error = udev_monitor_filter_add_match_subsystem_devtype(
                state->socket.get(), std::string(subsystem).c_str(), nullptr);
    if (error >= 0)
        error = udev_monitor_enable_receiving(state->socket.get());
    if (error < 0)
        return nullptr;
    error = 0;
    return std::unique_ptr<Monitor>(new Monitor(std::move(state)));
}

int Monitor::fd() const noexcept {
    return udev_monitor_get_fd(state_->socket.get());
}

std::optional<Event> Monitor::receive(int& error) {
    errno = 0;
    const Handle device(udev_monitor_receive_device(state_->socket.get()));
    error = device ? 0 : -errno;
    if (device)
        return Event{text(udev_device_get_action(device.get())), make_node(device.get())};
    // libudev says EAGAIN and EINVAL of messages, too, that are not from the kernel or from udevd:
    // anyone may send to this socket, and that is nobody's error.
    if (error == -EAGAIN || error == -EINTR || error == -EINVAL)
        error = 0;
    return std::nullopt;
}

} // namespace simplealloc::udev
