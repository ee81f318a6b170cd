// SPDX-License-Identifier: MIT
// Each use against the offer, then all of them in one layout.
#include "lib/solver/search/serve.hpp"

#include "lib/base/checked.hpp"
#include "lib/model/layout.hpp"
#include "lib/solver/search/combine.hpp"
#include "lib/solver/search/remedy.hpp"
#include "lib/solver/search/source_check.hpp"
#include "lib/solver/search/supply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

/// Above any sum of preferences: what is proven comes first.
constexpr std::uint64_t unproven_cost = 1ULL << 40U;

/// With its places in the lists of a search, and room for lists that grow.
constexpr std::uint64_t held_for_option = 3 * sizeof(Option) + 6 * sizeof(const Option*);
/// By a search, apart from the options: for the frontier, and for each party.
constexpr std::uint64_t held_for_search = std::uint64_t{1} << 19U;
constexpr std::uint64_t held_for_party = 4096;

Result<Layout> layout_of(const Problem& p, const Constraints& merged, Placement placement) {
    const ResolvedRequest& request = p.input.request;
    return make_layout(p.format.fourcc, p.wanted.modifier, request.width, request.height,
                       request.size, placement, merged, p.source.offer.granularity);
}

LayoutNeeds layout_needs(const Problem& p, const UseInput& use, const Constraints& need) {
    LayoutNeeds needs;
    needs.room = segment_room(p.source, use, need, p.input.page_size);
    // Bytes and single planes take every placement by now.
    if (need.placements.has(Placement::packed) && !need.placements.has(Placement::single))
        needs.packed_lines = round_up(p.input.request.height, need.height_align).value;
    return needs;
}

/// What the driver itself said of the way when it was asked.
Objection refusal(const UseInput& use, std::size_t alternative) {
    const RefusedWay& way = use.refused.at(alternative);
    return {ConstraintKind::format,
            fmt::format("{} {}", use.party, way.reason),
            {use.party},
            advice(way.remedy)};
}

Objection unsized_objection(const UseInput& use) {
    return {ConstraintKind::min_size,
            fmt::format("nobody says how many bytes {} wants of each plane, and the request is "
                        "strict",
                        use.party),
            {use.party},
            {{RemedyKind::not_strict, {}}, say_in_quirk_file("", {use.row}, "plane-padding = …")}};
}

/// A use with the alternatives that accept the source; without one, the objection of the
/// alternative that came nearest.
std::optional<Party> options_of(const Problem& p, std::size_t index, Evaluation& result) {
    const UseInput& use = p.use(index);
    Party party{use.party, {}};
    std::size_t nearest = 0;
    unsigned passed = 0;
    Ways::Matches ways = p.ways(index).matches(p.wanted.modifier, is_own(use, p.source));
    party.options.reserve(std::min<std::size_t>(ways.most(), 32));
    while (const Way* way = ways.next()) {
        const std::size_t i = way->alternative;
        const auto& exporters = use.alternatives[i].constraints.exporters;
        if (!p.context.spending.afford(cost::accepted +
                                       (exporters ? exporters->size() * cost::name : 0))) {
            result.undecided = true;
            return std::nullopt;
        }
        const bool unsized = use.unsized.count(i) > 0;
        if (use.refused.count(i) > 0 || (unsized && p.wanted.strict)) {
            nearest = passed == 0 ? i : nearest;
            continue;
        }
        const Acceptance acceptance = accept(use, use.alternatives[i], p.source, p.wanted);
        if (acceptance.accepted && !p.context.spending.hold(held_for_option)) {
            result.undecided = true;
            return std::nullopt;
        }
        if (acceptance.accepted) {
            party.options.push_back({i, i + (acceptance.unproven || unsized ? unproven_cost : 0),
                                     &way->shape, layout_needs(p, use, way->constraints)});
        } else if (passed < acceptance.passed + 1) { // the format is a check as well
            passed = acceptance.passed + 1;
            nearest = i;
        }
    }
    if (!party.options.empty())
        return party;
    if (p.explain && use.alternatives.empty())
        result.objections.push_back({ConstraintKind::format,
                                     "no way is known in which " + use.party + " works",
                                     {use.party},
                                     {{RemedyKind::describe, {}}}});
    else if (p.explain && use.refused.count(nearest) > 0)
        result.objections.push_back(refusal(use, nearest));
    else if (p.explain && p.wanted.strict && use.unsized.count(nearest) > 0)
        result.objections.push_back(unsized_objection(use));
    else if (p.explain)
        result.objections.push_back(
            objection_to(use, use.alternatives[nearest], p.source, p.wanted, p.input.sources));
    return std::nullopt;
}

/// required_by names uses; the source's own share is marked apart.
Objection without_source(Objection objection, const std::string& source) {
    const auto own = std::find(objection.required_by.begin(), objection.required_by.end(), source);
    if (own != objection.required_by.end()) {
        objection.required_by.erase(own);
        objection.by_source = true;
    }
    if (objection.remedies.empty()) {
        objection.remedies = {{RemedyKind::other_size, {}}};
        if (objection.required_by.size() > 1)
            objection.remedies.push_back({RemedyKind::copy_one, {}});
    }
    return objection;
}

Objection layout_objection(const std::vector<Party>& parties,
                           const std::vector<std::size_t>& alternatives, const Error& error) {
    const ConstraintKind kind = error.constraint.value_or(ConstraintKind::request_size);
    const std::string demands = demands_text(parties, alternatives, kind);
    return without_source({kind,
                           demands.empty() ? error.detail : error.detail + " (" + demands + ")",
                           explained(parties, alternatives).parties_around(kind),
                           {}},
                          std::string(parties.back().name));
}

/// Who is told no offsets finds a packed plane behind the lines that it counts itself, so nobody
/// else can have more.
std::optional<Objection> check_packed_lines(const std::vector<Party>& parties,
                                            const Combination& combination, const Layout& layout,
                                            bool words) {
    const std::uint64_t counted = combination.needs.packed_lines;
    if (layout.placement != Placement::packed || counted == 0)
        return std::nullopt;
    const std::uint64_t lines = layout.planes[0].size / layout.planes[0].stride;
    if (lines == counted)
        return std::nullopt;
    if (!words)
        return Objection{ConstraintKind::height_align, {}, {}, {}};
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
         std::move(required_by),
         {}},
        std::string(parties.back().name));
}

std::optional<Objection> check_refusals(const Problem& p, const Layout& layout) {
    const std::string layouts = layout_class(layout);
    for (const Input::Refusal& refusal : p.input.refused_before()) {
        const bool by_cpu =
            refusal.device.empty() && refusal.party == any_cpu && p.scope.cpu != CpuAccess::none;
        const bool asked =
            by_cpu || std::any_of(p.scope.uses.begin(), p.scope.uses.end(), [&](std::size_t use) {
                return refusal.is_by(p.input.uses[use]);
            });
        if (asked && refusal.source == p.source.name && refusal.layout_class == layouts)
            return Objection{ConstraintKind::attach,
                             "refused before: " + refusal.reason,
                             {by_cpu ? cpu_party(p.scope.cpu) : refusal.party},
                             {{RemedyKind::replug, {}}},
                             true};
    }
    return std::nullopt;
}

/// Names whose limits make the buffer larger than the source gives, where the image alone is not.
Objection blamed(const Problem& p, const std::vector<Party>& parties,
                 const Combination& combination, Objection size) {
    const auto bare = layout_of(p, {}, Placement::packed);
    if (!bare || check_size(p.input, p.source, *bare))
        return size;
    const ConstraintKind kind = ConstraintKind::request_size;
    size.reason += " (" + demands_text(parties, combination.alternatives, kind) + ")";
    size.required_by = explained(parties, combination.alternatives).parties_around(kind);
    return without_source(std::move(size), p.source.name);
}

/// `words`: false where nobody reads them.
std::optional<Objection> check_result(const Problem& p, const std::vector<Party>& parties,
                                      const Combination& combination, const Layout& layout,
                                      bool words) {
    if (auto found = check_size(p.input, p.source, layout))
        return words ? blamed(p, parties, combination, std::move(*found)) : found;
    if (auto found = check_packed_lines(parties, combination, layout, words))
        return found;
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i) {
        const Way& way = p.ways(i).of(combination.alternatives[i]);
        if (auto found =
                check_segments(p.source, p.use(i), way.constraints, layout, p.input.page_size))
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
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i) {
        const UseInput& use = p.use(i);
        const CapabilitySet& set = use.alternatives[fit.alternatives[i]];
        const Way& way = p.ways(i).of(fit.alternatives[i]);
        // Windows may miss each other where a device's own allocator sees to them: the layout's
        // part is what counts.
        if (merge(fit.merged, way.constraints))
            (void)merge(fit.merged, way.shape.constraints);
        if (set.constraints.contiguity == Contiguity::preferred && !contiguous_for(p.source, use))
            fit.unproven_by.push_back(use.party);
        if (use.unsized.count(fit.alternatives[i]) > 0)
            fit.unsized_by.push_back(use.party);
        if (std::any_of(set.evidence.begin(), set.evidence.end(), [](const auto& entry) {
                return entry.second.confidence == Confidence::assumed;
            }))
            fit.assumed_by.push_back(use.party);
    }
    fit.undescribed = p.source.offer.undescribed;
    fit.contiguity_needed = fit.merged.contiguity == Contiguity::required;
    return fit;
}

/// Packed first, as every interface can express it.
constexpr std::array placements{Placement::packed, Placement::single, Placement::per_plane};

bool has_layout(const Problem& p, const Shape& merged, std::uint64_t room) {
    return std::any_of(placements.begin(), placements.end(), [&](Placement placement) {
        if (!merged.constraints.placements.has(placement))
            return false;
        const auto layout = layout_of(p, merged.constraints, placement);
        return layout && std::all_of(layout->dmabuf_sizes.begin(), layout->dmabuf_sizes.end(),
                                     [&](std::uint64_t size) { return size <= room; });
    });
}

Objection gave_up(const std::vector<Party>& parties, std::size_t merges) {
    Objection objection{
        ConstraintKind::search_limit,
        fmt::format("{} merges of alternatives found nothing that fits, and not all are tried",
                    merges),
        {},
        {{RemedyKind::fewer_ways, {}}}};
    for (const Party& party : parties)
        if (party.options.size() > 1)
            objection.required_by.emplace_back(party.name);
    return objection;
}

/// Lays combinations out, and remembers why the first one failed.
class Layouts {
public:
    Layouts(const Problem& p, const std::vector<Party>& parties) : p_(p), parties_(parties) {}

    bool accept(const Combination& combination);
    bool possible(const Shape& merged, std::uint64_t room) {
        // What can't be asked may be.
        return !afford(placements.size() * cost::layout) || has_layout(p_, merged, room);
    }

    std::optional<Fit> fit;
    std::optional<Objection> first;
    bool refused = false; ///< by a device before
    bool complete = true; ///< all that was asked could be afforded

private:
    bool afford(std::uint64_t work) {
        complete = complete && p_.context.spending.afford(work);
        return complete;
    }
    /// Whether the first objection is still to be found, and can be put into words.
    bool wants_words();
    bool afford_description(const Combination& combination);

    const Problem& p_;
    const std::vector<Party>& parties_;
};

bool Layouts::wants_words() {
    if (!p_.explain || first)
        return false;
    std::uint64_t options = 0;
    for (const Party& party : parties_)
        options += party.options.size();
    return afford(parties_.size() * cost::blamed + options * cost::pair);
}

bool Layouts::afford_description(const Combination& combination) {
    std::uint64_t work = 0;
    for (std::size_t i = 0; i < p_.scope.uses.size(); ++i) {
        const Way& way = p_.ways(i).of(combination.alternatives[i]);
        work += cost::use + 2 * (way.shape.merging + reading(way.constraints));
    }
    return afford(work);
}

bool Layouts::accept(const Combination& combination) {
    for (const Placement placement : placements) {
        if (!combination.merged.constraints.placements.has(placement))
            continue;
        if (!afford(cost::layout + parties_.size() * cost::looked_up))
            return false;
        auto layout = layout_of(p_, combination.merged.constraints, placement);
        if (layout) {
            const auto objection = check_result(p_, parties_, combination, *layout, false);
            if (!objection && !afford_description(combination))
                return false;
            if (!objection) {
                fit = describe(p_, combination, std::move(*layout));
                return true;
            }
            refused = refused || objection->kind == ConstraintKind::attach;
        }
        if (wants_words())
            first = layout ? check_result(p_, parties_, combination, *layout, true)
                           : layout_objection(parties_, combination.alternatives, layout.error());
    }
    return false;
}

/// The cheapest combination that has a layout.
Evaluation lay_out(const Problem& p, const std::vector<Party>& parties) {
    Evaluation result;
    if (!p.context.spending.hold(held_for_search + parties.size() * held_for_party))
        return {std::nullopt, {out_of_budget(p.input)}, true};
    Layouts layouts(p, parties);
    const Judge judge{
        [&](const Shape& merged, std::uint64_t room) { return layouts.possible(merged, room); },
        [&](const Combination& combination) { return layouts.accept(combination); }};
    Search search(parties, {.spending = &p.context.spending});
    Outcome outcome = search.run(judge);
    // A device refuses one class of layouts: a combination that is beaten may have another.
    if (outcome != Outcome::found && layouts.refused) {
        Search wider(parties, {.prune = false, .spending = &p.context.spending});
        outcome = wider.run(judge);
    }
    result.fit = std::move(layouts.fit);
    result.undecided = !result.fit && (outcome == Outcome::gave_up || !layouts.complete);
    if (result.fit || !p.explain)
        return result;
    if (result.undecided)
        result.objections = {layouts.complete && search.effort().merges > 0
                                 ? gave_up(parties, search.effort().merges)
                                 : out_of_budget(p.input)};
    else if (layouts.first)
        result.objections = {std::move(*layouts.first)};
    else
        result.objections = {without_source(search.objection().value(), p.source.name)};
    return result;
}

} // namespace

Evaluation serve(const Problem& p) {
    Evaluation result;
    const Spending::Memory memory(p.context.spending);
    std::vector<Party> parties;
    parties.reserve(p.scope.uses.size() + 1);
    for (std::size_t i = 0; i < p.scope.uses.size(); ++i) {
        if (auto party = options_of(p, i, result))
            parties.push_back(std::move(*party));
        else if (!p.explain)
            return result;
    }
    if (parties.size() != p.scope.uses.size()) {
        // One use that is known not to take it is enough.
        result.undecided = result.undecided && result.objections.empty();
        if (result.undecided)
            result.objections.push_back(out_of_budget(p.input));
        return result;
    }
    const Shape rules(rules_of(p.source, p.format));
    parties.push_back({p.source.name, {{0, 0, &rules}}});
    return lay_out(p, parties);
}

} // namespace simplealloc::solver
