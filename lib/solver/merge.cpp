// SPDX-License-Identifier: MIT
// One row per constraint: what counts as a limit, how two values merge, and when nothing is left.
#include "lib/solver/merge.hpp"

#include "lib/solver/checked.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace simplealloc::solver {
namespace {

using Number = std::uint64_t Constraints::*;

/// `limits`: the value is not the identity. `combine`: false when the values exclude each other.
/// `implies`: what satisfies the first satisfies the second.
struct Rule {
    ConstraintKind kind;
    bool (*limits)(const Constraints&);
    bool (*combine)(Constraints& into, const Constraints& from);
    bool (*implies)(const Constraints& strict, const Constraints& loose);
    bool shapes_layout;
};

template <Number field>
constexpr Rule divisor(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return c.*field > 1; },
            [](Constraints& into, const Constraints& from) {
                const Checked common = common_multiple(into.*field, from.*field);
                into.*field = common.value;
                return common.ok;
            },
            [](const Constraints& strict, const Constraints& loose) {
                return strict.*field % loose.*field == 0;
            },
            true};
}

template <Number field>
constexpr Rule lower_limit(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return c.*field > 0; },
            [](Constraints& into, const Constraints& from) {
                into.*field = std::max(into.*field, from.*field);
                return true;
            },
            [](const Constraints& strict, const Constraints& loose) {
                return strict.*field >= loose.*field;
            },
            true};
}

template <Number field>
constexpr Rule upper_limit(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return c.*field != no_limit; },
            [](Constraints& into, const Constraints& from) {
                into.*field = std::min(into.*field, from.*field);
                return true;
            },
            [](const Constraints& strict, const Constraints& loose) {
                return strict.*field <= loose.*field;
            },
            true};
}

template <bool Constraints::*field>
constexpr Rule either(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return c.*field; },
            [](Constraints& into, const Constraints& from) {
                into.*field = into.*field || from.*field;
                return true;
            },
            [](const Constraints& strict, const Constraints& loose) {
                return strict.*field || !(loose.*field);
            },
            false};
}

bool combine_exporters(Constraints& into, const Constraints& from) {
    if (into.exporters && from.exporters) {
        std::vector<std::string> common;
        std::set_intersection(into.exporters->begin(), into.exporters->end(),
                              from.exporters->begin(), from.exporters->end(),
                              std::back_inserter(common));
        into.exporters = std::move(common);
    } else if (from.exporters) {
        into.exporters = from.exporters;
    }
    return !into.exporters || !into.exporters->empty();
}

/// One segment is contiguity: it is counted there, once.
constexpr Rule max_segments_rule() {
    Rule rule = upper_limit<&Constraints::max_segments>(ConstraintKind::max_segments);
    rule.limits = [](const Constraints& c) {
        return c.max_segments != no_limit && c.contiguity != Contiguity::required;
    };
    return rule;
}

constexpr std::array rules{
    divisor<&Constraints::stride_align>(ConstraintKind::stride_align),
    divisor<&Constraints::offset_align>(ConstraintKind::offset_align),
    divisor<&Constraints::size_align>(ConstraintKind::size_align),
    divisor<&Constraints::width_align>(ConstraintKind::width_align),
    divisor<&Constraints::height_align>(ConstraintKind::height_align),
    lower_limit<&Constraints::min_stride>(ConstraintKind::min_stride),
    lower_limit<&Constraints::min_size>(ConstraintKind::min_size),
    lower_limit<&Constraints::tail_padding>(ConstraintKind::tail_padding),
    upper_limit<&Constraints::max_stride>(ConstraintKind::max_stride),
    upper_limit<&Constraints::max_size>(ConstraintKind::max_size),
    upper_limit<&Constraints::max_width>(ConstraintKind::max_width),
    upper_limit<&Constraints::max_height>(ConstraintKind::max_height),
    max_segments_rule(),
    upper_limit<&Constraints::max_segment_size>(ConstraintKind::max_segment_size),
    upper_limit<&Constraints::segment_boundary>(ConstraintKind::segment_boundary),
    Rule{ConstraintKind::contiguity,
         [](const Constraints& c) { return c.contiguity != Contiguity::any; },
         [](Constraints& into, const Constraints& from) {
             into.contiguity = std::max(into.contiguity, from.contiguity);
             return true;
         },
         [](const Constraints& strict, const Constraints& loose) {
             return strict.contiguity >= loose.contiguity;
         },
         false},
    Rule{ConstraintKind::address_window,
         [](const Constraints& c) { return c.min_address > 0 || c.max_address != no_limit; },
         [](Constraints& into, const Constraints& from) {
             into.min_address = std::max(into.min_address, from.min_address);
             into.max_address = std::min(into.max_address, from.max_address);
             return into.min_address <= into.max_address;
         },
         [](const Constraints& strict, const Constraints& loose) {
             return strict.min_address >= loose.min_address &&
                    strict.max_address <= loose.max_address;
         },
         false},
    Rule{ConstraintKind::placement,
         [](const Constraints& c) { return c.placements != Placements::all(); },
         [](Constraints& into, const Constraints& from) {
             into.placements = into.placements & from.placements;
             return into.placements.bits != 0;
         },
         [](const Constraints& strict, const Constraints& loose) {
             return (strict.placements & loose.placements) == strict.placements;
         },
         true},
    either<&Constraints::starts_at_zero>(ConstraintKind::starts_at_zero),
    Rule{ConstraintKind::memory_kind,
         [](const Constraints& c) { return c.memory_kinds != Constraints{}.memory_kinds; },
         [](Constraints& into, const Constraints& from) {
             into.memory_kinds = into.memory_kinds & from.memory_kinds;
             return into.memory_kinds != 0;
         },
         [](const Constraints& strict, const Constraints& loose) {
             return (strict.memory_kinds & loose.memory_kinds) == strict.memory_kinds;
         },
         false},
    either<&Constraints::protected_memory>(ConstraintKind::protected_memory),
    Rule{ConstraintKind::exporter, [](const Constraints& c) { return c.exporters.has_value(); },
         combine_exporters,
         [](const Constraints& strict, const Constraints& loose) {
             return !loose.exporters ||
                    (strict.exporters &&
                     std::includes(loose.exporters->begin(), loose.exporters->end(),
                                   strict.exporters->begin(), strict.exporters->end()));
         },
         false},
};

constexpr std::array against_stride{ConstraintKind::max_stride};
constexpr std::array against_offset{ConstraintKind::max_stride, ConstraintKind::stride_align};
constexpr std::array against_size{ConstraintKind::max_size};
/// What makes an image so large that it has no size any more.
constexpr std::array against_overflow{ConstraintKind::stride_align, ConstraintKind::offset_align,
                                      ConstraintKind::width_align, ConstraintKind::height_align,
                                      ConstraintKind::min_stride};
constexpr std::array against_segments{ConstraintKind::max_segment_size,
                                      ConstraintKind::segment_boundary};

/// A lower limit, rounded up to its divisor, above the upper limit: the one that carries it over.
std::optional<ConstraintKind> squeezed(std::uint64_t least, std::uint64_t multiple,
                                       std::uint64_t most, ConstraintKind least_kind,
                                       ConstraintKind multiple_kind) {
    if (least > most)
        return least_kind;
    const Checked rounded = round_up(std::max<std::uint64_t>(least, 1), multiple);
    if (!rounded.ok || rounded.value > most)
        return multiple_kind;
    return std::nullopt;
}

std::optional<ConstraintKind> squeezed(const Constraints& c) {
    if (auto kind = squeezed(c.min_stride, c.stride_align, c.max_stride, ConstraintKind::min_stride,
                             ConstraintKind::stride_align))
        return kind;
    return squeezed(c.min_size, c.size_align, c.max_size, ConstraintKind::min_size,
                    ConstraintKind::size_align);
}

void append_new(std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end())
        list.push_back(name);
}

} // namespace

std::vector<std::string> Merged::parties(ConstraintKind kind) const {
    std::vector<std::string> names;
    for (const Contribution& c : contributions)
        if (c.kind == kind)
            append_new(names, c.party);
    return names;
}

std::vector<std::string> Merged::parties_around(ConstraintKind kind) const {
    std::vector<std::string> names = parties(kind);
    for (ConstraintKind other : opposed(kind))
        for (const std::string& name : parties(other))
            append_new(names, name);
    return names;
}

Constraints normal(Constraints c) {
    for (Number field :
         {&Constraints::stride_align, &Constraints::offset_align, &Constraints::size_align,
          &Constraints::width_align, &Constraints::height_align})
        c.*field = std::max<std::uint64_t>(c.*field, 1);
    if (c.max_segments <= 1 || c.contiguity == Contiguity::required) {
        c.max_segments = 1;
        c.contiguity = Contiguity::required;
    }
    c.placements = c.placements & Placements::all();
    c.memory_kinds = c.memory_kinds & Constraints{}.memory_kinds;
    if (c.exporters) {
        std::sort(c.exporters->begin(), c.exporters->end());
        c.exporters->erase(std::unique(c.exporters->begin(), c.exporters->end()),
                           c.exporters->end());
    }
    return c;
}

std::optional<ConstraintKind> merge(Constraints& into, const Constraints& constraints) {
    const Constraints from = normal(constraints);
    Constraints result = normal(into);
    for (const Rule& rule : rules)
        if (!rule.combine(result, from))
            return rule.kind;
    if (auto kind = squeezed(result))
        return kind;
    into = std::move(result);
    return std::nullopt;
}

std::optional<ConstraintKind> merge(Merged& into, const Constraints& constraints,
                                    const std::string& party) {
    if (auto kind = merge(into.constraints, constraints))
        return kind;
    const Constraints from = normal(constraints);
    for (const Rule& rule : rules) {
        const Merged::Contribution contribution{rule.kind, party};
        if (rule.limits(from) && std::find(into.contributions.begin(), into.contributions.end(),
                                           contribution) == into.contributions.end())
            into.contributions.push_back(contribution);
    }
    return std::nullopt;
}

bool shapes_no_less(const Constraints& strict, const Constraints& loose) {
    return std::all_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return !rule.shapes_layout || rule.implies(strict, loose);
    });
}

bool implies(ConstraintKind kind, const Constraints& strict, const Constraints& loose) {
    const Constraints one = normal(strict);
    const Constraints other = normal(loose);
    return std::all_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return rule.kind != kind || rule.implies(one, other);
    });
}

std::span<const ConstraintKind> opposed(ConstraintKind kind) {
    switch (kind) {
    case ConstraintKind::min_stride:
    case ConstraintKind::stride_align:
    case ConstraintKind::width_align:
        return against_stride;
    case ConstraintKind::offset_align:
        return against_offset;
    case ConstraintKind::min_size:
    case ConstraintKind::size_align:
    case ConstraintKind::height_align:
    case ConstraintKind::tail_padding:
        return against_size;
    case ConstraintKind::max_segments:
        return against_segments;
    case ConstraintKind::request_size:
        return against_overflow;
    default:
        return {};
    }
}

bool limits(const Constraints& constraints, ConstraintKind kind) {
    const Constraints c = normal(constraints);
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.kind == kind && rule.limits(c); });
}

} // namespace simplealloc::solver
