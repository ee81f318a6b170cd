// SPDX-License-Identifier: MIT
// One rule per constraint: what counts as a limit, how two values merge, and when nothing is left.
#include "lib/model/merge.hpp"

#include "lib/base/checked.hpp"
#include "lib/model/constraint_table.hpp"
#include "lib/model/work.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <set>
#include <utility>

namespace simplealloc::solver {
namespace {

using Number = std::uint64_t Constraints::*;
using PlaneNumber = std::uint64_t PlaneLimits::*;

/// `limits`: the value is not the identity. `combine`: false when the values exclude each other.
/// `implies`: what satisfies the first satisfies the second.
struct Rule {
    ConstraintKind kind;
    bool (*limits)(const Constraints&);
    bool (*combine)(Constraints& into, const Constraints& from);
    bool (*implies)(const Constraints& strict, const Constraints& loose);
    bool shapes_layout;
};

/// Whether `holds` for both values of the field, and of the same field of each plane if it has one.
template <Number field, PlaneNumber plane_field, typename A, typename Predicate>
constexpr bool for_all(A& a, const Constraints& b, Predicate holds) {
    if (!holds(a.*field, b.*field))
        return false;
    if constexpr (plane_field != nullptr)
        for (std::size_t i = 0; i < max_planes; ++i)
            if (!holds(a.planes[i].*plane_field, b.planes[i].*plane_field))
                return false;
    return true;
}

template <Number field, PlaneNumber plane_field>
constexpr bool is_open(const Constraints& c) {
    return for_all<field, plane_field>(
        c, Constraints{}, [](std::uint64_t value, std::uint64_t open) { return value == open; });
}

template <Number field, PlaneNumber plane_field = nullptr>
constexpr Rule divisor(ConstraintKind kind) {
    return {
        kind, [](const Constraints& c) { return !is_open<field, plane_field>(c); },
        [](Constraints& into, const Constraints& from) {
            return for_all<field, plane_field>(into, from, [](std::uint64_t& x, std::uint64_t y) {
                const Checked common = common_multiple(x, y);
                x = common.value;
                return common.ok;
            });
        },
        [](const Constraints& strict, const Constraints& loose) {
            return for_all<field, plane_field>(strict, loose, [](std::uint64_t x, std::uint64_t y) {
                return y == 1 || x % y == 0;
            });
        },
        true};
}

template <Number field, PlaneNumber plane_field = nullptr>
constexpr Rule lower_limit(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return !is_open<field, plane_field>(c); },
            [](Constraints& into, const Constraints& from) {
                return for_all<field, plane_field>(into, from,
                                                   [](std::uint64_t& x, std::uint64_t y) {
                                                       x = std::max(x, y);
                                                       return true;
                                                   });
            },
            [](const Constraints& strict, const Constraints& loose) {
                return for_all<field, plane_field>(
                    strict, loose, [](std::uint64_t x, std::uint64_t y) { return x >= y; });
            },
            true};
}

template <Number field, PlaneNumber plane_field = nullptr>
constexpr Rule upper_limit(ConstraintKind kind) {
    return {kind, [](const Constraints& c) { return !is_open<field, plane_field>(c); },
            [](Constraints& into, const Constraints& from) {
                return for_all<field, plane_field>(into, from,
                                                   [](std::uint64_t& x, std::uint64_t y) {
                                                       x = std::min(x, y);
                                                       return true;
                                                   });
            },
            [](const Constraints& strict, const Constraints& loose) {
                return for_all<field, plane_field>(
                    strict, loose, [](std::uint64_t x, std::uint64_t y) { return x <= y; });
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

template <std::size_t row>
constexpr Rule merging_rule() {
    constexpr LimitRow limit = limit_rows[row];
    if constexpr (limit.merge == MergeRule::divisor)
        return divisor<limit.field, limit.of_plane>(limit.kind);
    else if constexpr (limit.merge == MergeRule::at_least)
        return lower_limit<limit.field, limit.of_plane>(limit.kind);
    else
        return upper_limit<limit.field, limit.of_plane>(limit.kind);
}

template <std::size_t row>
constexpr Rule rule_of() {
    constexpr LimitRow limit = limit_rows[row];
    Rule rule = merging_rule<row>();
    rule.shapes_layout = limit.part != LimitRow::of_memory;
    // One segment is contiguity: it is counted there, once.
    if (limit.kind == ConstraintKind::max_segments)
        rule.limits = [](const Constraints& c) {
            return c.max_segments != no_limit && c.contiguity != Contiguity::required;
        };
    return rule;
}

constexpr Rule other_rules[] = {
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

template <std::size_t... row>
constexpr auto all_rules(std::index_sequence<row...> /*rows*/) {
    std::array<Rule, sizeof...(row) + std::size(other_rules)> rules{rule_of<row>()...};
    std::copy(std::begin(other_rules), std::end(other_rules), rules.begin() + sizeof...(row));
    return rules;
}

constexpr auto rules = all_rules(std::make_index_sequence<std::size(limit_rows)>());

constexpr auto divisors =
    made_of_limits<[](const LimitRow& row) { return row.merge == MergeRule::divisor; },
                   [](const LimitRow& row) { return row.field; }>();
constexpr auto layout_divisors = made_of_limits<[](const LimitRow& row) {
    return row.merge == MergeRule::divisor && row.part != LimitRow::of_memory;
},
                                                [](const LimitRow& row) { return row.field; }>();

/// A lower limit and a divisor under an upper limit, with the names of the first two.
struct Squeeze {
    std::uint64_t least;
    std::uint64_t multiple;
    std::uint64_t most;
    ConstraintKind least_kind;
    ConstraintKind multiple_kind;
};

/// The one that carries the value over its upper limit.
std::optional<ConstraintKind> squeezed(const Squeeze& s) {
    if (s.most == no_limit && s.least <= 1) // open: the common case
        return std::nullopt;
    if (s.least > s.most)
        return s.least_kind;
    const Checked rounded = round_up(s.least, s.multiple);
    if (!rounded.ok || rounded.value > s.most)
        return s.multiple_kind;
    return std::nullopt;
}

std::optional<ConstraintKind> squeezed(const Constraints& c) {
    using Kind = ConstraintKind;
    // A stride and a size are never 0.
    const auto positive = [](std::uint64_t least) { return std::max<std::uint64_t>(least, 1); };
    if (auto kind = squeezed({positive(c.min_stride), c.stride_align, c.max_stride,
                              Kind::min_stride, Kind::stride_align}))
        return kind;
    if (auto kind = squeezed(
            {positive(c.min_size), c.size_align, c.max_size, Kind::min_size, Kind::size_align}))
        return kind;
    if (c.min_width > c.max_width)
        return Kind::min_width;
    if (c.min_height > c.max_height)
        return Kind::min_height;
    if (auto kind = squeezed({c.min_address, c.address_align, c.max_address, Kind::address_window,
                              Kind::address_align}))
        return kind;
    static const PlaneLimits open;
    for (std::size_t i = 0; i < max_planes; ++i) {
        const PlaneLimits& plane = c.planes[i];
        if (plane == open) // what holds for all planes is settled
            continue;
        const Checked multiple = common_multiple(c.stride_align, plane.stride_align);
        if (!multiple.ok)
            return Kind::stride_align;
        const std::uint64_t most = i == 0 ? c.max_stride : plane.max_stride;
        const std::uint64_t least = i == 0 ? c.min_stride : plane.min_stride;
        if (auto kind = squeezed(
                {positive(least), multiple.value, most, Kind::min_stride, Kind::stride_align}))
            return kind;
        if (plane.min_size > c.max_size)
            return Kind::min_size;
    }
    return std::nullopt;
}

} // namespace

Constraints normal(Constraints c) {
    for (const Number field : divisors)
        c.*field = std::max<std::uint64_t>(c.*field, 1);
    for (PlaneLimits& plane : c.planes) {
        plane.stride_align = std::max<std::uint64_t>(plane.stride_align, 1);
        plane.offset_align = std::max<std::uint64_t>(plane.offset_align, 1);
    }
    PlaneLimits& first = c.planes[0];
    c.min_stride = std::max(c.min_stride, std::exchange(first.min_stride, 0));
    c.max_stride = std::min(c.max_stride, std::exchange(first.max_stride, no_limit));
    c.min_size = std::max(c.min_size, std::exchange(first.min_size, 0));
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

// A common multiple takes far longer than anything else.
std::uint32_t merging_cost(const Constraints& c) {
    std::uint64_t multiples = 0;
    for (const Number field : layout_divisors)
        multiples += c.*field > 1 ? 1 : 0;
    for (const PlaneLimits& plane : c.planes)
        multiples += (plane.stride_align > 1 ? 2 : 0) + (plane.offset_align > 1 ? 1 : 0);
    return static_cast<std::uint32_t>(cost::merge + cost::multiple * multiples);
}

Shape::Shape(const Constraints& normal) {
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (rules[i].shapes_layout && rules[i].limits(normal)) {
            // Into an open field everything merges.
            (void)rules[i].combine(constraints, normal);
            limited |= 1ULL << i;
        }
    merging = merging_cost(constraints);
}

std::optional<ConstraintKind> merge(Shape& into, const Shape& shape) {
    for (std::uint64_t left = shape.limited; left != 0; left &= left - 1) {
        const Rule& rule = rules[static_cast<std::size_t>(std::countr_zero(left))];
        if (!rule.combine(into.constraints, shape.constraints))
            return rule.kind;
    }
    into.limited |= shape.limited;
    return squeezed(into.constraints);
}

bool implies(const Shape& strict, const Shape& loose) {
    if ((loose.limited & ~strict.limited) != 0)
        return false;
    for (std::uint64_t left = loose.limited; left != 0; left &= left - 1)
        if (!rules[static_cast<std::size_t>(std::countr_zero(left))].implies(strict.constraints,
                                                                             loose.constraints))
            return false;
    return true;
}

bool implies(ConstraintKind kind, const Constraints& strict, const Constraints& loose) {
    const Constraints one = normal(strict);
    const Constraints other = normal(loose);
    return std::all_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return rule.kind != kind || rule.implies(one, other);
    });
}

bool limits(const Constraints& constraints, ConstraintKind kind) {
    const Constraints c = normal(constraints);
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.kind == kind && rule.limits(c); });
}

std::vector<ConstraintKind> limited(const Constraints& constraints) {
    const Constraints c = normal(constraints);
    std::vector<ConstraintKind> kinds;
    for (const Rule& rule : rules)
        if (rule.limits(c))
            kinds.push_back(rule.kind);
    std::sort(kinds.begin(), kinds.end());
    return kinds;
}

Constraints without(const Constraints& constraints, const std::set<ConstraintKind>& kinds) {
    const Constraints c = normal(constraints);
    Constraints rest;
    for (const Rule& rule : rules)
        if (rule.limits(c) && kinds.count(rule.kind) == 0)
            rule.combine(rest, c);
    return normal(std::move(rest));
}

} // namespace simplealloc::solver
