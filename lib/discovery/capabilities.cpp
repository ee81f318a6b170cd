// SPDX-License-Identifier: MIT
// What a device can do for a use: by subsystem, then what the caller says instead.
#include "lib/discovery/capabilities_parts.hpp"

#include "lib/failure.hpp"
#include "lib/solver/merge.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

solver::CapabilitySet described_set(const DeviceDescription& description) {
    solver::CapabilitySet set;
    set.constraints = description.constraints;
    set.formats = description.formats;
    solver::Merged limits;
    solver::merge(limits, description.constraints, description.name);
    for (const auto& contribution : limits.contributions)
        set.evidence[contribution.kind] = {Confidence::known, "caller"};
    if (!set.formats.empty())
        set.evidence[ConstraintKind::format] = {Confidence::known, "caller"};
    return set;
}

/// Nothing when the device was asked what it can do.
std::optional<Error> unasked(const DeviceRecord& device) {
    if (device.drm ? device.drm->opened : device.v4l2 && device.v4l2->opened)
        return std::nullopt;
    if (!device.readable)
        return failure(Stage::plan, Cause::denied, 0, device.path,
                       "what it can do is not known, as it may not be opened (" +
                           device.denied_reason + ")",
                       device.denied_remedy);
    if (!device.denied_reason.empty())
        return failure(Stage::plan, Cause::unsupported, 0, device.path,
                       "what it can do is not known: " + device.denied_reason);
    return failure(Stage::plan, Cause::invalid, 0, device.path,
                   "was listed and never asked what it can do",
                   "get it by Allocator::device and its path");
}

} // namespace

std::string party_name(const DeviceRecord& device, Use use) {
    return fmt::format("{} ({})", device.path, to_string(use));
}

Error unsupported_use(const DeviceRecord& device, Use use, std::string detail, std::string remedy) {
    return failure(Stage::plan, Cause::unsupported, 0, party_name(device, use), std::move(detail),
                   std::move(remedy));
}

Result<std::vector<solver::CapabilitySet>> capabilities(const DeviceRecord& device,
                                                        const DeviceUse& use, Fourcc fourcc) {
    CapabilitySets sets = std::vector<solver::CapabilitySet>{};
    if (device.described) {
        sets->push_back(described_set(*device.described));
    } else {
        if (auto error = unasked(device))
            return std::move(*error);
        sets = device.drm ? drm_capabilities(device, use.use, fourcc)
                          : v4l2_capabilities(device, use.use, fourcc);
    }
    if (!sets || use.formats.empty() || fourcc == fourcc::bytes)
        return sets;
    for (solver::CapabilitySet& set : *sets) {
        set.formats = use.formats;
        set.evidence[ConstraintKind::format] = {Confidence::known, "caller"};
    }
    return sets;
}

} // namespace simplealloc
