// SPDX-License-Identifier: MIT
// Puts values and their evidence side by side.
#include "lib/solver/explain/provenance.hpp"

#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/objection.hpp"
#include "lib/solver/search/accept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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
        return source.enabled ? "belongs to a device that the request does not name" : "left out";
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
        return {Confidence::known, source.enabled ? "request" : source.disabled_by};
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
class Entries {
public:
    /// `most`: contributors that a constraint may have.
    explicit Entries(std::size_t most) : most_(std::min<std::size_t>(most, 8)) {
        entries_.reserve(8);
    }

    void add(Kind kind, Contributor who) { at(kind).contributors.push_back(std::move(who)); }
    void set(Kind kind, std::string value) { at(kind).value = std::move(value); }
    /// In the order of their kinds.
    std::vector<MergedConstraint> list() {
        std::vector<MergedConstraint> result;
        result.reserve(entries_.size());
        for (const std::uint8_t place : places_)
            if (place != 0)
                result.push_back(std::move(entries_[place - 1U]));
        return result;
    }

private:
    MergedConstraint& at(Kind kind) {
        std::uint8_t& place = places_.at(static_cast<std::size_t>(kind));
        if (place == 0) {
            entries_.push_back({kind, {}, {}});
            entries_.back().contributors.reserve(most_);
            place = static_cast<std::uint8_t>(entries_.size());
        }
        return entries_[place - 1U];
    }

    std::size_t most_;
    std::vector<MergedConstraint> entries_;
    std::array<std::uint8_t, static_cast<std::size_t>(Kind::policy) + 1> places_ = {}; // from 1
};

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

const Provenance::Contribution& Provenance::contribution(std::size_t use, std::size_t alternative) {
    const auto [found, is_new] = contributions_.try_emplace({use, alternative});
    Contribution& contribution = found->second;
    if (!is_new)
        return contribution;
    const FormatInfo format = *format_info(input_.request.fourcc);
    const UseInput& who = input_.uses[use];
    const CapabilitySet& set = who.alternatives[alternative];
    const auto add = [&](Kind kind) {
        contribution.said.emplace_back(kind, make(who.party, kind,
                                                  value_of(who, set, kind, format.fourcc),
                                                  evidence_of(set.evidence, kind)));
    };
    if (format.fourcc != fourcc::bytes)
        add(Kind::format);
    contribution.limits = relevant(set.constraints, format);
    for (const Kind kind : limited(contribution.limits))
        add(kind);
    for (const auto& [kind, said] : contribution.said)
        contribution.bytes +=
            sizeof(said) + said.party.size() + said.value.size() + said.origin.size();
    return contribution;
}

/// A Plan has them twice.
bool Provenance::afford(const std::vector<std::size_t>& alternatives) {
    constexpr std::uint64_t copies = 2;
    constexpr std::uint64_t kinds = static_cast<std::uint64_t>(Kind::policy) + 1;
    std::uint64_t bytes = kinds * sizeof(MergedConstraint);
    std::uint64_t work = cost::source;
    for (std::size_t i = 0; i < input_.uses.size(); ++i) {
        const auto known = contributions_.find({i, alternatives[i]});
        if (known == contributions_.end() && !spending_.afford(kinds * cost::text))
            return false;
        const Contribution& each = contribution(i, alternatives[i]);
        if (known == contributions_.end() && !spending_.hold(sizeof(each) + 2 * each.bytes))
            return false;
        bytes += copies * each.bytes;
        work += each.said.size() * cost::block + reading(each.limits) + merging_cost(each.limits);
    }
    bytes_ += bytes;
    return spending_.afford(work) && spending_.hold(bytes);
}

const Provenance::Sum& Provenance::sum(const std::vector<std::size_t>& alternatives,
                                       Constraints rules) {
    const auto known = std::find_if(sums_.begin(), sums_.end(), [&](const Sum& sum) {
        return sum.alternatives == alternatives && sum.rules == rules;
    });
    if (known != sums_.end())
        return *known;
    Constraints merged = rules;
    std::vector<Kind> kinds = limited(rules);
    for (std::size_t i = 0; i < input_.uses.size(); ++i) {
        const Constraints& limits = contribution(i, alternatives[i]).limits;
        // Part of a merge that succeeded, so it can't fail.
        (void)merge(merged, limits);
        for (const Kind kind : limited(limits))
            if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
                kinds.push_back(kind);
    }
    Sum& sum = sums_.emplace_back(Sum{alternatives, std::move(rules), {}});
    for (const Kind kind : kinds)
        sum.values.emplace_back(kind, demand_text(kind, merged));
    return sum;
}

std::optional<std::vector<MergedConstraint>>
Provenance::of(const SourceInput& source, const std::vector<std::size_t>& alternatives,
               const Layout& layout) {
    const auto format = format_info(input_.request.fourcc);
    if (!format)
        return std::vector<MergedConstraint>{};
    if (!afford(alternatives))
        return std::nullopt;
    const ResolvedRequest& request = input_.request;
    Entries entries(input_.uses.size() + 1);
    for (std::size_t i = 0; i < input_.uses.size(); ++i)
        for (const auto& [kind, who] : contribution(i, alternatives[i]).said)
            entries.add(kind, who);
    if (format->fourcc != fourcc::bytes) {
        std::string value = to_string(layout.fourcc);
        if (!layout.fourcc.is_v4l2())
            value += " " + to_string(layout.modifier);
        entries.set(Kind::format, std::move(value));
        if (request.modifier)
            entries.add(Kind::format, make("request", Kind::format, to_string(*request.modifier),
                                           {Confidence::known, "caller"}));
    }
    if (request.cpu != CpuAccess::none) {
        entries.set(Kind::cpu_access, caching_text(caching_for(source.offer, request.cpu)));
        entries.add(Kind::cpu_access, of_cpu(request.cpu));
    }
    const Constraints rules = rules_of(source, *format);
    for (const Kind kind : limited(rules))
        entries.add(kind, of_source(source, kind));
    for (const auto& [kind, value] : sum(alternatives, rules).values)
        entries.set(kind, value);
    return entries.list();
}

} // namespace simplealloc::solver
