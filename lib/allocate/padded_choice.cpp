// SPDX-License-Identifier: MIT
// A planned layout with longer lines.
#include "lib/allocate/padded_choice.hpp"
#include "lib/base/internal.hpp"

#include "lib/model/formats.hpp"
#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace simplealloc {

std::optional<solver::Choice> padded_choice(const PlanData& plan, std::size_t index,
                                            std::uint64_t align) {
    solver::Choice choice = plan.choices[index];
    const solver::SourceInput& source = plan.sources[choice.source].input;
    Layout& layout = choice.candidate.layout;
    const auto fits = [&](const Plane& plane) { return plane.stride % align == 0; };
    if (source.offer.own_layout || solver::is_opaque(layout.fourcc) ||
        !layout.modifier.is_linear() ||
        std::all_of(layout.planes.begin(), layout.planes.end(), fits))
        return std::nullopt;
    Constraints& merged = choice.merged;
    merged.stride_align = std::lcm(std::max<std::uint64_t>(merged.stride_align, 1), align);
    Constraints all = source.offer.layout;
    if (solver::merge(all, merged))
        return std::nullopt;
    auto padded = solver::make_layout(layout.fourcc, layout.modifier, layout.width, layout.height,
                                      0, layout.placement, all, source.offer.granularity);
    if (!padded)
        return std::nullopt;
    layout = std::move(*padded);
    return choice;
}

std::vector<std::uint64_t> pitch_alignments(const PlanData& plan) {
    std::set<std::uint64_t> aligns{64, 128, 256, 4096};
    for (const DeviceUse& use : plan.request.uses)
        if (const auto& drm = Internal::data(use.device).drm;
            drm && drm->dumb.asked_pitch_align > 1)
            aligns.insert(drm->dumb.asked_pitch_align);
    return {aligns.begin(), aligns.end()};
}

} // namespace simplealloc
