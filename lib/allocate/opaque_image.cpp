// SPDX-License-Identifier: MIT
// Rounds of questions that begin with nothing, since there is no layout to begin with.
#include "lib/allocate/opaque_image.hpp"
#include "lib/base/internal.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/v4l2/try_format.hpp"
#include "lib/model/formats.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/ways.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

/// A driver that keeps what it is asked for has the others' strides and sizes by the second round.
constexpr int most_rounds = 3;

/// What an answer may limit: the stride either way, the size and the placement.
constexpr std::uint64_t held_for_evidence = 4 * (sizeof(std::pair<ConstraintKind, Evidence>) + 128);

using Answer = std::optional<FormatAnswer>;

/// Of planes as they are asked for: plane 0 has limits of its own.
PlaneLimits limits_of(const Constraints& c, std::size_t plane) {
    PlaneLimits limits = c.planes[plane];
    if (plane == 0) {
        limits.min_stride = std::max(limits.min_stride, c.min_stride);
        limits.max_stride = std::min(limits.max_stride, c.max_stride);
        limits.min_size = std::max(limits.min_size, c.min_size);
    }
    return limits;
}

std::size_t memory_planes(const Constraints& c) {
    std::size_t count = 0;
    while (count < max_planes && limits_of(c, count).min_size != 0)
        ++count;
    return count;
}

/// The greatest of what is asked for so far and what somebody wants.
void raise(Layout& proposal, const Constraints& wanted) {
    for (std::size_t i = 0; i < memory_planes(wanted); ++i) {
        if (proposal.planes.size() == i) {
            proposal.planes.push_back({static_cast<std::uint32_t>(i), 0, 0, 0});
            proposal.dmabuf_sizes.push_back(0);
        }
        const PlaneLimits limits = limits_of(wanted, i);
        Plane& plane = proposal.planes[i];
        plane.stride = std::max(plane.stride, limits.min_stride);
        plane.size = std::max(plane.size, limits.min_size);
        proposal.dmabuf_sizes[i] = plane.size;
    }
}

Result<std::vector<Answer>> ask(std::span<const DeviceUse> uses, const Layout& proposal) {
    std::vector<Answer> answers;
    for (const DeviceUse& use : uses) {
        auto answer = try_format(Internal::data(use.device), use, proposal);
        if (!answer)
            return std::move(answer).error();
        answers.push_back(std::move(*answer));
    }
    return answers;
}

/// Sets what the driver wants in each of the use's ways.
void set_limits(const FormatAnswer& answer, std::vector<CapabilitySet>& ways) {
    const std::size_t planes = memory_planes(answer.limits);
    for (CapabilitySet& way : ways) {
        Constraints& own = way.constraints;
        for (std::size_t i = 0; i < planes; ++i) {
            const PlaneLimits limits = limits_of(answer.limits, i);
            own.planes[i].min_stride = limits.min_stride;
            own.planes[i].max_stride = limits.max_stride;
            own.planes[i].min_size = std::max(own.planes[i].min_size, limits.min_size);
        }
        own = solver::normal(own);
        for (const ConstraintKind kind : solver::limited(own))
            if (way.evidence.find(kind) == way.evidence.end())
                way.evidence[kind] = answer.evidence;
    }
}

/// Whether each use has a way with the format; the solver tells who lacks it.
bool all_take(const solver::ResolvedRequest& request, const std::vector<solver::UseInput>& uses) {
    return std::all_of(uses.begin(), uses.end(), [&](const solver::UseInput& use) {
        return std::any_of(
            use.alternatives.begin(), use.alternatives.end(), [&](const CapabilitySet& way) {
                return solver::takes_format(use, way, request.fourcc, Modifier::linear(), false);
            });
    });
}

Error nobody_says(const solver::ResolvedRequest& request) {
    return failure(Stage::request, Cause::invalid, 0, to_string(request.fourcc),
                   fmt::format("nobody says how many bytes an image of {}x{} takes", request.width,
                               request.height),
                   "name a V4L2 device that has the format and may be opened (a decoder tells on a "
                   "descriptor that has seen its stream), or say min_size for a use");
}

/// All that is asked and said of the uses.
bool afford(const std::vector<solver::UseInput>& uses, solver::Spending& spending) {
    solver::Extent extent;
    for (const solver::UseInput& use : uses)
        extent += solver::extent_of(use.alternatives);
    return spending.afford(extent.pairs * solver::cost::pair + 3 * extent.reading() +
                           extent.sets * solver::cost::text +
                           uses.size() * most_rounds * solver::cost::driver) &&
           spending.hold(extent.sets * held_for_evidence);
}

} // namespace

Result<void> ask_opaque_sizes(const solver::ResolvedRequest& request,
                              std::span<const DeviceUse> asked, std::vector<solver::UseInput>& uses,
                              solver::Spending& spending) {
    if (!solver::is_opaque(request.fourcc))
        return {};
    if (!afford(uses, spending))
        return failure(Stage::request, Cause::limit, 0, "uses",
                       "their alternatives are more than the budget of a plan allows",
                       "give the devices fewer, or the plan more budget "
                       "(AllocatorOptions::budget)");
    if (!all_take(request, uses))
        return {};
    Layout proposal;
    proposal.width = request.width;
    proposal.height = request.height;
    proposal.fourcc = request.fourcc;
    proposal.modifier = Modifier::linear();
    proposal.placement = Placement::per_plane;
    proposal.planes.emplace_back();
    proposal.dmabuf_sizes.push_back(0);
    for (const solver::UseInput& use : uses)
        for (const CapabilitySet& way : use.alternatives)
            raise(proposal, way.constraints);

    std::vector<Answer> answers;
    for (int round = 0; round < most_rounds; ++round) {
        auto said = ask(asked, proposal);
        if (!said)
            return std::move(said).error();
        answers = std::move(*said);
        const Layout before = proposal;
        for (const Answer& answer : answers)
            if (answer)
                raise(proposal, answer->limits);
        if (proposal == before)
            break;
    }
    if (proposal.planes.front().size == 0)
        return nobody_says(request);
    for (std::size_t i = 0; i < uses.size(); ++i)
        if (answers[i])
            set_limits(*answers[i], uses[i].alternatives);
    return {};
}

} // namespace simplealloc
