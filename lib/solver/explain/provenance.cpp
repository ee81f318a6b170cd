// SPDX-License-Identifier: MIT
// Puts values and their evidence side by side.
#include "lib/solver/explain/provenance.hpp"

#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/search/accept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>

namespace simplealloc::solver {
namespace {

using Kind = ConstraintKind;
using EvidenceMap = std::map<Kind, Evidence>;

constexpr std::size_t most_values = 6; ///< of one party's alternatives

Contributor make(std::string party, Kind kind, std::string value, Evidence evidence) {
    return {std::move(party), kind, std::move(value), evidence.confidence,
            std::move(evidence.origin)};
}

Evidence evidence_of(const EvidenceMap& map, Kind kind) {
    const auto found = map.find(kind);
    return found == map.end() ? Evidence{Confidence::unknown, ""} : found->second;
}

Confidence evidence_or(const EvidenceMap& map, Kind kind, Confidence otherwise) {
    const auto found = map.find(kind);
    return found == map.end() ? otherwise : found->second.confidence;
}

std::string format_text(const CapabilitySet& set, Fourcc fourcc) {
    if (set.formats.empty())
        return fmt::format("{}, linear", to_string(fourcc));
    const auto found = std::find_if(set.formats.begin(), set.formats.end(),
                                    [&](const FormatSupport& f) { return f.fourcc == fourcc; });
    if (found == set.formats.end())
        return fmt::format("{} only", brief_list_text(set.formats.size(), [&](std::size_t i) {
                               return to_string(set.formats[i].fourcc);
                           }));
    return fmt::format("{} with {}", to_string(fourcc), modifiers_text(*found));
}

std::string value_of(const UseInput& use, const CapabilitySet& set, Kind kind, Fourcc fourcc) {
    const Constraints& constraints = set.constraints;
    switch (kind) {
    case Kind::format:
        return format_text(set, fourcc);
    case Kind::attach:
        if (set.import_path == ImportPath::vmap)
            return "copies through a kernel mapping";
        return use.maps_too.empty() ? "attaches the buffer for DMA"
                                    : "attaches the buffer, and copies through a kernel mapping";
    case Kind::cpu_access:
        return "does not see CPU caches";
    case Kind::exporter:
        if (constraints.exporters && *constraints.exporters == std::vector{use.device})
            return "memory of its own only";
        break;
    default:
        break;
    }
    return demand_text(kind, constraints);
}

Contributor of_use(const UseInput& use, Kind kind, Fourcc fourcc, Spending& spending) {
    std::vector<std::string> values;
    Evidence evidence{Confidence::unknown, ""};
    bool all = true;
    for (std::size_t i = 0; all && i < use.alternatives.size(); ++i) {
        const CapabilitySet& set = use.alternatives[i];
        const bool general =
            kind == Kind::format || kind == Kind::attach || kind == Kind::cpu_access;
        all = spending.afford(reading(set.constraints) + cost::text) && values.size() < most_values;
        if (!all)
            continue;
        if (kind == Kind::min_size && use.unsized.count(i) > 0) {
            values.emplace_back("nobody says how many bytes its planes take");
            continue;
        }
        if (!general && !limits(set.constraints, kind))
            continue;
        const auto refused = kind == Kind::format ? use.refused.find(i) : use.refused.end();
        const bool by_driver = refused != use.refused.end();
        std::string value = by_driver ? refused->second.reason : value_of(use, set, kind, fourcc);
        if (std::find(values.begin(), values.end(), value) != values.end())
            continue;
        if (values.empty())
            evidence = by_driver ? Evidence{Confidence::known, "VIDIOC_TRY_FMT"}
                                 : evidence_of(set.evidence, kind);
        values.push_back(std::move(value));
    }
    if (!all)
        values.emplace_back("others");
    return make(use.party, kind, fmt::format("{}", fmt::join(values, " or ")), evidence);
}

std::string value_of(const SourceInput& source, Kind kind) {
    const Offer& offer = source.offer;
    switch (kind) {
    case Kind::policy:
        return source.excluded == ExcludedBy::nobody
                   ? "belongs to a device that the request does not name"
                   : "left out";
    case Kind::access:
        return "may not be used by this process";
    case Kind::request_size:
        if (offer.max_total != no_limit)
            return fmt::format("at most {} in all", size_text(offer.max_total));
        if (offer.max_size != no_limit)
            return fmt::format("at most {} in one dma-buf", size_text(offer.max_size));
        return "what memory is available";
    case Kind::cpu_access:
        return caching_for(offer, CpuAccess::read_often) == CpuCaching::unmappable
                   ? "the CPU can't map it"
                   : "cached memory whose sync does nothing";
    case Kind::protected_memory:
        return "protected memory";
    case Kind::format:
        return offer.own_layout ? "images only" : "linear memory";
    case Kind::attach:
        return "dma-bufs that others can't attach or map";
    case Kind::placement:
        return "one dma-buf for each buffer";
    default:
        return demand_text(kind, offer.layout);
    }
}

/// The offer's own words say how it is known.
Evidence evidence_of(const SourceInput& source, Kind kind) {
    const Offer& offer = source.offer;
    switch (kind) {
    case Kind::policy:
        return {Confidence::known,
                source.excluded == ExcludedBy::nobody ? "request" : source.exclusion};
    case Kind::access:
        return {Confidence::known, source.reason};
    case Kind::request_size:
        return {Confidence::known, offer.max_size == no_limit && offer.max_total == no_limit
                                       ? "/proc/meminfo"
                                       : offer.max_size_reason};
    case Kind::attach:
        // A buffer that was refused before is refused for sure.
        return {evidence_or(offer.evidence, kind, Confidence::known), offer.attach_reason};
    case Kind::placement:
        if (offer.max_dmabufs)
            return {Confidence::known, source.backend};
        break;
    case Kind::cpu_access:
    case Kind::protected_memory:
    case Kind::format:
        return {Confidence::known, source.backend};
    default:
        break;
    }
    return evidence_of(offer.evidence, kind);
}

Contributor of_source(const SourceInput& source, Kind kind) {
    return make(source.name, kind, value_of(source, kind), evidence_of(source, kind));
}

/// Of several quotas the one that leaves least.
Contributor of_quotas(const Input& input, const SourceInput& source) {
    const auto least = std::min_element(source.quotas.begin(), source.quotas.end(),
                                        [&](std::size_t a, std::size_t b) {
                                            return input.quotas[a].left() < input.quotas[b].left();
                                        });
    const QuotaState& state = input.quotas[*least];
    return make(source.name, Kind::quota,
                fmt::format("{} of {} left", size_text(state.left()), size_text(state.quota.bytes)),
                {Confidence::known, state.origin});
}

Contributor of_cpu(CpuAccess access) {
    return make(cpu_party(access), Kind::cpu_access, "maps the buffer",
                {Confidence::known, "caller"});
}

/// Merged constraints in the making.
using Entries = std::map<Kind, MergedConstraint>;

void add(Entries& entries, Contributor who) {
    entries[who.constraint].contributors.push_back(std::move(who));
}

std::string caching_text(CpuCaching caching) {
    switch (caching) {
    case CpuCaching::cached:
        return "cached memory";
    case CpuCaching::write_combined:
        return "write-combined memory";
    case CpuCaching::unmappable:
        return "memory that the CPU can't map";
    case CpuCaching::unknown:
        break;
    }
    return "memory of unknown caching";
}

/// What the words of a candidate's constraints are made of.
struct Kept {
    Fourcc fourcc;
    Modifier modifier;
    std::optional<Modifier> asked_modifier;
    CpuAccess cpu = CpuAccess::none;
    CpuCaching caching = CpuCaching::unknown;
    std::vector<std::shared_ptr<const UseInput>> uses; ///< each with the one alternative it takes
    Constraints rules;                                 ///< of the source
    std::vector<Contributor> behind_rules;
};

void add_format(const Kept& kept, Entries& entries) {
    std::string& value = entries[Kind::format].value;
    value = to_string(kept.fourcc);
    if (!kept.fourcc.is_v4l2())
        value += " " + to_string(kept.modifier);
    if (kept.asked_modifier)
        add(entries, make("request", Kind::format, to_string(*kept.asked_modifier),
                          {Confidence::known, "caller"}));
}

std::vector<MergedConstraint> in_words(const Kept& kept) {
    const FormatInfo format = *format_info(kept.fourcc);
    const bool image = format.fourcc != fourcc::bytes;
    Entries entries;
    Constraints merged = kept.rules;
    for (const auto& use : kept.uses) {
        const CapabilitySet& set = use->alternatives.front();
        const Constraints limits = relevant(set.constraints, format);
        // Part of a merge that succeeded, so it can't fail.
        (void)merge(merged, limits);
        std::vector<Kind> kinds = limited(limits);
        if (image)
            kinds.push_back(Kind::format);
        for (const Kind kind : kinds)
            add(entries, make(use->party, kind, value_of(*use, set, kind, format.fourcc),
                              evidence_of(set.evidence, kind)));
    }
    if (image)
        add_format(kept, entries);
    if (kept.cpu != CpuAccess::none) {
        add(entries, of_cpu(kept.cpu));
        entries[Kind::cpu_access].value = caching_text(kept.caching);
    }
    for (const Contributor& who : kept.behind_rules)
        add(entries, who);
    std::vector<MergedConstraint> result;
    for (auto& [kind, entry] : entries) {
        entry.constraint = kind;
        if (entry.value.empty())
            entry.value = demand_text(kind, merged);
        result.push_back(std::move(entry));
    }
    return result;
}

} // namespace

Contributor contributor(const Input& input, const Demand& demand, Spending& spending) {
    switch (demand.side) {
    case Demand::Side::use:
        return of_use(input.uses[demand.index], demand.kind, input.request.fourcc, spending);
    case Demand::Side::source:
        if (demand.kind == Kind::quota)
            return of_quotas(input, input.sources[demand.index]);
        return of_source(input.sources[demand.index], demand.kind);
    case Demand::Side::cpu:
        break;
    }
    return of_cpu(input.request.cpu);
}

std::shared_ptr<const UseInput> Provenance::use_with(std::size_t use, std::size_t alternative) {
    std::shared_ptr<const UseInput>& known = uses_[{use, alternative}];
    if (known)
        return known;
    const UseInput& who = input_.uses[use];
    const CapabilitySet& set = who.alternatives[alternative];
    const auto format =
        std::find_if(set.formats.begin(), set.formats.end(), [&](const FormatSupport& each) {
            return each.fourcc == input_.request.fourcc;
        });
    const std::span formats(format, format == set.formats.end() ? 0U : 1U);
    const Extent extent = extent_of(set, formats);
    if (!spending_.afford(extent.copying() + cost::use) ||
        !spending_.hold(sizeof(who) + extent.bytes + who.party.size() + who.device.size()))
        return nullptr;
    UseInput copy;
    copy.party = who.party;
    copy.device = who.device;
    CapabilitySet& only = copy.alternatives.emplace_back();
    only.formats.assign(formats.begin(), formats.end());
    only.constraints = set.constraints;
    only.evidence = set.evidence;
    known = std::make_shared<const UseInput>(std::move(copy));
    return known;
}

std::function<std::vector<MergedConstraint>()>
Provenance::of(const SourceInput& source, const std::vector<std::size_t>& alternatives,
               const Layout& layout) {
    constexpr std::uint64_t texts = 512; // of a source
    const ResolvedRequest& request = input_.request;
    Kept kept{layout.fourcc, layout.modifier, request.modifier, request.cpu, {}, {}, {}, {}};
    kept.caching = caching_for(source.offer, request.cpu);
    kept.rules = rules_of(source, *format_info(layout.fourcc));
    const std::vector<Kind> kinds = limited(kept.rules);
    if (!spending_.afford(cost::source + kinds.size() * cost::text) ||
        !spending_.hold(sizeof(Kept) + kinds.size() * (sizeof(Contributor) + texts) +
                        input_.uses.size() * sizeof(kept.uses.front())))
        return nullptr;
    kept.behind_rules.reserve(kinds.size());
    for (const Kind kind : kinds)
        kept.behind_rules.push_back(of_source(source, kind));
    kept.uses.reserve(input_.uses.size());
    for (std::size_t i = 0; i < input_.uses.size(); ++i) {
        auto use = use_with(i, alternatives[i]);
        if (!use)
            return nullptr;
        kept.uses.push_back(std::move(use));
    }
    return [shared = std::make_shared<const Kept>(std::move(kept))] { return in_words(*shared); };
}

} // namespace simplealloc::solver
