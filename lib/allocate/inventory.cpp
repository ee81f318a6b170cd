// SPDX-License-Identifier: MIT
// What the machine has, kept from one plan to the next.
#include "lib/allocate/inventory.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc {

namespace {

constexpr auto always = [](const auto&) { return true; };

/// Of the backends that are bound to devices, or of the others.
std::vector<SourceRecord> look_for_sources(bool bound, const DeviceRecords& devices,
                                           const Quirks& quirks) {
    std::vector<SourceRecord> sources;
    for (const Backend& backend : backends())
        if (backend.device_bound == bound)
            for (SourceRecord& source : sources_of(backend, devices, quirks))
                sources.push_back(std::move(source));
    return sources;
}

} // namespace

template <typename T, typename Fits, typename Look>
Result<std::shared_ptr<const T>> Inventory::find(Place<T>& place, Fits is_fit, Look look) {
    const auto edition = current_edition();
    if (edition) {
        std::unique_lock lock(mutex_);
        const Place<T> kept = place;
        lock.unlock();
        if (kept && kept->edition == *edition && is_fit(kept->found) &&
            questions::still_hold(kept->silent))
            return std::shared_ptr<const T>(kept, &kept->found);
    }
    // What comes while we look belongs to a later edition, and is looked for again.
    const questions::Watch watch;
    const questions::Record record;
    Result<T> found = look();
    if (!found)
        return std::move(found).error();
    auto made = std::make_shared<Kept<T>>();
    made->found = *std::move(found);
    std::shared_ptr<const T> answer(made, &made->found);
    // Nor is kept what could be seen in part alone.
    if (!edition || !watch.all_asked())
        return answer;
    made->edition = *edition;
    made->silent = record.answers();
    std::erase_if(made->silent, [](const auto& each) { return is_announced(each.first); });
    const std::lock_guard lock(mutex_);
    place = std::move(made);
    return answer;
}

Result<DeviceRecords> Inventory::givers() {
    auto found = find(givers_, always, [&]() -> Result<DeviceRecords> {
        auto listed = discovery_.list_givers();
        if (!listed)
            return std::move(listed).error();
        DeviceRecords devices;
        for (DeviceRecord& device : *listed)
            devices.push_back(std::make_shared<const DeviceRecord>(std::move(device)));
        return devices;
    });
    if (!found)
        return std::move(found).error();
    return **found;
}

Inventory::BoundSources Inventory::look_for_bound(const DeviceRecords& devices) const {
    BoundSources bound{
        {devices.begin(), devices.end()}, look_for_sources(true, devices, discovery_.quirks()), {}};
    for (SourceRecord& source : bound.sources) {
        const auto device = std::ranges::find(devices, std::exchange(source.device, nullptr));
        bound.device_of.push_back(static_cast<std::size_t>(device - devices.begin()));
    }
    return bound;
}

Result<std::vector<SourceRecord>> Inventory::sources(const DeviceRecords& devices) {
    using Sources = std::vector<SourceRecord>;
    const auto free = find(free_, always, [&]() -> Result<Sources> {
        return look_for_sources(false, {}, discovery_.quirks());
    });
    if (!free)
        return free.error();
    const auto are_these = [&](const BoundSources& bound) {
        return std::ranges::equal(bound.devices, devices, [](const auto& kept, const auto& device) {
            return kept.lock() == device;
        });
    };
    const auto bound =
        find(bound_, are_these, [&]() -> Result<BoundSources> { return look_for_bound(devices); });
    if (!bound)
        return bound.error();
    Sources sources = **free;
    sources.insert(sources.end(), (*bound)->sources.begin(), (*bound)->sources.end());
    for (std::size_t i = 0; i < (*bound)->device_of.size(); ++i)
        sources[(*free)->size() + i].device = devices[(*bound)->device_of[i]];
    return sources;
}

} // namespace simplealloc
