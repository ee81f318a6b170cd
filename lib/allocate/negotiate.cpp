// SPDX-License-Identifier: MIT
// Rounds of proposals and answers, bounded for drivers that never settle.
#include "lib/allocate/negotiate.hpp"
#include "lib/base/internal.hpp"

#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/v4l2/try_format.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/objection.hpp"
#include "lib/solver/solver.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

/// A V4L2 driver's stride rule is a function of the whole format, so it is asked again after each
/// change; three rounds are enough for drivers that only round up, and bound those that never
/// settle.
constexpr int max_format_rounds = 3;

/// What an answer of a driver does to the stride of its capability set.
enum class Answer { exact, least };

/// What a plane has apart from the others; of plane 0 it is where Constraints has it.
/// @{
template <typename Limits>
auto& least_stride(Limits& limits, std::size_t plane) {
    return plane == 0 ? limits.min_stride : limits.planes[plane].min_stride;
}
template <typename Limits>
auto& most_stride(Limits& limits, std::size_t plane) {
    return plane == 0 ? limits.max_stride : limits.planes[plane].max_stride;
}
template <typename Limits>
auto& least_size(Limits& limits, std::size_t plane) {
    return plane == 0 ? limits.min_size : limits.planes[plane].min_size;
}
/// @}

/// Folds what the driver makes of a plane into its limits. Returns whether the layout breaks them.
bool fold_plane(const FormatAnswer& answer, const Layout& layout, std::size_t plane, Answer kind,
                solver::CapabilitySet& set) {
    const Constraints& wanted = answer.limits;
    Constraints& limits = set.constraints;
    const std::uint64_t stride = layout.planes[plane].stride;
    const std::uint64_t least = least_stride(wanted, plane);
    const std::uint64_t most = most_stride(wanted, plane);
    bool changed = false;
    if (stride < least || stride > most) {
        least_stride(limits, plane) = least;
        // A driver that makes it shorter takes no padding.
        if (kind == Answer::exact || stride > most) {
            most_stride(limits, plane) = most;
            set.evidence[ConstraintKind::max_stride] = answer.evidence;
        }
        set.evidence[ConstraintKind::min_stride] = answer.evidence;
        changed = true;
    }
    if (const std::uint64_t size = least_size(wanted, plane); size > least_size(limits, plane)) {
        changed = changed || layout.dmabuf_sizes[layout.planes[plane].dmabuf] < size;
        least_size(limits, plane) = size;
        set.evidence[ConstraintKind::min_size] = answer.evidence;
    }
    return changed;
}

/// The same for all planes, and the lines that they are padded to.
bool fold(const FormatAnswer& answer, const Layout& layout, Answer kind,
          solver::CapabilitySet& set) {
    const Constraints& wanted = answer.limits;
    bool changed = false;
    for (std::size_t i = 0; i < std::min(layout.planes.size(), max_planes); ++i)
        changed = fold_plane(answer, layout, i, kind, set) || changed;
    if (set.constraints.height_align % wanted.height_align != 0) {
        // Of all multiples only this one; the driver knows better than a quirk.
        set.constraints.height_align = wanted.height_align;
        set.evidence[ConstraintKind::height_align] = answer.evidence;
        changed = true;
    }
    return changed;
}

/// Others have nothing to say of a layout.
bool asks_driver(const DeviceUse& use) {
    return Internal::data(use.device).v4l2.has_value();
}

/// What a round of answers did to the uses.
struct Answers {
    bool learned = false;             ///< a way of a use is given up, or its sizes are unknown
    std::vector<std::size_t> changed; ///< uses whose limits are others now
};

/// Asks every V4L2 use what it makes of the best layout, and folds answers that differ into its
/// capability set.
Answers negotiate(std::span<const DeviceUse> asked, const solver::Choice& best, Answer kind,
                  std::vector<solver::UseInput>& uses) {
    Answers answers;
    const Layout& layout = best.candidate.layout;
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const DeviceUse& use = asked[i];
        const std::size_t way = best.alternatives[i];
        const auto answer = try_format(Internal::data(use.device), use, layout);
        if (!answer) {
            log::line(LogLevel::debug, "plan: {}", answer.error().message());
            uses[i].refused[way] = {answer.error().detail, answer.error().remedy};
            answers.learned = true;
        } else if (answer->has_value()) {
            if (!(*answer)->sized && uses[i].unsized.insert(way).second)
                answers.learned = true;
            if (fold(**answer, layout, kind, uses[i].alternatives[way])) {
                log::line(LogLevel::debug, "plan: {} makes another layout of it", uses[i].party);
                answers.changed.push_back(i);
            }
        }
    }
    return answers;
}

/// Gives up the way of a use whose driver has other numbers each time, where the use has another
/// way.
bool drop_restless(const std::vector<std::size_t>& restless, const solver::Choice& best,
                   std::vector<solver::UseInput>& uses) {
    for (const std::size_t use : restless)
        if (uses[use].refused.size() + 1 < uses[use].alternatives.size()) {
            uses[use].refused[best.alternatives[use]] = {
                "never settles: it makes other strides or sizes of each layout", "another format"};
            return true;
        }
    return false;
}

/// `before`: the uses as they were before any answer, where there was one.
using Before = std::optional<std::vector<solver::UseInput>>;

/// False where it can't be afforded.
bool keep(const solver::Input& input, Before& before, solver::Spending& spending) {
    if (before)
        return true;
    const solver::Extent extent = solver::extent_of(input);
    if (!spending.afford(extent.copying()) || !spending.hold(extent.bytes))
        return false;
    before = input.uses;
    return true;
}

Result<Settled> settle(std::span<const DeviceUse> uses, Answer kind, solver::Input& input,
                       Before& before, solver::Spending& spending) {
    Settled settled;
    std::uint64_t held = 0;
    for (int round = 0;;) {
        spending.give_back(held);
        settled.output = {};
        held = spending.held();
        auto solved = solver::candidates(input, spending);
        if (!solved)
            return std::move(solved).error();
        held = spending.held() - held;
        settled.output = std::move(*solved);
        if (settled.output.choices.empty())
            return settled;
        if (std::ranges::none_of(uses, asks_driver))
            return settled;
        if (!spending.afford(uses.size() * solver::cost::driver) ||
            !keep(input, before, spending)) {
            settled.drivers_agree = false;
            return settled;
        }
        const solver::Choice& best = settled.output.choices.front();
        const Answers answers = negotiate(uses, best, kind, input.uses);
        if (!answers.learned && answers.changed.empty())
            return settled;
        settled.asked_again = true;
        // Of each way once, so that ends.
        if (answers.learned)
            continue;
        if (round++ < max_format_rounds)
            continue;
        if (!drop_restless(answers.changed, best, input.uses)) {
            settled.drivers_agree = false;
            return settled;
        }
        round = 0;
    }
}

} // namespace

/// An answer is taken as the only stride of the driver, so that every candidate has it. Where that
/// leaves nothing, a driver that only rounds up is given the next stride that suits the others.
Result<Settled> settle(std::span<const DeviceUse> uses, solver::Input input,
                       solver::Spending& spending) {
    Before before;
    auto settled = settle(uses, Answer::exact, input, before, spending);
    if (settled && settled->output.choices.empty() && settled->asked_again) {
        std::swap(input.uses, *before);
        auto rounded = settle(uses, Answer::least, input, before, spending);
        if (rounded && !rounded->output.choices.empty() && rounded->drivers_agree)
            settled = std::move(rounded);
        else
            std::swap(input.uses, *before);
    }
    if (settled)
        settled->input = std::move(input);
    return settled;
}

/// A use's only way is told by the objections of all sources.
void add_refused_ways(const solver::Input& input, std::vector<Rejection>& rejections) {
    for (const solver::UseInput& use : input.uses)
        for (const auto& [way, refused] : use.refused)
            if (use.alternatives.size() > 1)
                rejections.push_back(
                    {fmt::format("{} as {}", use.party, use.alternatives[way].label),
                     ConstraintKind::format,
                     fmt::format("{} {}", use.party, refused.reason),
                     {use.party},
                     solver::advice(refused.remedy)});
}

} // namespace simplealloc
