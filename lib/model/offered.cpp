// SPDX-License-Identifier: MIT
// Asked for each pair of use and source, so the cheap questions come first.
#include "lib/model/offered.hpp"

#include <algorithm>

namespace simplealloc::solver {

bool is_own(const UseInput& use, const SourceInput& source) {
    return !source.offer.device.empty() && source.offer.device == use.device;
}

bool is_made_for(const UseInput& use, const SourceInput& source) {
    return use.queue == source.offer.queue && is_own(use, source);
}

bool is_moved_by(const UseInput& use, const SourceInput& source) {
    const Offer& offer = source.offer;
    return offer.memory_kind == MemoryKind::device_local &&
           !(use.peer_to_peer && offer.peer_to_peer) && use.attaches && !is_own(use, source);
}

const UseInput* shown_in_place(const Input& input, const std::vector<std::size_t>& uses,
                               const SourceInput& source) {
    if (source.offer.memory_kind != MemoryKind::device_local)
        return nullptr;
    constexpr auto there = static_cast<std::uint8_t>(MemoryKind::device_local);
    for (const std::size_t index : uses) {
        const UseInput& use = input.uses[index];
        if ((use.use == Use::scanout || use.use == Use::cursor) && is_own(use, source) &&
            !use.alternatives.empty() &&
            std::all_of(
                use.alternatives.begin(), use.alternatives.end(),
                [](const CapabilitySet& set) { return set.constraints.memory_kinds == there; }))
            return &use;
    }
    return nullptr;
}

CpuCaching caching_for(const Offer& offer, CpuAccess access) {
    if (!offer.caching_selectable)
        return offer.caching;
    const bool reads = access == CpuAccess::read_rarely || access == CpuAccess::read_often;
    return reads ? CpuCaching::cached : CpuCaching::write_combined;
}

bool contiguous_for(const SourceInput& source, const UseInput& use) {
    const OfferContiguity contiguity = source.offer.contiguity;
    return contiguity == OfferContiguity::physical || is_made_for(use, source) ||
           (contiguity == OfferContiguity::device_domain && is_own(use, source));
}

const SourceNote* find_forbidden(const UseInput& use, const SourceInput& source) {
    const auto note =
        std::find_if(use.forbidden.begin(), use.forbidden.end(),
                     [&](const SourceNote& each) { return source.is_called(each.source); });
    return note == use.forbidden.end() ? nullptr : &*note;
}

} // namespace simplealloc::solver
