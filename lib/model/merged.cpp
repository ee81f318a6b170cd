// SPDX-License-Identifier: MIT
// Merged constraints that remember who limits what, and what a limit can collide with.
#include "lib/model/merged.hpp"

#include "lib/model/constraint_table.hpp"
#include "lib/model/merge.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <span>
#include <string_view>

namespace simplealloc::solver {
namespace {

constexpr std::span<const ConstraintKind> nothing;
constexpr std::array against_stride{ConstraintKind::max_stride};
constexpr std::array against_offset{ConstraintKind::max_stride, ConstraintKind::stride_align,
                                    ConstraintKind::stride_align_pixels,
                                    ConstraintKind::max_offset};
constexpr std::array against_size{ConstraintKind::max_size};
constexpr std::array against_width{ConstraintKind::max_width};
constexpr std::array against_height{ConstraintKind::max_height};
constexpr std::array against_address{ConstraintKind::address_window};
/// What moves a plane away from the beginning.
constexpr std::array against_distance{
    ConstraintKind::stride_align, ConstraintKind::stride_align_pixels, ConstraintKind::offset_align,
    ConstraintKind::width_align,  ConstraintKind::height_align,        ConstraintKind::min_stride};
/// What makes a buffer larger than its image.
constexpr std::array against_growth{
    ConstraintKind::stride_align, ConstraintKind::stride_align_pixels,
    ConstraintKind::offset_align, ConstraintKind::size_align,
    ConstraintKind::width_align,  ConstraintKind::height_align,
    ConstraintKind::min_stride,   ConstraintKind::min_size,
    ConstraintKind::tail_padding};
constexpr std::array against_segments{ConstraintKind::max_segment_size,
                                      ConstraintKind::segment_boundary};

/// Names, each once, in the order in which they come.
class Names {
public:
    void add(const std::string& name) {
        if (seen_.insert(name).second)
            names_.push_back(name);
    }
    std::vector<std::string> take() && { return std::move(names_); }

private:
    std::set<std::string_view> seen_; // into the contributions, which outlive this
    std::vector<std::string> names_;
};

} // namespace

std::vector<std::string> Merged::parties(ConstraintKind kind) const {
    Names names;
    for (const Contribution& c : contributions)
        if (c.kind == kind)
            names.add(c.party);
    return std::move(names).take();
}

std::vector<std::string> Merged::parties_around(ConstraintKind kind) const {
    Names names;
    const auto add = [&](ConstraintKind each) {
        for (const Contribution& c : contributions)
            if (c.kind == each)
                names.add(c.party);
    };
    add(kind);
    for (ConstraintKind other : opposed(kind))
        add(other);
    return std::move(names).take();
}

std::optional<ConstraintKind> merge(Merged& into, const Constraints& constraints,
                                    const std::string& party) {
    if (auto kind = merge(into.constraints, constraints))
        return kind;
    // The same party may come again, but only at once: a search of all would be quadratic.
    auto own = into.contributions.end();
    while (own != into.contributions.begin() && std::prev(own)->party == party)
        --own;
    const auto first = own - into.contributions.begin();
    for (const ConstraintKind kind : limited(constraints)) {
        const Merged::Contribution contribution{kind, party};
        if (std::find(into.contributions.begin() + first, into.contributions.end(), contribution) ==
            into.contributions.end())
            into.contributions.push_back(contribution);
    }
    return std::nullopt;
}

std::span<const ConstraintKind> opposed(ConstraintKind kind) {
#define OPPOSED(FIELD, MERGE, PART, UNIT, ENTRY, LEAST, KEY, AGAINST, WHAT, DEMAND)                \
    case ConstraintKind::FIELD:                                                                    \
        return AGAINST;
    switch (kind) {
        SIMPLEALLOC_LIMITS(OPPOSED)
    case ConstraintKind::request_size:
    case ConstraintKind::quota:
        return against_growth;
    default:
        return nothing;
    }
#undef OPPOSED
}

} // namespace simplealloc::solver
