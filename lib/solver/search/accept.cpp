// SPDX-License-Identifier: MIT
// What a device can have against a source's memory, in one table: a test and the words for it.
#include "lib/solver/search/accept.hpp"

#include "lib/model/formats.hpp"
#include "lib/model/ways.hpp"
#include "lib/solver/search/remedy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

/// What the checks look at.
struct Case {
    const UseInput& use;
    const CapabilitySet& set;
    const SourceInput& source;
    const Wanted& wanted;
    bool own;                                  ///< the source is the device's own memory
    bool made_for;                             ///< and its driver makes it for this use
    std::span<const SourceInput> sources = {}; ///< of the machine, for remedies
};

Case case_of(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
             const Wanted& wanted) {
    const bool own = is_own(use, source);
    return {use, set, source, wanted, own, own && use.queue == source.offer.queue, {}};
}

/// `needed` and `offered`: the values that the reason sets against each other.
Objection objection(const Case& c, ConstraintKind kind, std::string reason, Remedies remedies,
                    std::string needed = {}, std::string offered = {}) {
    return {kind,  std::move(reason), {c.use.party},     std::move(remedies),
            false, std::move(needed), std::move(offered)};
}

/// What helps where a device can't get at the memory at all.
Remedies copy_remedy(const Case& c) {
    return {{RemedyKind::copy, {c.use.party}}};
}

/// How a limit that is only assumed is put right, where the device `does` better.
Remedies quirk_remedy(const Case& c, ConstraintKind kind, std::string_view does, std::string line) {
    const auto found = c.set.evidence.find(kind);
    if (found == c.set.evidence.end() || found->second.confidence == Confidence::known)
        return {};
    // Moved, and put together by hand: many are made, and few are read.
    Remedies remedies;
    remedies.push_back(say_in_quirk_file(std::string(c.use.party).append(" ").append(does),
                                         {c.use.row}, std::move(line)));
    return remedies;
}

const FormatSupport* find_format(const CapabilitySet& set, Fourcc code) {
    const auto found = std::find_if(set.formats.begin(), set.formats.end(),
                                    [&](const FormatSupport& f) { return f.fourcc == code; });
    return found == set.formats.end() ? nullptr : &*found;
}

/// As many as one reads.
std::vector<std::string> format_names(const CapabilitySet& set) {
    constexpr std::size_t most = 6;
    std::vector<std::string> names;
    for (const FormatSupport& format : set.formats)
        if (names.size() < most)
            names.push_back(to_string(format.fourcc));
    return names;
}

bool takes_linear(const FormatSupport& format) {
    return format.without_modifier ||
           std::find(format.modifiers.begin(), format.modifiers.end(), 0) != format.modifiers.end();
}

Objection format_objection(const Case& c) {
    const std::string wanted = to_string(c.wanted.modifier);
    if (c.set.formats.empty())
        return objection(
            c, ConstraintKind::format,
            fmt::format("{} takes linear layouts only, {} is wanted", c.use.party, wanted),
            linear_remedy(), wanted, "LINEAR");
    if (const FormatSupport* format = find_format(c.set, c.wanted.fourcc))
        return objection(c, ConstraintKind::format,
                         fmt::format("{} takes {} only with other modifiers than {}", c.use.party,
                                     to_string(c.wanted.fourcc), wanted),
                         takes_linear(*format) ? linear_remedy() : take_own_layout(c.sources),
                         wanted, modifiers_text(*format));
    const auto sibling = alpha_sibling(c.wanted.fourcc);
    // Nobody but the caller knows whether alpha may be lost or undefined.
    const std::vector<std::string> instead = sibling && find_format(c.set, *sibling)
                                                 ? std::vector{to_string(*sibling)}
                                                 : format_names(c.set);
    return objection(c, ConstraintKind::format,
                     fmt::format("{} does not take {}", c.use.party, to_string(c.wanted.fourcc)),
                     {{RemedyKind::accepted_format, instead}}, to_string(c.wanted.fourcc),
                     fmt::format("{}", fmt::join(instead, " or ")));
}

bool may_be_given(const Case& c) {
    return find_forbidden(c.use, c.source) == nullptr;
}

Objection note_objection(const Case& c) {
    return objection(c, ConstraintKind::exporter,
                     fmt::format("{} must not be given it ({})", c.use.party,
                                 find_forbidden(c.use, c.source)->origin),
                     copy_remedy(c));
}

/// Of one's own memory nothing is imported: drivers give the same object back (DRM:
/// drm_gem_prime_import_dev()), or map what their allocator made for the same queue.
bool imports(const Case& c) {
    if (c.made_for)
        return true;
    const auto& exporters = c.set.constraints.exporters;
    const std::string& device = c.source.offer.device;
    return !exporters || (!device.empty() && std::find(exporters->begin(), exporters->end(),
                                                       device) != exporters->end());
}

Objection exporter_objection(const Case& c) {
    const auto& exporters = *c.set.constraints.exporters;
    const bool only_itself = std::all_of(exporters.begin(), exporters.end(),
                                         [&](const std::string& id) { return id == c.use.device; });
    return objection(
        c, ConstraintKind::exporter,
        only_itself ? fmt::format("{} imports no memory but its own", c.use.party)
                    : fmt::format("{} imports memory of {} only", c.use.party,
                                  exporter_list_text(exporters)),
        either(quirk_remedy(c, ConstraintKind::exporter, "takes other memory", "imports = yes"),
               copy_remedy(c)));
}

bool attaches(const Case& c) {
    const bool dma = c.set.import_path == ImportPath::dma;
    const bool maps = !dma || !c.use.maps_too.empty();
    const Offer& offer = c.source.offer;
    return c.own || !c.use.attaches || ((!dma || offer.attachable) && (!maps || offer.vmap_stable));
}

Objection attach_objection(const Case& c) {
    const Offer& offer = c.source.offer;
    const std::string why =
        c.set.import_path == ImportPath::dma && !offer.attachable
            ? fmt::format("{} can't attach it", c.use.party)
            : fmt::format("{} copies through a kernel mapping that does not stay valid",
                          c.use.party);
    Objection found = objection(
        c, ConstraintKind::attach,
        offer.attach_reason.empty() ? why : fmt::format("{}; {}", offer.attach_reason, why),
        copy_remedy(c));
    found.by_source = true;
    return found;
}

/// The kernel pins what is attached in RAM, or what is shown in the device: the later of the two
/// fails (amdgpu_dma_buf_pin(), nouveau_gem_prime_pin(), radeon_gem_prime_pin(),
/// i915_gem_dmabuf_attach(), xe_dma_buf_pin(), lsdc_gem_prime_pin()). A kernel mapping pins
/// nothing.
bool stays_shown(const Case& c) {
    return c.wanted.shown_by == nullptr || c.set.import_path != ImportPath::dma ||
           !is_moved_by(c.use, c.source);
}

Objection shown_objection(const Case& c) {
    Objection found = objection(
        c, ConstraintKind::attach,
        fmt::format("what {} attaches is moved to RAM; {} shows its device's own memory alone",
                    c.use.party, c.wanted.shown_by->party),
        copy_remedy(c));
    found.required_by.push_back(c.wanted.shown_by->party);
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
    const bool needed =
        needs_one_segment(need) || (need.contiguity == Contiguity::preferred && c.wanted.strict);
    return !needed || contiguous_for(c.source, c.use);
}

/// Instead of memory that is nobody's own.
Remedies contiguous_remedy(const Case& c) {
    const Constraints& need = c.set.constraints;
    const Offer& offer = c.source.offer;
    return offer.device.empty() ? take_contiguous(c.sources, {need.min_address, need.max_address},
                                                  {offer.min_address, offer.max_address})
                                : Remedies();
}

/// The limit by which it would reach all of the source.
Remedies window_remedy(const Case& c) {
    const Offer& offer = c.source.offer;
    const bool above = offer.max_address > c.set.constraints.max_address;
    return quirk_remedy(c, ConstraintKind::address_window, "reaches it",
                        above ? fmt::format("max-address = {:#x}", offer.max_address)
                              : fmt::format("min-address = {:#x}", offer.min_address));
}

Objection contiguity_objection(const Case& c) {
    const std::string offered = contiguity_text(c.source.offer);
    Remedies quirk =
        quirk_remedy(c, ConstraintKind::contiguity, "needs no such memory", "contiguous = no");
    if (needs_one_segment(c.set.constraints))
        return objection(c, ConstraintKind::contiguity,
                         fmt::format("{}; {} needs contiguous memory", offered, c.use.party),
                         either(contiguous_remedy(c), std::move(quirk)), "contiguous memory",
                         offered);
    return objection(c, ConstraintKind::contiguity,
                     fmt::format("{}; nobody knows whether {} needs contiguous memory, and the "
                                 "request is strict",
                                 offered, c.use.party),
                     either({{RemedyKind::not_strict, {}}}, std::move(quirk)), "contiguous memory",
                     offered);
}

bool in_reach(const Case& c) {
    const Offer& offer = c.source.offer;
    const Constraints& need = c.set.constraints;
    // A device's DMA allocator keeps to the device's own mask, and its own memory is on its side of
    // the bus.
    if (c.made_for)
        return true;
    if (c.own && (offer.contiguity == OfferContiguity::device_domain ||
                  offer.memory_kind == MemoryKind::device_local))
        return true;
    return offer.min_address >= need.min_address && offer.max_address <= need.max_address;
}

Objection address_objection(const Case& c) {
    const Offer& offer = c.source.offer;
    const Constraints& need = c.set.constraints;
    const std::string offered = window_text(offer.min_address, offer.max_address);
    const std::string needed = window_text(need.min_address, need.max_address);
    // A device's own memory is where its driver puts it.
    Remedies remedies =
        offer.device.empty() ? either(contiguous_remedy(c), window_remedy(c)) : Remedies();
    return objection(
        c, ConstraintKind::address_window,
        fmt::format("memory may lie at {}; {} reaches {}", offered, c.use.party, needed),
        remedies.empty() ? copy_remedy(c) : std::move(remedies), needed, offered);
}

bool starts_aligned(const Case& c) {
    const std::uint64_t need = c.set.constraints.address_align;
    return need <= 1 || c.made_for || c.source.offer.address_align % need == 0;
}

Objection alignment_objection(const Case& c) {
    const std::string needed = size_text(c.set.constraints.address_align);
    const std::string offered = size_text(c.source.offer.address_align);
    return objection(c, ConstraintKind::address_align,
                     fmt::format("memory starts at a multiple of {}; {} needs a multiple of {}",
                                 offered, c.use.party, needed),
                     copy_remedy(c), needed, offered);
}

bool right_kind(const Case& c) {
    const auto kind = static_cast<std::uint8_t>(c.source.offer.memory_kind);
    return c.made_for || (c.set.constraints.memory_kinds & kind) != 0;
}

Objection memory_kind_objection(const Case& c) {
    const bool system = c.source.offer.memory_kind == MemoryKind::system;
    const std::string offered = system ? "system memory" : "device-local memory";
    const std::string needed = system ? "device-local memory" : "system memory";
    return objection(c, ConstraintKind::memory_kind,
                     fmt::format("it is {}; {} needs {}", offered, c.use.party, needed),
                     copy_remedy(c), needed, offered);
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
                                 c.use.party, c.use.refuses_cached),
                     copy_remedy(c));
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
            fmt::format("memory is not protected; {} needs protected memory", c.use.party),
            take_protected(c.sources), "protected memory", "memory that is not");
    Objection found =
        objection(c, ConstraintKind::protected_memory,
                  fmt::format("{} needs protected memory, which has no CPU use", c.use.party),
                  no_cpu_remedy());
    found.required_by.push_back(cpu_party(c.wanted.cpu));
    return found;
}

bool holds_all(const Case& c) {
    return c.wanted.count <= c.set.constraints.max_buffers;
}

Objection count_objection(const Case& c) {
    const std::uint64_t most = c.set.constraints.max_buffers;
    return objection(c, ConstraintKind::max_buffers,
                     fmt::format("{} buffers are wanted, {} holds {} at a time", c.wanted.count,
                                 c.use.party, most),
                     {{RemedyKind::count, {std::to_string(most)}}},
                     fmt::format("{} buffers", c.wanted.count),
                     fmt::format("at most {} buffers", most));
}

struct Check {
    bool (*holds)(const Case&);
    Objection (*objection)(const Case&);
};

constexpr std::array checks{
    Check{may_be_given, note_objection},
    Check{imports, exporter_objection},
    Check{attaches, attach_objection},
    Check{stays_shown, shown_objection},
    Check{contiguous_enough, contiguity_objection},
    Check{in_reach, address_objection},
    Check{starts_aligned, alignment_objection},
    Check{right_kind, memory_kind_objection},
    Check{mapped_right, caching_objection},
    Check{protected_enough, protection_objection},
    Check{holds_all, count_objection},
};

} // namespace

Acceptance accept(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
                  const Wanted& wanted) {
    const Case c = case_of(use, set, source, wanted);
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
                       const Wanted& wanted, std::span<const SourceInput> sources) {
    Case c = case_of(use, set, source, wanted);
    c.sources = sources;
    if (takes_format(use, set, wanted.fourcc, wanted.modifier, c.own))
        for (const Check& check : checks)
            if (!check.holds(c))
                return check.objection(c);
    return format_objection(c);
}

} // namespace simplealloc::solver
