// SPDX-License-Identifier: MIT
// One pass over a use's pairs, and a sort of those with the fourcc that is asked for.
#include "lib/model/ways.hpp"

#include <algorithm>

namespace simplealloc::solver {
namespace {

bool draws(Use use) {
    return use == Use::render || use == Use::sample;
}

/// A set without formats takes all of them, linear. The device itself takes whatever layout its own
/// user-space driver makes, and draws with every modifier of that driver.
bool takes_any(Modifier modifier, bool own, bool drawing) {
    return modifier.is_linear() ||
           (own && (drawing || modifier.state == Modifier::State::implicit));
}

/// LINEAR by interface, or what its own device makes of it.
bool takes_unnamed(Modifier modifier, bool own) {
    return modifier.is_linear() || (own && modifier.state == Modifier::State::implicit);
}

bool is_named(Modifier modifier) {
    return modifier.state != Modifier::State::implicit;
}

} // namespace

Ways::Ways(const UseInput& use, const FormatInfo& format, Spending& spending)
    : draws_(draws(use.use)), bytes_(format.fourcc == fourcc::bytes),
      any_modifier_(use.any_modifier) {
    std::vector<std::size_t> alternatives; // a way is large: it is made where it stays
    std::size_t pairs = 0;
    std::uint64_t work = 0;
    for (std::size_t i = 0; i < use.alternatives.size(); ++i) {
        const CapabilitySet& set = use.alternatives[i];
        const auto index = static_cast<std::uint32_t>(alternatives.size());
        bool takes = bytes_ || any_modifier_ || set.formats.empty();
        pairs_ += 1 + (takes ? 0 : set.formats.size());
        if (takes)
            any_.push_back(index);
        else
            for (const FormatSupport& support : set.formats)
                if (support.fourcc == format.fourcc) {
                    takes = true;
                    if (support.without_modifier)
                        by_interface_.push_back(index);
                    pairs += support.modifiers.size();
                }
        if (!takes)
            continue;
        alternatives.push_back(i);
        work += reading(set.constraints);
    }
    complete_ = spending.afford(pairs_ * cost::pair + work + sorting(pairs)) &&
                spending.hold(alternatives.size() * (sizeof(Way) + 3 * sizeof(std::size_t)) +
                              pairs * sizeof(Named));
    if (!complete_)
        return;
    named_.reserve(pairs);
    all_.reserve(alternatives.size());
    for (const std::size_t i : alternatives) {
        const CapabilitySet& set = use.alternatives[i];
        const auto index = static_cast<std::uint32_t>(all_.size());
        all_.emplace_back(i, relevant(set.constraints, format));
        if (bytes_ || any_modifier_)
            continue;
        for (const FormatSupport& support : set.formats)
            if (support.fourcc == format.fourcc)
                for (const std::uint64_t modifier : support.modifiers)
                    named_.push_back({modifier, index});
    }
    std::sort(named_.begin(), named_.end());
}

bool Ways::takes_without_list(Modifier modifier, bool own) const {
    if (any_modifier_)
        return is_named(modifier) || takes_unnamed(modifier, own);
    return bytes_ || takes_any(modifier, own, draws_);
}

Ways::Matches Ways::matches(Modifier modifier, bool own) const {
    Matches found(all_.data());
    if (takes_without_list(modifier, own))
        found.any_ = any_;
    if (takes_unnamed(modifier, own))
        found.by_interface_ = by_interface_;
    if (is_named(modifier)) {
        const auto first = std::lower_bound(named_.begin(), named_.end(), Named{modifier.value, 0});
        const auto last = std::find_if(
            first, named_.end(), [&](const Named& n) { return n.modifier != modifier.value; });
        found.named_ = {first, last};
    }
    return found;
}

const Way* Ways::Matches::next() {
    constexpr std::uint32_t end = UINT32_MAX;
    std::uint32_t least = end;
    if (!any_.empty())
        least = any_.front();
    if (!by_interface_.empty())
        least = std::min(least, by_interface_.front());
    if (!named_.empty())
        least = std::min(least, named_.front().index);
    if (least == end)
        return nullptr;
    // A device may list a pair twice, or both by name and by interface.
    while (!any_.empty() && any_.front() == least)
        any_ = any_.subspan(1);
    while (!by_interface_.empty() && by_interface_.front() == least)
        by_interface_ = by_interface_.subspan(1);
    while (!named_.empty() && named_.front().index == least)
        named_ = named_.subspan(1);
    return ways_ + least;
}

const Way& Ways::of(std::size_t alternative) const {
    return *std::lower_bound(all_.begin(), all_.end(), alternative,
                             [](const Way& way, std::size_t a) { return way.alternative < a; });
}

bool Ways::takes(std::size_t alternative, Modifier modifier, bool own) const {
    const auto index = static_cast<std::uint32_t>(&of(alternative) - all_.data());
    const auto has = [&](const Indices& list) {
        return std::binary_search(list.begin(), list.end(), index);
    };
    if (has(any_))
        return takes_without_list(modifier, own);
    return (takes_unnamed(modifier, own) && has(by_interface_)) ||
           (is_named(modifier) &&
            std::binary_search(named_.begin(), named_.end(), Named{modifier.value, index}));
}

Constraints relevant(Constraints c, const FormatInfo& format) {
    const Constraints open;
    if (format.planes.size() == 1)
        c.placements = open.placements;
    for (std::size_t i = format.planes.size(); i < max_planes; ++i)
        c.planes[i] = open.planes[i];
    const bool bytes = format.fourcc == fourcc::bytes;
    if (bytes || format.opaque) {
        for (PlaneLimits& plane : c.planes)
            plane = {.min_stride = plane.min_stride,
                     .max_stride = plane.max_stride,
                     .min_size = plane.min_size};
        c.stride_align = open.stride_align;
        c.stride_align_pixels = open.stride_align_pixels;
        c.offset_align = open.offset_align;
        c.max_offset = open.max_offset;
        c.width_align = open.width_align;
        c.height_align = open.height_align;
    }
    if (bytes) {
        c.planes[0] = {.min_size = c.planes[0].min_size};
        c.min_width = open.min_width;
        c.min_height = open.min_height;
        c.min_stride = open.min_stride;
        c.max_stride = open.max_stride;
        c.max_width = open.max_width;
        c.max_height = open.max_height;
    }
    return normal(std::move(c));
}

bool takes_format(const UseInput& use, const CapabilitySet& set, Fourcc fourcc, Modifier modifier,
                  bool own) {
    if (fourcc == fourcc::bytes)
        return true;
    if (use.any_modifier)
        return is_named(modifier) || takes_unnamed(modifier, own);
    if (set.formats.empty())
        return takes_any(modifier, own, draws(use.use));
    return std::any_of(set.formats.begin(), set.formats.end(), [&](const FormatSupport& format) {
        return format.fourcc == fourcc &&
               ((takes_unnamed(modifier, own) && format.without_modifier) ||
                (is_named(modifier) && std::find(format.modifiers.begin(), format.modifiers.end(),
                                                 modifier.value) != format.modifiers.end()));
    });
}

} // namespace simplealloc::solver
