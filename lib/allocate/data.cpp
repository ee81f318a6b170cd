// SPDX-License-Identifier: MIT
// What an Allocator holds.
#include "lib/allocate/data.hpp"
#include "lib/base/internal.hpp"

#include "lib/kernel/log.hpp"

#include <algorithm>

namespace simplealloc {

Result<std::vector<std::shared_ptr<const DeviceRecord>>>
AllocatorData::devices(const std::vector<DeviceUse>& uses) const {
    std::vector<std::shared_ptr<const DeviceRecord>> devices;
    for (const DeviceUse& use : uses) {
        const auto record = Internal::pointer(use.device);
        if (std::find(devices.begin(), devices.end(), record) == devices.end())
            devices.push_back(record);
    }
    // A sandbox may hide sysfs: the devices that the request names and the heaps do without. That
    // it could not be asked does not say that there are no others.
    auto listed = discovery.list_givers();
    if (!listed &&
        (listed.error().cause == Cause::fd_limit || listed.error().cause == Cause::exhausted))
        return std::move(listed).error();
    if (!listed) {
        log::line(LogLevel::warning, "plan: {}", listed.error().message());
        listed = std::vector<DeviceRecord>();
    }
    for (DeviceRecord& record : *listed) {
        const bool named = std::any_of(devices.begin(), devices.end(),
                                       [&](const auto& known) { return known->id == record.id; });
        if (!named)
            devices.push_back(std::make_shared<const DeviceRecord>(std::move(record)));
    }
    return devices;
}

std::vector<SourceRecord>
AllocatorData::sources(std::span<const std::shared_ptr<const DeviceRecord>> devices) const {
    std::vector<SourceRecord> sources;
    for (const Backend& backend : backends())
        for (SourceRecord& source : sources_of(backend, devices, discovery.quirks()))
            sources.push_back(std::move(source));
    return sources;
}

Result<std::vector<SourceRecord>> AllocatorData::all_sources() const {
    auto listed = discovery.list_givers();
    if (!listed)
        return std::move(listed).error();
    std::vector<std::shared_ptr<const DeviceRecord>> devices;
    for (DeviceRecord& record : *listed)
        devices.push_back(std::make_shared<const DeviceRecord>(std::move(record)));
    return sources(devices);
}

Result<std::optional<SourceRecord>>
AllocatorData::find_source(const std::string& name, const std::vector<DeviceUse>& uses) const {
    auto known = devices(uses);
    if (!known)
        return std::move(known).error();
    for (SourceRecord& source : sources(*known))
        if (source.input.name == name)
            return std::optional(std::move(source));
    return std::optional<SourceRecord>();
}

} // namespace simplealloc
