// SPDX-License-Identifier: MIT
// One function per thing that a device can have against a source's memory, in one table.
#include "lib/solver/accept.hpp"

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

using Verdict = std::optional<Objection>;

Objection objection(const Case& c, ConstraintKind kind, std::string reason,
                    std::string remedy = {}) {
    return {kind, std::move(reason), {c.use.party}, std::move(remedy), false};
}

std::optional<Fourcc> alpha_sibling(Fourcc code) {
    constexpr std::array<std::pair<Fourcc, Fourcc>, 2> pairs{
        {{fourcc::xrgb8888, fourcc::argb8888},
         {Fourcc{'X', 'B', '2', '4'}, Fourcc{'A', 'B', '2', '4'}}}};
    for (const auto& [opaque, alpha] : pairs) {
        if (code == opaque)
            return alpha;
        if (code == alpha)
            return opaque;
    }
    return std::nullopt;
}

const FormatSupport* find_format(const CapabilitySet& set, Fourcc code) {
    const auto found = std::find_if(set.formats.begin(), set.formats.end(),
                                    [&](const FormatSupport& f) { return f.fourcc == code; });
    return found == set.formats.end() ? nullptr : &*found;
}

/// A set without formats takes all of them, linear. The device itself takes whatever layout its own
/// user-space driver makes, and draws with every modifier of that driver.
bool takes_any_format(const Case& c) {
    const bool draws = c.use.use == Use::render || c.use.use == Use::sample;
    return c.wanted.modifier.is_linear() ||
           (c.own && (draws || c.wanted.modifier.state == Modifier::State::implicit));
}

bool takes(const Case& c, const FormatSupport& format) {
    const Modifier& modifier = c.wanted.modifier;
    if (modifier.state == Modifier::State::implicit)
        return c.own && format.without_modifier;
    return (modifier.is_linear() && format.without_modifier) ||
           std::find(format.modifiers.begin(), format.modifiers.end(), modifier.value) !=
               format.modifiers.end();
}

Verdict check_format(const Case& c) {
    // Plain bytes have no format.
    if (c.wanted.fourcc == fourcc::bytes || (c.set.formats.empty() && takes_any_format(c)))
        return std::nullopt;
    if (c.set.formats.empty())
        return objection(c, ConstraintKind::format,
                         fmt::format("{} takes linear layouts only, {} is wanted", c.use.party,
                                     to_string(c.wanted.modifier)));
    const FormatSupport* format = find_format(c.set, c.wanted.fourcc);
    if (!format) {
        const auto sibling = alpha_sibling(c.wanted.fourcc);
        // Nobody but the caller knows whether alpha may be lost or undefined.
        return objection(
            c, ConstraintKind::format,
            fmt::format("{} does not take {}", c.use.party, to_string(c.wanted.fourcc)),
            sibling && find_format(c.set, *sibling)
                ? fmt::format("request {}, which it takes", to_string(*sibling))
                : std::string());
    }
    if (!takes(c, *format))
        return objection(c, ConstraintKind::format,
                         fmt::format("{} takes {} only with other modifiers than {}", c.use.party,
                                     to_string(c.wanted.fourcc), to_string(c.wanted.modifier)));
    return std::nullopt;
}

Verdict check_exporter(const Case& c) {
    if (const SourceNote* note = find_note(c.use, c.source, false))
        return objection(c, ConstraintKind::exporter,
                         fmt::format("{} must not be given it ({})", c.use.party, note->origin));
    const auto& exporters = c.set.constraints.exporters;
    const std::string& device = c.source.offer.device;
    if (!exporters || (!device.empty() &&
                       std::find(exporters->begin(), exporters->end(), device) != exporters->end()))
        return std::nullopt;
    const bool only_itself = std::all_of(exporters->begin(), exporters->end(),
                                         [&](const std::string& id) { return id == c.use.device; });
    return objection(c, ConstraintKind::exporter,
                     only_itself ? fmt::format("{} imports no memory but its own", c.use.party)
                                 : fmt::format("{} imports memory of {} only", c.use.party,
                                               list_text(*exporters)));
}

Verdict check_attach(const Case& c) {
    const Offer& offer = c.source.offer;
    const bool dma = c.set.import_path == ImportPath::dma;
    if (c.own || (dma ? offer.attachable : offer.vmap_stable))
        return std::nullopt;
    const std::string why =
        dma ? fmt::format("{} can't attach it", c.use.party)
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

// A request that is small enough to be contiguous by luck is no exception.
Verdict check_contiguity(const Case& c) {
    const Contiguity need = c.set.constraints.contiguity;
    const bool required = need == Contiguity::required || c.set.constraints.max_segments <= 1;
    if (contiguous_for(c.source, c.use) ||
        !(required || (need == Contiguity::preferred && c.wanted.strict)))
        return std::nullopt;
    const std::string remedy =
        c.source.offer.device.empty() ? "boot with cma=SIZE and use a kernel with a CMA heap" : "";
    if (required)
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

Verdict check_address(const Case& c) {
    const Offer& offer = c.source.offer;
    const Constraints& need = c.set.constraints;
    if (find_note(c.use, c.source, true) != nullptr)
        return std::nullopt;
    // A device's DMA allocator keeps to the device's own mask.
    if (c.own && offer.contiguity == OfferContiguity::device_domain)
        return std::nullopt;
    if (offer.min_address >= need.min_address && offer.max_address <= need.max_address)
        return std::nullopt;
    return objection(
        c, ConstraintKind::address_window,
        fmt::format("memory may lie at {}; {} reaches {}",
                    window_text(offer.min_address, offer.max_address), c.use.party,
                    window_text(need.min_address, need.max_address)),
        offer.device.empty() && offer.max_address > need.max_address
            ? fmt::format("use a CMA heap in reach (cma=SIZE@0-{:#x})", need.max_address)
            : "");
}

Verdict check_alignment(const Case& c) {
    const std::uint64_t need = std::max<std::uint64_t>(c.set.constraints.address_align, 1);
    if (c.source.offer.address_align % need == 0)
        return std::nullopt;
    return objection(c, ConstraintKind::address_align,
                     fmt::format("memory starts at a multiple of {}; {} needs a multiple of {}",
                                 size_text(c.source.offer.address_align), c.use.party,
                                 size_text(need)));
}

Verdict check_memory_kind(const Case& c) {
    const auto kind = static_cast<std::uint8_t>(c.source.offer.memory_kind);
    if ((c.set.constraints.memory_kinds & kind) != 0)
        return std::nullopt;
    return objection(
        c, ConstraintKind::memory_kind,
        c.source.offer.memory_kind == MemoryKind::system
            ? fmt::format("it is system memory; {} needs device-local memory", c.use.party)
            : fmt::format("it is device-local memory; {} needs system memory", c.use.party));
}

Verdict check_caching(const Case& c) {
    const CpuCaching caching = caching_for(c.source.offer, c.wanted.cpu);
    if (c.use.refuses_cached.empty() || caching == CpuCaching::write_combined ||
        caching == CpuCaching::unmappable)
        return std::nullopt;
    return objection(c, ConstraintKind::cpu_access,
                     fmt::format("{}; {} works with other memory only ({})",
                                 caching == CpuCaching::cached
                                     ? "the CPU maps its memory cached"
                                     : "nobody says whether the CPU maps its memory cached",
                                 c.use.party, c.use.refuses_cached));
}

// Protected memory is out of the CPU's reach, for good.
Verdict check_protected(const Case& c) {
    if (!c.set.constraints.protected_memory)
        return std::nullopt;
    if (c.wanted.cpu != CpuAccess::none) {
        Objection found =
            objection(c, ConstraintKind::protected_memory,
                      fmt::format("{} needs protected memory, which has no CPU use", c.use.party));
        found.required_by.push_back(cpu_party(c.wanted.cpu));
        return found;
    }
    if (c.source.offer.protected_memory)
        return std::nullopt;
    return objection(
        c, ConstraintKind::protected_memory,
        fmt::format("memory is not protected; {} needs protected memory", c.use.party));
}

constexpr std::array checks{check_format,      check_exporter, check_attach,
                            check_contiguity,  check_address,  check_alignment,
                            check_memory_kind, check_caching,  check_protected};

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
    const Case c{use, set, source, wanted,
                 !source.offer.device.empty() && source.offer.device == use.device};
    Acceptance result;
    for (const auto check : checks) {
        result.objection = check(c);
        if (result.objection)
            return result;
        ++result.passed;
    }
    result.unproven =
        set.constraints.contiguity == Contiguity::preferred && !contiguous_for(source, use);
    return result;
}

} // namespace simplealloc::solver
