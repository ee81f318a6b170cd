// SPDX-License-Identifier: MIT
// From the kernel's hotplug events to what they mean for devices and sources.
#include <simplealloc/monitor.hpp>

#include "lib/allocate/data.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/base/names.hpp"
#include "lib/discovery/nodes.hpp"
#include "lib/discovery/other_nodes.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/kernel/udev.hpp"

#include <simplealloc/allocator.hpp>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <unistd.h>
#include <utility>

namespace simplealloc {

namespace {

constexpr Names<HotplugKind, 4> kinds({
    {HotplugKind::added, "added"},
    {HotplugKind::removed, "removed"},
    {HotplugKind::changed, "changed"},
    {HotplugKind::rescan, "rescan"},
});

constexpr Names<HotplugSubject, 3> subjects({
    {HotplugSubject::device, "device"},
    {HotplugSubject::heap, "heap"},
    {HotplugSubject::machine, "machine"},
});

} // namespace

std::string_view to_string(HotplugKind kind) noexcept {
    return kinds.of(kind);
}

std::string_view to_string(HotplugSubject subject) noexcept {
    return subjects.of(subject);
}

namespace {

/// What is known of the machine, to tell what an event changes.
struct Known {
    /// By sysfs path. While a device goes its driver has left, and sysfs would show the next device
    /// above that has one as its parent.
    std::map<std::string, std::string> ids;
    std::set<std::string> sources;
};

Result<std::set<std::string>> source_names(AllocatorData& allocator) {
    auto sources = allocator.all_sources();
    if (!sources)
        return std::move(sources).error();
    std::set<std::string> names;
    for (const SourceRecord& source : *sources)
        names.insert(source.input.name);
    return names;
}

/// What a node is, also where a row says so.
NodeKind node_kind(const udev::Node& node, const Quirks& quirks) {
    return is_named(node, quirks) ? NodeKind::device : kind_of(node);
}

Result<std::map<std::string, std::string>> node_ids(const Quirks& quirks) {
    std::map<std::string, std::string> ids;
    int error = 0;
    const auto add = [&](const std::vector<udev::Node>& nodes) {
        for (const udev::Node& node : nodes)
            if (node_kind(node, quirks) != NodeKind::other)
                ids.emplace(node.syspath, node_id(node, node.devnode));
    };
    const auto failed = [&](std::string_view subsystem) {
        return failure(Stage::discover, cause_of(-error), -error, std::string(subsystem),
                       "enumerate devices");
    };
    for (const std::string_view subsystem : node_subsystems) {
        add(udev::enumerate(subsystem, error));
        if (error < 0)
            return failed(subsystem);
    }
    add(named_nodes(quirks, error));
    if (error < 0)
        return failed("char");
    return ids;
}

HotplugKind kind_of_action(const std::string& action) {
    if (action == "add")
        return HotplugKind::added;
    return action == "remove" ? HotplugKind::removed : HotplugKind::changed;
}

} // namespace

struct MonitorData {
    std::shared_ptr<AllocatorData> allocator;
    std::unique_ptr<udev::Monitor> socket;
    std::string origin;

    std::mutex mutex; ///< of what follows, and of reading from the socket
    Known known;
    /// Read from the socket, and not yet told to anyone.
    std::optional<HotplugEvent> pending;

    Result<void> receive();
    void take(const udev::Event& event);
    Result<void> complete(HotplugEvent& event);
};

/// Leaves the next event that counts in `pending`, if there is one.
Result<void> MonitorData::receive() {
    while (!pending) {
        int error = 0;
        const auto event = socket->receive(error);
        if (error == -ENOBUFS)
            pending = HotplugEvent{};
        else if (error < 0)
            return failure(Stage::discover, cause_of(-error), -error, "hotplug events",
                           "read from the socket");
        else if (!event)
            return {};
        else
            take(*event);
    }
    return {};
}

void MonitorData::take(const udev::Event& event) {
    const udev::Node& node = event.node;
    NodeKind kind = node_kind(node, allocator->inventory.discovery().quirks());
    // The driver that a row goes by has left when its device goes.
    if (kind == NodeKind::other && known.ids.contains(node.syspath))
        kind = NodeKind::device;
    if (kind == NodeKind::other)
        return;
    HotplugEvent out;
    out.kind = kind_of_action(event.action);
    out.subject = kind == NodeKind::device ? HotplugSubject::device : HotplugSubject::heap;
    out.path = node.devnode;
    out.name = node.sysname;
    out.subsystem = node.subsystem;
    const auto known_id = known.ids.find(node.syspath);
    if (out.kind == HotplugKind::removed && known_id != known.ids.end()) {
        out.id = known_id->second;
        known.ids.erase(known_id);
    } else {
        out.id = node_id(node, node.devnode);
        if (out.kind != HotplugKind::removed)
            known.ids[node.syspath] = out.id;
    }
    pending = std::move(out);
}

/// What the event changes; on failure it changes nothing yet.
Result<void> MonitorData::complete(HotplugEvent& event) {
    if (event.kind == HotplugKind::rescan) {
        auto ids = node_ids(allocator->inventory.discovery().quirks());
        if (!ids)
            return std::move(ids).error();
        known.ids = std::move(*ids);
    }
    auto now = source_names(*allocator);
    if (!now)
        return std::move(now).error();
    const std::set<std::string> before = std::exchange(known.sources, std::move(*now));
    std::set_difference(known.sources.begin(), known.sources.end(), before.begin(), before.end(),
                        std::back_inserter(event.sources_added));
    std::set_difference(before.begin(), before.end(), known.sources.begin(), known.sources.end(),
                        std::back_inserter(event.sources_removed));
    allocator->refusals.forget();
    allocator->paddings.forget();
    ++allocator->hotplugs;
    return {};
}

Monitor::Monitor(std::unique_ptr<MonitorData> data) noexcept : data_(std::move(data)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

int Monitor::fd() const noexcept {
    return data_->socket->fd();
}

std::string_view Monitor::origin() const noexcept {
    return data_->origin;
}

Result<std::optional<HotplugEvent>> Monitor::next() {
    const log::Hold lines;
    const std::lock_guard lock(data_->mutex);
    if (auto received = data_->receive(); !received)
        return std::move(received).error();
    if (!data_->pending)
        return std::optional<HotplugEvent>();
    if (auto completed = data_->complete(*data_->pending); !completed)
        return std::move(completed).error();
    log::line(LogLevel::debug, "monitor: {} {}", to_string(data_->pending->kind),
              data_->pending->path);
    return std::exchange(data_->pending, std::nullopt);
}

Result<Monitor> Allocator::monitor() const {
    auto data = std::make_unique<MonitorData>();
    data->allocator = data_;
    // udevd's control socket tells that it runs, as libudev itself sees it.
    data->origin = kernel::access("/run/udev/control", F_OK) >= 0 ? "udev" : "kernel";
    int error = 0;
    const std::vector<std::string> classes = watched_classes(data_->inventory.discovery().quirks());
    const std::vector<std::string_view> names(classes.begin(), classes.end());
    data->socket = udev::Monitor::open(data->origin.c_str(), names, error);
    if (!data->socket)
        return failure(Stage::discover, cause_of(-error), -error, "hotplug events",
                       "open the socket");
    // Listening comes first, so that nothing can come or go unseen in between.
    auto ids = node_ids(data_->inventory.discovery().quirks());
    if (!ids)
        return std::move(ids).error();
    data->known.ids = std::move(*ids);
    auto sources = source_names(*data_);
    if (!sources)
        return std::move(sources).error();
    data->known.sources = std::move(*sources);
    return Internal::make<Monitor>(std::move(data));
}

} // namespace simplealloc
