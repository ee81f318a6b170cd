// SPDX-License-Identifier: MIT
// What a device can have against a source's memory, in one table: a test and the words for it.
#include "lib/solver/accept.hpp"

#include "lib/solver/formats.hpp"
#include "lib/solver/ways.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

const SourceNote* find_note(const UseInput& use, const SourceInput& source, bool works) {
    const auto note = std::find_if(use.notes.begin(), use.notes.end(), [&](const SourceNote& n) {
        return n.works == works && source.is_called(n.source);
    });
    return note == use.notes.end() ? nullptr : &*note;
}

/// What the checks look at.
struct Case {
    const UseInput& use;
    const CapabilitySet& set;
    const SourceInput& source;
    const Wanted& wanted;
    bool own; ///< the source is the device's own memory
};

Objection objection(const Case& c, ConstraintKind kind, std::string reason,
                    std::string remedy = {}) {
    return {kind, std::move(reason), {c.use.party}, std::move(remedy), false};
}

bool lists(const CapabilitySet& set, Fourcc code) {
    return std::any_of(set.formats.begin(), set.formats.end(),
                       [&](const FormatSupport& f) { return f.fourcc == code; });
}

Objection format_objection(const Case& c) {
    if (c.set.formats.empty())
        return objection(c, ConstraintKind::format,
                         fmt::format("{} takes linear layouts only, {} is wanted", c.use.party,
                                     to_string(c.wanted.modifier)));
    if (lists(c.set, c.wanted.fourcc))
        return objection(c, ConstraintKind::format,
                         fmt::format("{} takes {} only with other modifiers than {}", c.use.party,
                                     to_string(c.wanted.fourcc), to_string(c.wanted.modifier)));
    const auto sibling = alpha_sibling(c.wanted.fourcc);
    // Nobody but the caller knows whether alpha may be lost or undefined.
    return objection(c, ConstraintKind::format,
                     fmt::format("{} does not take {}", c.use.party, to_string(c.wanted.fourcc)),
                     sibling && lists(c.set, *sibling)
                         ? fmt::format("request {}, which it takes", to_string(*sibling))
                         : std::string());
}

bool may_be_given(const Case& c) {
    return find_note(c.use, c.source, false) == nullptr;
}

Objection note_objection(const Case& c) {
    return objection(c, ConstraintKind::exporter,
                     fmt::format("{} must not be given it ({})", c.use.party,
                                 find_note(c.use, c.source, false)->origin));
}

bool imports(const Case& c) {
    const auto& exporters = c.set.constraints.exporters;
    const std::string& device = c.source.offer.device;
    return !exporters || (!device.empty() && std::find(exporters->begin(), exporters->end(),
                                                       device) != exporters->end());
}

Objection exporter_objection(const Case& c) {
    const auto& exporters = *c.set.constraints.exporters;
    const bool only_itself = std::all_of(exporters.begin(), exporters.end(),
                                         [&](const std::string& id) { return id == c.use.device; });
    return objection(c, ConstraintKind::exporter,
                     only_itself ? fmt::format("{} imports no memory but its own", c.use.party)
                                 : fmt::format("{} imports memory of {} only", c.use.party,
                                               list_text(exporters)));
}

bool attaches(const Case& c) {
    const bool dma = c.set.import_path == ImportPath::dma;
    return c.own || (dma ? c.source.offer.attachable : c.source.offer.vmap_stable);
}

Objection attach_objection(const Case& c) {
    const Offer& offer = c.source.offer;
    const std::string why =
        c.set.import_path == ImportPath::dma
            ? fmt::format("{} can't attach it", c.use.party)
            : fmt::format("{} copies through a kernel mapping that does not stay valid",
                          c.use.party);
    Objection found = objection(
        c, ConstraintKind::attach,
        offer.attach_reason.empty() ? why : fmt::format("{}; {}", offer.attach_reason, why));
    found.by_source = true;
    return found;
}

std::string contiguity_text(const Offer& offer) {
    switch (offer.contiguity) {
    case OfferContiguity::physical:
        return "memory is contiguous";
    case OfferContiguity::device_domain:
        return "memory is one run in the address space of its own device only";
    case OfferContiguity::chunks:
        return fmt::format("memory is in chunks of {}", size_text(offer.chunk_size));
    case OfferContiguity::scattered:
        return "pages are scattered";
    case OfferContiguity::unknown:
        break;
    }
    return "nobody says whether the memory is contiguous";
}

bool needs_one_segment(const Constraints& need) {
    return need.contiguity == Contiguity::required || need.max_segments <= 1;
}

// A request that is small enough to be contiguous by luck is no exception.
bool contiguous_enough(const Case& c) {
    const Constraints& need = c.set.constraints;
    return contiguous_for(c.source, c.use) ||
           !(needs_one_segment(need) ||
             (need.contiguity == Contiguity::preferred && c.wanted.strict));
}

Objection contiguity_objection(const Case& c) {
    const std::string remedy =
        c.source.offer.device.empty() ? "boot with cma=SIZE and use a kernel with a CMA heap" : "";
    if (needs_one_segment(c.set.constraints))
        return objection(c, ConstraintKind::contiguity,
                         fmt::format("{}; {} needs contiguous memory",
                                     contiguity_text(c.source.offer), c.use.party),
                         remedy);
    return objection(c, ConstraintKind::contiguity,
                     fmt::format("{}; nobody knows whether {} needs contiguous memory, and the "
                                 "request is strict",
                                 contiguity_text(c.source.offer), c.use.party),
                     "allow unproven candidates (not strict)");
}

bool in_reach(const Case& c) {
    const Offer& offer = c.source.offer;
    const Constraints& need = c.set.constraints;
    if (find_note(c.use, c.source, true) != nullptr)
        return true;
    // A device's DMA allocator keeps to the device's own mask.
    if (c.own && offer.contiguity == OfferContiguity::device_domain)
        return true;
    return offer.min_address >= need.min_address && offer.max_address <= need.max_address;
}

Objection address_objection(const Case& c) {
    const Offer& offer = c.source.offer;
    const Constraints& need = c.set.constraints;
    return objection(
        c, ConstraintKind::address_window,
        fmt::format("memory may lie at {}; {} reaches {}",
                    window_text(offer.min_address, offer.max_address), c.use.party,
                    window_text(need.min_address, need.max_address)),
        offer.device.empty() && offer.max_address > need.max_address
            ? fmt::format("use a CMA heap in reach (cma=SIZE@0-{:#x})", need.max_address)
            : "");
}

bool starts_aligned(const Case& c) {
    const std::uint64_t need = c.set.constraints.address_align;
    return need <= 1 || c.source.offer.address_align % need == 0;
}

Objection alignment_objection(const Case& c) {
    return objection(c, ConstraintKind::address_align,
                     fmt::format("memory starts at a multiple of {}; {} needs a multiple of {}",
                                 size_text(c.source.offer.address_align), c.use.party,
                                 size_text(c.set.constraints.address_align)));
}

bool right_kind(const Case& c) {
    const auto kind = static_cast<std::uint8_t>(c.source.offer.memory_kind);
    return (c.set.constraints.memory_kinds & kind) != 0;
}

Objection memory_kind_objection(const Case& c) {
    return objection(
        c, ConstraintKind::memory_kind,
        c.source.offer.memory_kind == MemoryKind::system
            ? fmt::format("it is system memory; {} needs device-local memory", c.use.party)
            : fmt::format("it is device-local memory; {} needs system memory", c.use.party));
}

bool mapped_right(const Case& c) {
    const CpuCaching caching = caching_for(c.source.offer, c.wanted.cpu);
    return c.use.refuses_cached.empty() || caching == CpuCaching::write_combined ||
           caching == CpuCaching::unmappable;
}

Objection caching_objection(const Case& c) {
    const bool cached = caching_for(c.source.offer, c.wanted.cpu) == CpuCaching::cached;
    return objection(c, ConstraintKind::cpu_access,
                     fmt::format("{}; {} works with other memory only ({})",
                                 cached ? "the CPU maps its memory cached"
                                        : "nobody says whether the CPU maps its memory cached",
                                 c.use.party, c.use.refuses_cached));
}

// Protected memory is out of the CPU's reach, for good.
bool protected_enough(const Case& c) {
    return !c.set.constraints.protected_memory ||
           (c.wanted.cpu == CpuAccess::none && c.source.offer.protected_memory);
}

Objection protection_objection(const Case& c) {
    if (c.wanted.cpu == CpuAccess::none)
        return objection(
            c, ConstraintKind::protected_memory,
            fmt::format("memory is not protected; {} needs protected memory", c.use.party));
    Objection found =
        objection(c, ConstraintKind::protected_memory,
                  fmt::format("{} needs protected memory, which has no CPU use", c.use.party));
    found.required_by.push_back(cpu_party(c.wanted.cpu));
    return found;
}

struct Check {
    bool (*holds)(const Case&);
    Objection (*objection)(const Case&);
};

constexpr std::array checks{
    Check{may_be_given, note_objection},
    Check{imports, exporter_objection},
    Check{attaches, attach_objection},
    Check{contiguous_enough, contiguity_objection},
    Check{in_reach, address_objection},
    Check{starts_aligned, alignment_objection},
    Check{right_kind, memory_kind_objection},
    Check{mapped_right, caching_objection},
    Check{protected_enough, protection_objection},
};

bool is_own(const UseInput& use, const SourceInput& source) {
    return !source.offer.device.empty() && source.offer.device == use.device;
}

} // namespace

CpuCaching caching_for(const Offer& offer, CpuAccess access) {
    if (!offer.caching_selectable)
        return offer.caching;
    const bool reads = access == CpuAccess::read_rarely || access == CpuAccess::read_often;
    return reads ? CpuCaching::cached : CpuCaching::write_combined;
}

bool contiguous_for(const Offer& offer, const std::string& device) {
    return offer.contiguity == OfferContiguity::physical ||
           (offer.contiguity == OfferContiguity::device_domain && !offer.device.empty() &&
            offer.device == device);
}

bool contiguous_for(const SourceInput& source, const UseInput& use) {
    return contiguous_for(source.offer, use.device) || find_note(use, source, true) != nullptr;
}

Acceptance accept(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
                  const Wanted& wanted) {
    const Case c{use, set, source, wanted, is_own(use, source)};
    Acceptance result;
    for (const Check& check : checks) {
        if (!check.holds(c))
            return result;
        ++result.passed;
    }
    result.accepted = true;
    result.unproven =
        set.constraints.contiguity == Contiguity::preferred && !contiguous_for(source, use);
    return result;
}

Objection objection_to(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
                       const Wanted& wanted) {
    const Case c{use, set, source, wanted, is_own(use, source)};
    if (takes_format(use, set, wanted.fourcc, wanted.modifier, c.own))
        for (const Check& check : checks)
            if (!check.holds(c))
                return check.objection(c);
    return format_objection(c);
}

} // namespace simplealloc::solver
