// SPDX-License-Identifier: MIT
// What would help where memory does not do, as far as it can help on this machine.
#include "lib/solver/search/remedy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace simplealloc::solver {
namespace {

/// No device's own, so that all may be given it.
bool is_contiguous(const SourceInput& source) {
    const Offer& offer = source.offer;
    return offer.contiguity == OfferContiguity::physical && offer.device.empty() &&
           !offer.protected_memory;
}

bool may_be_taken(const SourceInput& source) {
    return source.usable && source.excluded == ExcludedBy::nobody;
}

/// The first that may be taken, or else one that would do if it might be; null: none would.
template <typename Does>
const SourceInput* best(std::span<const SourceInput> sources, Does does) {
    const SourceInput* found = nullptr;
    for (const SourceInput& source : sources)
        if (does(source) && (found == nullptr || (may_be_taken(source) && !may_be_taken(*found))))
            found = &source;
    return found;
}

/// Where a CMA heap is there, it lies in the wrong place: only where from is to be said.
Remedies boot(std::span<const SourceInput> sources, std::vector<std::string> place) {
    const bool has_heap = std::ranges::any_of(sources, [](const SourceInput& source) {
        return source.backend == "dma-heap" && is_contiguous(source);
    });
    return {{has_heap ? RemedyKind::cma_area : RemedyKind::cma_heap, std::move(place)}};
}

Remedy take(const SourceInput& source, std::string why) {
    return {RemedyKind::source, {source.name, std::move(why)}};
}

} // namespace

Remedies either(Remedies one, Remedies other) {
    std::ranges::move(other, std::back_inserter(one));
    return one;
}

Remedies linear_remedy() {
    return {{RemedyKind::open_modifier, {}}, {RemedyKind::linear, {}}};
}

Remedies no_cpu_remedy() {
    return {{RemedyKind::cpu, {std::string(to_string(CpuAccess::none))}}};
}

Remedy say_in_quirk_file(std::string premise, std::vector<std::string> rows, std::string entry) {
    std::erase(rows, "");
    if (rows.empty())
        return {RemedyKind::describe, {std::move(premise)}};
    rows.insert(rows.begin(), {std::move(premise), std::move(entry)});
    return {RemedyKind::quirk, std::move(rows)};
}

Remedies take_contiguous(std::span<const SourceInput> sources, Window reach, Window ram) {
    const SourceInput* source = best(sources, [&](const SourceInput& one) {
        return is_contiguous(one) && one.offer.min_address >= reach.first &&
               one.offer.max_address <= reach.last;
    });
    if (source != nullptr)
        return {take(*source, "is contiguous")};
    if (reach.first == 0 && reach.last == no_limit)
        return boot(sources, {});
    const std::uint64_t first = std::max(reach.first, ram.first);
    const std::uint64_t last = std::min(reach.last, ram.last);
    if (first > last)
        return {};
    const std::string end = last == no_limit ? std::string() : fmt::format("-{:#x}", last + 1);
    return boot(sources, {fmt::format("@{:#x}{}", first, end)});
}

Remedies take_protected(std::span<const SourceInput> sources) {
    const SourceInput* source =
        best(sources, [](const SourceInput& one) { return one.offer.protected_memory; });
    return {source != nullptr ? take(*source, "is protected")
                              : Remedy{RemedyKind::protected_heap, {}}};
}

Remedies take_own_layout(std::span<const SourceInput> sources) {
    const SourceInput* source =
        best(sources, [](const SourceInput& one) { return one.offer.own_layout; });
    Remedies remedies{{RemedyKind::other_format, {}}};
    if (source != nullptr)
        remedies.insert(remedies.begin(), take(*source, "lays images out itself"));
    return remedies;
}

} // namespace simplealloc::solver
