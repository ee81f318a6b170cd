// SPDX-License-Identifier: MIT
// A device's own need is reduced first: a translating IOMMU or a CPU copy leaves none.
#include "lib/discovery/limits/memory_limits.hpp"

#include "lib/discovery/limits/defaults.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"

namespace simplealloc {

namespace {

/// `unless-iommu`: one run of DMA addresses, which a translating domain makes of any pages.
Contiguity contiguity_of(const QuirkValue& quirk, bool one_run) {
    const bool needed = quirk.text == "yes" || (quirk.text == "unless-iommu" && !one_run);
    return needed ? Contiguity::required : Contiguity::any;
}

void add_contiguity(const DeviceRecord& device, const std::optional<QuirkValue>& quirk,
                    solver::CapabilitySet& set) {
    const auto require = [&](Contiguity contiguity, Confidence confidence,
                             std::string_view origin) {
        set.constraints.contiguity = contiguity;
        if (contiguity != Contiguity::any)
            set.evidence[ConstraintKind::contiguity] = {confidence, std::string(origin)};
    };
    const V4l2Memory memory = device.v4l2 ? device.v4l2->memory : V4l2Memory::unknown;
    const ClassDefault& assumed = class_default(device);
    if (quirk && quirk->decides) {
        require(contiguity_of(*quirk, device.reach.makes_one_run()), quirk->confidence,
                quirk->origin);
    } else if (memory == V4l2Memory::vmalloc) {
        set.import_path = ImportPath::vmap;
    } else if (memory == V4l2Memory::unknown && assumed.import_path == ImportPath::vmap) {
        set.import_path = ImportPath::vmap;
    } else if (quirk) {
        require(contiguity_of(*quirk, device.reach.makes_one_run()), quirk->confidence,
                quirk->origin);
    } else if (device.reach.makes_one_run() || memory == V4l2Memory::dma_sg) {
        set.constraints.contiguity = Contiguity::any;
    } else if (memory == V4l2Memory::dma_contig) {
        require(Contiguity::required, device.v4l2->memory_confidence, device.v4l2->memory_origin);
    } else {
        require(assumed.contiguity, assumed.confidence, assumed.origin);
    }
}

/// A buffer beyond the window would be bounced: the device then works on a copy that nobody else
/// sees.
void add_window(const Reach& reach, solver::CapabilitySet& set) {
    if (set.import_path == ImportPath::vmap || reach.translated || !reach.mask_known ||
        (reach.min_address == 0 && reach.max_address == no_limit))
        return;
    set.constraints.min_address = reach.min_address;
    set.constraints.max_address = reach.max_address;
    set.evidence[ConstraintKind::address_window] = {reach.mask_confidence, reach.mask_origin};
}

} // namespace

solver::CapabilitySet memory_limits(const DeviceRecord& device, Use use, Fourcc fourcc) {
    solver::CapabilitySet set;
    const auto imports = use_quirk(device, use, fourcc, "imports");
    if (imports ? says_imports(*imports, device.reach) : device.imports) {
        add_contiguity(device, use_quirk(device, use, fourcc, "contiguous"), set);
        add_window(device.reach, set);
    } else {
        // Its own memory it reaches anyway.
        set.constraints.exporters = {{device.id}};
        set.evidence[ConstraintKind::exporter] =
            imports ? Evidence{imports->confidence, imports->origin}
                    : Evidence{device.import_confidence, device.import_origin};
    }
    add_quirk_limits(device, use, fourcc, set);
    return set;
}

} // namespace simplealloc
