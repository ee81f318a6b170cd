// SPDX-License-Identifier: MIT
// Plans that are as expensive as somebody can make them: each is a row of numbers, so that a search
// can change it and keep what costs more.
#pragma once

#include "lib/solver/explain/conflict.hpp"
#include "lib/solver/explain/relax.hpp"
#include "lib/solver/solver.hpp"
#include "tests/support/hostile.hpp"
#include "tests/support/solver_input.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc::test {

/// What strangers say of their devices, and what is asked for.
struct HostilePlan {
    enum Number : std::uint8_t {
        uses,
        sets,      ///< of each use
        formats,   ///< of each set
        modifiers, ///< of each format
        fields,    ///< bits of the fields that are limited
        style,     ///< what they are limited to
        variety,   ///< how many different values each has; 0: all differ
        exporters, ///< of each set
        text,      ///< bytes of each name
        shared,    ///< not 0: all sets have the same modifiers
        unnamed,   ///< not 0: linear without a modifier is taken, too
        wanted,    ///< in how many formats is the one that is asked for
        device,    ///< whose the uses are
        what,      ///< is asked for
        cpu,
        seed,
        count,
    };
    std::array<std::uint32_t, count> numbers = {};

    std::uint32_t operator[](Number number) const { return numbers[number]; }
    std::uint64_t of(Number number, std::uint64_t end) const { return numbers[number] % end; }
};

namespace detail {

constexpr std::uint64_t most_hostile_pairs = 160'000;

inline std::uint64_t hostile_number(const HostilePlan& plan, Generator& g, std::uint64_t place) {
    constexpr std::array<std::uint64_t, 4> awkward{2'971'215'073, 4'807'526'976, 7'778'742'049,
                                                   12'586'269'025}; // Fibonacci's
    const std::uint64_t variety = plan.of(HostilePlan::variety, 6000);
    const std::uint64_t number = variety == 0 ? place : place % variety;
    switch (plan.of(HostilePlan::style, 4)) {
    case 0:
        return 16ULL << number % 8;
    case 1:
        return 2 * (10'000 - number % 10'000) + 1;
    case 2:
        return awkward[number % awkward.size()];
    default:
        return absurd_number(g);
    }
}

inline Constraints hostile_constraints(const HostilePlan& plan, Generator& g, std::uint64_t place) {
    Constraints c;
    std::uint32_t bit = 0;
    const auto number = [&] { return hostile_number(plan, g, place); };
    const auto limit = [&](auto make, auto&... fields) {
        ((plan[HostilePlan::fields] >> bit++ % 32U & 1U ? void(fields = make()) : void()), ...);
    };
    limit(number, c.stride_align, c.stride_align_pixels, c.offset_align, c.size_align,
          c.address_align, c.width_align, c.height_align, c.min_stride, c.min_size, c.min_width,
          c.min_height, c.tail_padding);
    limit([&] { return no_limit - number(); }, c.max_stride, c.max_offset, c.max_size, c.max_width,
          c.max_height, c.max_segment_size, c.segment_boundary, c.max_buffers, c.max_address);
    limit([&] { return 20 + number(); }, c.max_segments);
    for (PlaneLimits& plane : c.planes) {
        limit(number, plane.stride_align, plane.offset_align, plane.min_stride);
        limit([&] { return no_limit - number(); }, plane.max_stride);
    }
    const std::string name(plan.of(HostilePlan::text, 1024), 'x');
    if (const std::uint64_t names = plan.of(HostilePlan::exporters, 65); names > 0) {
        c.exporters.emplace();
        for (std::uint64_t i = 0; i < names; ++i)
            c.exporters->push_back(name + std::to_string(i));
    }
    return c;
}

} // namespace detail

/// Of the use with that number.
inline std::vector<CapabilitySet> hostile_sets(const HostilePlan& plan, std::uint64_t use,
                                               Fourcc wanted) {
    using Number = HostilePlan::Number;
    const std::uint64_t uses = 1 + plan.of(Number::uses, 200);
    const std::uint64_t formats = plan.of(Number::formats, 65);
    const std::uint64_t modifiers = plan.of(Number::modifiers, 1025);
    const std::uint64_t pairs = uses * (1 + formats * (1 + modifiers));
    const std::uint64_t count =
        std::min(1 + plan.of(Number::sets, 4096), detail::most_hostile_pairs / pairs + 1);
    Generator g(plan[Number::seed] + use);
    std::vector<CapabilitySet> sets(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t place = use * count + i;
        CapabilitySet& set = sets[i];
        set.constraints = detail::hostile_constraints(plan, g, place);
        set.label.assign(plan.of(Number::text, 1024), 'l');
        for (std::uint64_t f = 0; f < formats; ++f) {
            FormatSupport format{f % (1 + plan.of(Number::wanted, 64)) == 0
                                     ? wanted
                                     : Fourcc(0x20202020U + static_cast<std::uint32_t>(f)),
                                 {},
                                 plan[Number::unnamed] % 2 != 0};
            const std::uint64_t first =
                plan[Number::shared] % 2 != 0 ? 1 : 1 + (place * formats + f) * modifiers;
            for (std::uint64_t m = 0; m < modifiers; ++m)
                format.modifiers.push_back(first + m);
            set.formats.push_back(std::move(format));
        }
    }
    return sets;
}

inline RequestBuilder hostile_request(const HostilePlan& plan) {
    const std::uint32_t what = plan[HostilePlan::what];
    const std::array codes{fourcc::nv12, fourcc::xrgb8888, fourcc::yuv420, fourcc::r8};
    RequestBuilder request = what % 7 == 6
                                 ? Request::bytes(1 + plan[HostilePlan::seed])
                                 : Request::image(640 + what % 11 * 1000, 480, codes[what % 4]);
    request.cpu(static_cast<CpuAccess>(plan.of(HostilePlan::cpu, 4)));
    request.strict(what % 5 == 4);
    return request;
}

/// On a machine whose GPU lays images out itself.
inline solver::Input input_of(const HostilePlan& plan) {
    solver::Input input;
    input.request = solver::resolved(hostile_request(plan));
    for (std::uint64_t i = 0; i < 1 + plan.of(HostilePlan::uses, 200); ++i) {
        const std::string device = plan[HostilePlan::device] % 2 == 0 ? "gpu" : "npu";
        input.uses.push_back(use(device + std::to_string(i), device, static_cast<Use>(i % 11)));
        input.uses.back().alternatives = hostile_sets(plan, i, input.request.fourcc);
    }
    auto gpu = source("gbm:renderD128", solver::OfferContiguity::scattered);
    gpu.offer.device = "gpu";
    gpu.offer.own_layout = true;
    input.sources = {system_heap(), cma_heap(), udmabuf(), dumb("card0", "display"), gpu};
    return input;
}

/// All that is done for a plan, that of what nothing serves too.
[[gnu::noinline]] inline std::uint64_t work_of(const solver::Input& input, Budget budget) {
    solver::Spending spending(budget);
    const auto output = solver::candidates(input, spending);
    if (!output || !output->choices.empty() || output->undecided)
        return spending.work();
    const solver::Core core = solver::find_core(input, spending);
    (void)solver::conflict_of(input, core, spending);
    const solver::Extent extent = solver::extent_of(input);
    const auto replan = [&](const solver::Relaxed& relaxed) -> std::optional<solver::Output> {
        const solver::Spending::Memory memory(spending);
        if (!spending.afford(extent.copying()) || !spending.hold(extent.bytes))
            return std::nullopt;
        solver::Input less = input;
        less.request = relaxed.request;
        auto again = solver::candidates(less, spending);
        return again ? std::optional(std::move(*again)) : std::nullopt;
    };
    (void)solver::relaxations(input, core, {}, replan, spending);
    return spending.work();
}

/// Something of each number that counts: none, few, many, or another one turned a little.
inline HostilePlan mutated(HostilePlan plan, Generator& g) {
    for (std::uint64_t i = 1 + g.below(3); i > 0; --i) {
        std::uint32_t& number = plan.numbers[g.below(HostilePlan::count)];
        const auto any = static_cast<std::uint32_t>(g.next());
        number = g.pick<std::uint32_t>({0, 1, 2, 3, 4, any % 16, any % 300, any % 5000, any,
                                        number * 2, number / 2, number + 1, ~number});
    }
    return plan;
}

/// The most expensive ones of some minutes of breeding, by the processor's time.
inline constexpr std::array<HostilePlan, 4> bred_plans{{
    {{1208151428, 3724114138U, 5, 0, 2356, 0, 43, 3191929744U, 3, 2, 0, 0, 14, 2439562705U, 14, 3}},
    {{4294967295U, 4294967295U, 5, 139, 2, 0, 93, 63, 3, 2, 0, 0, 269, 2439562705U, 14, 1}},
    {{2147483647, 4294967295U, 4, 139, 2356, 3833622705U, 93, 3191929744U, 0, 2, 0, 11, 269,
      2439562705U, 14, 4294967294U}},
    {{2424, 4437, 243, 0, 0, 0, 3377087819U, 0, 3819, 3, 0, 0, 1, 0, 3, 0}},
}};

inline std::string text_of(const HostilePlan& plan) {
    std::string text;
    for (const std::uint32_t number : plan.numbers)
        text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

} // namespace simplealloc::test
