// SPDX-License-Identifier: MIT
// Policy and access first, then each use against the offer, then all of them in one layout.
#include "lib/solver/feasibility.hpp"

#include "lib/solver/accept.hpp"
#include "lib/solver/checked.hpp"
#include "lib/solver/combine.hpp"
#include "lib/solver/layout.hpp"
#include "lib/solver/own_layout.hpp"
#include "lib/solver/solver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>

namespace simplealloc::solver {
namespace {

/// Above any sum of preferences: what is proven comes first.
constexpr std::uint64_t unproven_cost = 1U << 20U;

struct Problem {
    const Input& input;
    const Scope& scope;
    const SourceInput& source;
    const FormatInfo& format;
    Wanted wanted;
};

const UseInput& use_of(const Problem& p, std::size_t index) {
    return p.input.uses[p.scope.uses[index]];
}

Objection by_source(ConstraintKind kind, std::string reason, std::string remedy = {}) {
    return {kind, std::move(reason), {}, std::move(remedy), true};
}

/// The limits that mean something for the format: bytes have no lines, and with one plane all
/// placements are the same.
Constraints relevant(Constraints c, const FormatInfo& format) {
    const Constraints open;
    if (format.planes.size() == 1)
        c.placements = open.placements;
    for (std::size_t i = format.planes.size(); i < max_planes; ++i)
        c.planes[i] = open.planes[i];
    if (format.fourcc == fourcc::bytes) {
        c.planes[0] = {.min_size = c.planes[0].min_size};
        c.stride_align = open.stride_align;
        c.stride_align_pixels = open.stride_align_pixels;
        c.offset_align = open.offset_align;
        c.max_offset = open.max_offset;
        c.min_width = open.min_width;
        c.min_height = open.min_height;
        c.width_align = open.width_align;
        c.height_align = open.height_align;
        c.min_stride = open.min_stride;
        c.max_stride = open.max_stride;
        c.max_width = open.max_width;
        c.max_height = open.max_height;
    }
    return normal(std::move(c));
}

std::optional<Objection> check_policy(const Problem& p) {
    if (!p.scope.policy)
        return std::nullopt;
    if (!p.source.enabled)
        return by_source(ConstraintKind::policy,
                         p.source.disabled_by.empty() ? "disabled"
                                                      : "disabled by " + p.source.disabled_by,
                         "do not leave it out");
    if (!p.source.named)
        return by_source(ConstraintKind::policy,
                         "it belongs to a device that the request does not name",
                         "--any-device (Request::any_device)");
    return std::nullopt;
}

/// What stands against the source whatever the uses are.
void check_offer(const Problem& p, std::vector<Objection>& objections) {
    const Offer& offer = p.source.offer;
    if (!p.source.usable)
        objections.push_back(by_source(ConstraintKind::access, p.source.reason, p.source.remedy));
    if (!offer.own_layout && !p.wanted.modifier.is_linear())
        objections.push_back(by_source(ConstraintKind::format,
                                       fmt::format("its memory is laid out linear, {} is asked for",
                                                   to_string(p.wanted.modifier)),
                                       "leave the modifier open or ask for LINEAR"));
    if (offer.own_layout && p.wanted.fourcc == fourcc::bytes)
        objections.push_back(by_source(ConstraintKind::format, "it allocates images only",
                                       "request an image, e.g. one line of R8"));
    const bool cpu = p.scope.cpu != CpuAccess::none;
    const CpuCaching caching = caching_for(offer, p.scope.cpu);
    if (offer.protected_memory) {
        const bool wanted =
            std::any_of(p.scope.uses.begin(), p.scope.uses.end(), [&](std::size_t use) {
                const auto& sets = p.input.uses[use].alternatives;
                return std::any_of(sets.begin(), sets.end(), [](const CapabilitySet& set) {
                    return set.constraints.protected_memory;
                });
            });
        if (!wanted)
            objections.push_back(by_source(ConstraintKind::protected_memory,
                                           "memory is protected, and no use asks for that"));
    }
    if (cpu && caching == CpuCaching::unmappable) {
        objections.push_back(by_source(ConstraintKind::cpu_access, "the CPU can't map its memory",
                                       "request it without CPU access"));
        objections.back().required_by = {cpu_party(p.scope.cpu)};
    }
    if (cpu && caching == CpuCaching::cached && !offer.sync_effective) {
        std::vector<std::string> unsnooped;
        for (std::size_t i = 0; i < p.scope.uses.size(); ++i)
            if (!use_of(p, i).coherent)
                unsnooped.push_back(use_of(p, i).party);
        if (!unsnooped.empty()) {
            objections.push_back(by_source(
                ConstraintKind::cpu_access,
                fmt::format("memory is cached and its sync does nothing; {} {} not see CPU caches",
                            list_text(unsnooped), unsnooped.size() == 1 ? "does" : "do")));
            unsnooped.push_back(cpu_party(p.scope.cpu));
            objections.back().required_by = std::move(unsnooped);
        }
    }
}

/// The longest segment that the use may count on, and what limits it.
struct Segment {
    std::uint64_t size;
    ConstraintKind limit;
};

// A contiguous run counts as one segment while it isn't longer than the boundary: where it starts
// is known only after the allocation.
Segment longest_segment(const Problem& p, const UseInput& use, const Constraints& need) {
    const Offer& offer = p.source.offer;
    Segment segment{p.input.page_size, ConstraintKind::max_segments};
    if (contiguous_for(p.source, use))
        segment.size = no_limit;
    else if (offer.contiguity == OfferContiguity::chunks)
        segment.size = offer.chunk_size;
    if (need.max_segment_size < segment.size)
        segment = {need.max_segment_size, ConstraintKind::max_segment_size};
    segment.size = std::max<std::uint64_t>(segment.size, 1);
    if (need.segment_boundary < segment.size - 1)
        segment = {need.segment_boundary + 1, ConstraintKind::segment_boundary};
    return segment;
}

LayoutNeeds layout_needs(const Problem& p, const UseInput& use, const Constraints& need) {
    LayoutNeeds needs;
    const Checked room = Checked{need.max_segments} * longest_segment(p, use, need).size;
    if (need.max_segments != no_limit && room.ok)
        needs.room = room.value;
    // Bytes and single planes take every placement by now.
    if (need.placements.has(Placement::packed) && !need.placements.has(Placement::single))
        needs.packed_lines = round_up(p.input.request.height, need.height_align).value;
    return needs;
}

/// A use with the alternatives that accept the source; without one, the objection of the
/// alternative that came nearest.
std::optional<Party> options_of(const Problem& p, const UseInput& use,
                                std::vector<Objection>& objections) {
    Party party{use.party, {}};
    Acceptance nearest;
    for (std::size_t i = 0; i < use.alternatives.size(); ++i) {
        const CapabilitySet& set = use.alternatives[i];
        Acceptance acceptance = accept(use, set, p.source, p.wanted);
        if (!acceptance.objection) {
            Constraints need = relevant(set.constraints, p.format);
            const LayoutNeeds needs = layout_needs(p, use, need);
            party.options.push_back(
                {i, i + (acceptance.unproven ? unproven_cost : 0), std::move(need), needs});
        } else if (!nearest.objection || acceptance.passed > nearest.passed)
            nearest = std::move(acceptance);
    }
    if (!party.options.empty())
        return party;
    objections.push_back(
        nearest.objection.value_or(Objection{ConstraintKind::format,
                                             "no way is known in which " + use.party + " works",
                                             {use.party},
                                             "",
                                             false}));
    return std::nullopt;
}

/// The source's own layout rules, as one more party.
Party source_party(const Problem& p) {
    Constraints rules = p.source.offer.layout;
    const auto& dmabufs = p.source.offer.max_dmabufs;
    if (dmabufs && *dmabufs < p.format.planes.size())
        rules.placements = rules.placements &
                           (Placements::of(Placement::packed) | Placements::of(Placement::single));
    return {p.source.name, {{0, 0, relevant(rules, p.format)}}};
}

/// required_by names uses; the source's own share is marked apart.
Objection without_source(Objection objection, const std::string& source) {
    const auto own = std::find(objection.required_by.begin(), objection.required_by.end(), source);
    if (own != objection.required_by.end()) {
        objection.required_by.erase(own);
        objection.by_source = true;
    }
    return objection;
}

ConstraintKind kind_named(const std::string& name) {
    for (unsigned i = 0; i <= static_cast<unsigned>(ConstraintKind::policy); ++i)
        if (to_string(static_cast<ConstraintKind>(i)) == name)
            return static_cast<ConstraintKind>(i);
    return ConstraintKind::request_size;
}

Objection layout_objection(const Problem& p, const std::vector<Party>& parties,
                           const Combination& combination, const Error& error) {
    const ConstraintKind kind = kind_named(error.object);
    const std::string demands = demands_text(parties, combination.alternatives, kind);
    return without_source(
        {kind, demands.empty() ? error.detail : error.detail + " (" + demands + ")",
         explained(parties, combination.alternatives).parties_around(kind), "", false},
        p.source.name);
}

std::optional<Objection> check_segments(const Problem& p, const UseInput& use,
                                        const Constraints& need, const Layout& layout) {
    const std::uint64_t room = layout_needs(p, use, need).room;
    const Segment segment = longest_segment(p, use, need);
    for (const std::uint64_t size : layout.dmabuf_sizes)
        if (size > room)
            return Objection{segment.limit,
                             fmt::format("{} may take {} segments of {}; {} takes at most {}",
                                         size_text(size), divide_up(size, segment.size),
                                         size_text(segment.size), use.party, need.max_segments),
                             {use.party},
                             "",
                             false};
    return std::nullopt;
}

/// Who is told no offsets finds a packed plane behind the lines that it counts itself, so nobody
/// else can have more.
std::optional<Objection> check_packed_lines(const Problem& p, const std::vector<Party>& parties,
                                            const Combination& combination, const Layout& layout) {
    const std::uint64_t counted = combination.needs.packed_lines;
    if (layout.placement != Placement::packed || counted == 0)
        return std::nullopt;
    const std::uint64_t lines = layout.planes[0].size / layout.planes[0].stride;
    if (lines == counted)
        return std::nullopt;
    const Merged names = explained(parties, combination.alternatives);
    std::vector<std::string> required_by = names.parties(ConstraintKind::height_align);
    for (const std::string& name : names.parties(ConstraintKind::placement))
        if (std::find(required_by.begin(), required_by.end(), name) == required_by.end())
            required_by.push_back(name);
    return without_source(
        {ConstraintKind::height_align,
         fmt::format("planes would be packed behind {} lines each, and not all devices count so "
                     "many ({})",
                     lines,
                     demands_text(parties, combination.alternatives, ConstraintKind::height_align)),
         std::move(required_by), "", false},
        p.source.name);
}

std::optional<Objection> check_size(const Problem& p, const Layout& layout) {
    const Offer& offer = p.source.offer;
    Checked total = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes) {
        total = total + size;
        if (size > offer.max_size)
            return by_source(ConstraintKind::request_size,
                             fmt::format("{} are needed in one dma-buf, the source gives at most "
                                         "{}{}{}",
                                         size_text(size), size_text(offer.max_size),
                                         offer.max_size_reason.empty() ? "" : ": ",
                                         offer.max_size_reason),
                             offer.max_size_remedy);
    }
    if (offer.memory_kind == MemoryKind::system && !offer.scarce &&
        (!total.ok || total.value > p.input.available_memory))
        return by_source(ConstraintKind::request_size,
                         fmt::format("{} are needed, {} of memory are available",
                                     size_text(total.value), size_text(p.input.available_memory)),
                         "request less or free memory");
    return std::nullopt;
}

std::optional<Objection> check_refusals(const Problem& p, const Layout& layout) {
    const std::string layouts = layout_class(layout);
    for (const Input::Refusal& refusal : p.input.refusals) {
        const bool asked =
            std::any_of(p.scope.uses.begin(), p.scope.uses.end(),
                        [&](std::size_t use) { return p.input.uses[use].party == refusal.party; });
        if (asked && refusal.source == p.source.name && refusal.layout_class == layouts)
            return Objection{ConstraintKind::attach,
                             "refused before: " + refusal.reason,
                             {refusal.party},
                             "",
                             true};
    }
    return std::nullopt;
}

std::optional<Objection> check_result(const Problem& p, const std::vector<Party>& parties,
                                      const Combination& combination, const Layout& layout) {
    if (auto found = check_size(p, layout))
        return found;
    if (auto found = check_packed_lines(p, parties, combination, layout))
        return found;
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i) {
        const UseInput& use = use_of(p, i);
        const CapabilitySet& set = use.alternatives[combination.alternatives[i]];
        if (auto found = check_segments(p, use, normal(set.constraints), layout))
            return found;
    }
    return check_refusals(p, layout);
}

Fit describe(const Problem& p, const Combination& combination, Layout layout) {
    Fit fit;
    fit.layout = std::move(layout);
    fit.alternatives.assign(combination.alternatives.begin(),
                            combination.alternatives.begin() +
                                static_cast<std::ptrdiff_t>(p.scope.uses.size()));
    Merged merged;
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i) {
        const UseInput& use = use_of(p, i);
        const CapabilitySet& set = use.alternatives[fit.alternatives[i]];
        // Part of a merge that succeeded, so it can't fail.
        (void)merge(merged, relevant(set.constraints, p.format), use.party);
        const bool contiguous = contiguous_for(p.source, use);
        if (set.constraints.contiguity == Contiguity::preferred && !contiguous)
            fit.unproven_by.push_back(use.party);
        if (std::any_of(set.evidence.begin(), set.evidence.end(), [](const auto& entry) {
                return entry.second.confidence == Confidence::assumed;
            }))
            fit.assumed_by.push_back(use.party);
    }
    fit.merged = merged.constraints;
    fit.contiguity_needed = fit.merged.contiguity == Contiguity::required;
    return fit;
}

/// The cheapest combination that has a layout; packed first, as every interface can express it.
Evaluation lay_out(const Problem& p, const std::vector<Party>& parties) {
    Evaluation result;
    const Combinations found = combine(parties);
    if (found.best_first.empty()) {
        result.objections = {without_source(found.objection, p.source.name)};
        return result;
    }
    const Request::Fields& request = p.input.request;
    std::optional<Objection> first;
    for (const Combination& combination : found.best_first) {
        for (const Placement placement :
             {Placement::packed, Placement::single, Placement::per_plane}) {
            const Constraints& merged = combination.merged;
            if (!merged.placements.has(placement))
                continue;
            auto layout =
                make_layout(p.format.fourcc, p.wanted.modifier, request.width, request.height,
                            request.size, placement, merged, p.source.offer.granularity);
            auto objection = layout ? check_result(p, parties, combination, *layout)
                                    : layout_objection(p, parties, combination, layout.error());
            if (!objection) {
                result.fit = describe(p, combination, std::move(*layout));
                return result;
            }
            if (!first)
                first = std::move(objection);
        }
    }
    result.objections = {std::move(*first)};
    return result;
}

/// All uses with the layout's modifier that the problem wants.
Evaluation serve(const Problem& p) {
    Evaluation result;
    std::vector<Party> parties;
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i)
        if (auto party = options_of(p, use_of(p, i), result.objections))
            parties.push_back(std::move(*party));
    if (parties.size() != p.scope.uses.size())
        return result;
    parties.push_back(source_party(p));
    return lay_out(p, parties);
}

/// The best of the modifiers that all uses take, and the others that the source may pick instead:
/// those which the same alternatives take.
Evaluation serve_own_layout(const Problem& p) {
    Evaluation result;
    const std::vector<Modifier> wishes = modifiers_by_preference(p.input, p.scope, p.source);
    for (const Modifier& wish : wishes) {
        Problem attempt = p;
        attempt.wanted.modifier = wish;
        result = serve(attempt);
        if (!result.fit)
            continue;
        Fit& fit = *result.fit;
        for (std::size_t i = 0; i < p.scope.uses.size(); ++i)
            fit.explicit_modifier =
                fit.explicit_modifier ||
                names_modifiers(use_of(p, i).alternatives[fit.alternatives[i]], p.wanted.fourcc);
        const auto& asked = p.input.request.modifier;
        fit.explicit_modifier =
            fit.explicit_modifier || (asked && asked->state == Modifier::State::named);
        if (wish.state == Modifier::State::implicit)
            return result;
        for (const Modifier& other : wishes) {
            Wanted wanted = p.wanted;
            wanted.modifier = other;
            const auto taken = [&](std::size_t i) {
                const UseInput& use = use_of(p, i);
                return !accept(use, use.alternatives[fit.alternatives[i]], p.source, wanted)
                            .objection;
            };
            bool by_all = other.state != Modifier::State::implicit;
            for (std::size_t i = 0; by_all && i < p.scope.uses.size(); ++i)
                by_all = taken(i);
            if (by_all)
                fit.modifiers.push_back(other.value);
        }
        return result;
    }
    return result; // the objections to linear, which comes last
}

} // namespace

Scope whole(const Input& input) {
    Scope scope;
    for (std::size_t i = 0; i < input.uses.size(); ++i)
        scope.uses.push_back(i);
    // The request's order decides nothing: where wishes are equal, the busier device's counts.
    const auto weight = [&](std::size_t i) {
        const UseInput& use = input.uses[i];
        return std::make_tuple(-traffic(use.use), std::cref(use.party), std::cref(use.device));
    };
    std::stable_sort(scope.uses.begin(), scope.uses.end(),
                     [&](std::size_t a, std::size_t b) { return weight(a) < weight(b); });
    scope.cpu = input.request.cpu;
    return scope;
}

Evaluation evaluate(const Input& input, const Scope& scope, const SourceInput& source) {
    const FormatInfo* format = format_info(input.request.fourcc);
    Evaluation result;
    if (!format) {
        result.objections = {by_source(ConstraintKind::format, "the format can't be laid out")};
        return result;
    }
    const Wanted wanted{input.request.fourcc, input.request.modifier.value_or(Modifier::linear()),
                        scope.cpu, input.request.strict};
    const Problem p{input, scope, source, *format, wanted};

    if (auto objection = check_policy(p)) {
        result.objections = {std::move(*objection)};
        return result;
    }
    check_offer(p, result.objections);
    Evaluation served = source.offer.own_layout ? serve_own_layout(p) : serve(p);
    for (Objection& objection : served.objections)
        result.objections.push_back(std::move(objection));
    if (result.objections.empty())
        result.fit = std::move(served.fit);
    return result;
}

} // namespace simplealloc::solver
