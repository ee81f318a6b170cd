// SPDX-License-Identifier: MIT
// What an Allocator holds.
#include "lib/allocate/data.hpp"
#include "lib/base/internal.hpp"

#include "lib/kernel/log.hpp"

#include <algorithm>

namespace simplealloc {

namespace {

/// What the uses name goes first and is known best; the rest of the machine is only listed.
Result<DeviceRecords> devices_for(const std::vector<DeviceUse>& uses, Inventory& inventory) {
    DeviceRecords devices;
    for (const DeviceUse& use : uses) {
        const auto record = Internal::pointer(use.device);
        if (std::find(devices.begin(), devices.end(), record) == devices.end())
            devices.push_back(record);
    }
    // A sandbox may hide sysfs: the devices that the request names and the heaps do without. That
    // it could not be asked does not say that there are no others.
    auto listed = inventory.givers();
    if (!listed &&
        (listed.error().cause == Cause::fd_limit || listed.error().cause == Cause::exhausted))
        return std::move(listed).error();
    if (!listed) {
        log::line(LogLevel::warning, "plan: {}", listed.error().message());
        return devices;
    }
    for (auto& record : *listed) {
        const bool named = std::any_of(devices.begin(), devices.end(),
                                       [&](const auto& known) { return known->id == record->id; });
        if (!named)
            devices.push_back(std::move(record));
    }
    return devices;
}

} // namespace

Result<std::vector<SourceRecord>> AllocatorData::sources(const std::vector<DeviceUse>& uses) {
    auto devices = devices_for(uses, inventory);
    if (!devices)
        return std::move(devices).error();
    return inventory.sources(*devices);
}

Result<std::vector<SourceRecord>> AllocatorData::all_sources() {
    auto devices = inventory.givers();
    if (!devices)
        return std::move(devices).error();
    return inventory.sources(*devices);
}

Result<std::optional<SourceRecord>> AllocatorData::find_source(const std::string& name,
                                                               const std::vector<DeviceUse>& uses) {
    auto known = sources(uses);
    if (!known)
        return std::move(known).error();
    for (SourceRecord& source : *known)
        if (source.input.name == name)
            return std::optional(std::move(source));
    return std::optional<SourceRecord>();
}

} // namespace simplealloc
