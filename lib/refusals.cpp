// SPDX-License-Identifier: MIT
// Imports that devices refused, and mappings that the CPU did not get.
#include "lib/refusals.hpp"

#include "lib/discovery/device_record.hpp"
#include "lib/kernel.hpp"
#include "lib/solver/objection.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc {

namespace {

/// Grows with every hotplug event; empty when unreadable.
std::string hotplug_count() {
    std::string text;
    kernel::read_file("/sys/kernel/uevent_seqnum", text);
    return text;
}

} // namespace

std::vector<Refusals::Refusal> Refusals::current() {
    // Nothing to forget: no reason to ask for hotplug events, nor to wait for others.
    if (!any_)
        return {};
    const std::lock_guard lock(mutex_);
    std::string now = hotplug_count();
    if (now != since_) {
        refusals_.clear();
        any_ = false;
        since_ = std::move(now);
    }
    return refusals_;
}

void Refusals::remember(Refusal refusal) {
    const std::lock_guard lock(mutex_);
    if (refusals_.empty())
        since_ = hotplug_count();
    refusals_.push_back(std::move(refusal));
    any_ = true;
}

void Refusals::forget() {
    const std::lock_guard lock(mutex_);
    refusals_.clear();
    any_ = false;
}

std::optional<Refusals::Refusal> Refusals::find(const std::string& source,
                                                const std::string& layout_class,
                                                const std::vector<DeviceUse>& uses, CpuAccess cpu) {
    const auto is_asked = [&](const std::string& party) {
        return (party == solver::any_cpu && cpu != CpuAccess::none) ||
               std::any_of(uses.begin(), uses.end(), [&](const DeviceUse& use) {
                   return party == party_name(use.device.record(), use.use);
               });
    };
    for (Refusal& one : current())
        if (one.source == source && one.layout_class == layout_class && is_asked(one.party))
            return std::move(one);
    return std::nullopt;
}

} // namespace simplealloc
