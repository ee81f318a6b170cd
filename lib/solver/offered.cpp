// SPDX-License-Identifier: MIT
// Asked for each pair of use and source, so the cheap questions come first.
#include "lib/solver/offered.hpp"

#include <algorithm>

namespace simplealloc::solver {

bool is_own(const UseInput& use, const SourceInput& source) {
    return !source.offer.device.empty() && source.offer.device == use.device;
}

bool is_made_for(const UseInput& use, const SourceInput& source) {
    return use.queue == source.offer.queue && is_own(use, source);
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
           (contiguity == OfferContiguity::device_domain && is_own(use, source)) ||
           find_note(use, source, true) != nullptr;
}

const SourceNote* find_note(const UseInput& use, const SourceInput& source, bool works) {
    const auto note = std::find_if(use.notes.begin(), use.notes.end(), [&](const SourceNote& n) {
        return n.works == works && source.is_called(n.source);
    });
    return note == use.notes.end() ? nullptr : &*note;
}

} // namespace simplealloc::solver
