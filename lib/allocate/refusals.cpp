// SPDX-License-Identifier: MIT
// Imports that devices refused, and mappings that the CPU did not get.
#include "lib/allocate/refusals.hpp"
#include "lib/base/internal.hpp"

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/uevents.hpp"
#include "lib/model/objection.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc {

solver::Input::Refusals Refusals::current() {
    // Nothing to forget: no reason to ask for hotplug events, nor to wait for others.
    if (!any_)
        return refusals_.none();
    const std::lock_guard lock(mutex_);
    std::string now = uevent_count();
    if (now != since_) {
        refusals_.clear();
        any_ = false;
        since_ = std::move(now);
    }
    return refusals_.current();
}

void Refusals::remember(Refusal refusal) {
    const std::lock_guard lock(mutex_);
    if (!any_)
        since_ = uevent_count();
    const auto is_same = [of = refusal](const Refusal& known) {
        return known.source == of.source && known.layout_class == of.layout_class &&
               known.device == of.device && known.party == of.party;
    };
    refusals_.add(std::move(refusal), is_same);
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
    const auto is_asked = [&](const Refusal& one) {
        if (one.device.empty())
            return one.party == solver::any_cpu && cpu != CpuAccess::none;
        return std::any_of(uses.begin(), uses.end(), [&](const DeviceUse& use) {
            return one.device == use.device.id() &&
                   one.party == party_name(Internal::data(use.device), use.use);
        });
    };
    const auto known = current();
    for (const Refusal& one : *known)
        if (one.source == source && one.layout_class == layout_class && is_asked(one))
            return one;
    return std::nullopt;
}

} // namespace simplealloc
