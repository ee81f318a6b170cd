// SPDX-License-Identifier: MIT
// What strangers say can't make a plan cost more than its budget: bytes are counted as they are
// allocated, and plans are bred that cost as much as possible.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/hostile_plans.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <malloc.h>
#include <new>

namespace {

/// Of this thread, which is the only one.
std::size_t live_bytes = 0;
std::size_t most_bytes = 0;

void* counted(void* block) {
    if (block == nullptr)
        throw std::bad_alloc();
    live_bytes += malloc_usable_size(block);
    most_bytes = std::max(most_bytes, live_bytes);
    return block;
}

void give_back(void* block) noexcept {
    live_bytes -= malloc_usable_size(block);
    std::free(block); // NOLINT(cppcoreguidelines-no-malloc)
}

} // namespace

void* operator new(std::size_t size) {
    return counted(std::malloc(size)); // NOLINT(cppcoreguidelines-no-malloc)
}
// The one that does not throw would be AddressSanitizer's, whose blocks are not free()'s.
void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* block) noexcept {
    give_back(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
    give_back(block);
}

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

struct Cost {
    std::size_t bytes = 0; ///< most at a time
    double seconds = 0;    ///< of CPU
};

template <typename Action>
Cost cost_of(Action action) {
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    };
    most_bytes = live_bytes;
    const std::size_t before = live_bytes;
    const double start = now();
    action();
    return {most_bytes - before, now() - start};
}

/// The fake kernel's answers and the machine's own lists, which no stranger makes longer.
constexpr std::size_t of_machine = std::size_t{1} << 20U;

struct Machine : FakeMachine {
    Allocator allocator;
    Device card;

    explicit Machine(Budget budget = {})
        : FakeMachine({"system", "reserved"}), allocator(prepare(budget)),
          card(allocator.device("/dev/dri/card0").value()) {}

    Allocator prepare(Budget budget) {
        add_udmabuf(kernel);
        add_drm_card(kernel);
        AllocatorOptions options;
        options.budget = budget;
        return open_allocator(options);
    }
};

RequestBuilder request_of(const HostilePlan& plan, const Machine& machine) {
    RequestBuilder request = hostile_request(plan);
    for (std::uint64_t i = 0; i < 1 + plan.of(HostilePlan::uses, 200); ++i) {
        auto sets = hostile_sets(plan, i, request.fourcc);
        if (plan[HostilePlan::device] % 3 == 2) {
            request.use({machine.card, Use::scanout, std::move(sets)});
        } else {
            DeviceDescription npu;
            npu.name = "npu" + std::to_string(i);
            npu.alternatives = std::move(sets);
            request.use(Device::described(std::move(npu)), static_cast<Use>(i % 11));
        }
    }
    return request;
}

bool is_bound(const Result<Plan>& plan) {
    if (!plan)
        return plan.error().cause == Cause::limit || plan.error().cause == Cause::invalid ||
               plan.error().cause == Cause::unsupported;
    // Whatever is not decided says so, and is the conflict where nothing else is.
    const auto undecided = [](const Rejection& rejection) {
        return rejection.constraint == ConstraintKind::search_limit;
    };
    const bool all = std::ranges::none_of(plan->rejections(), undecided);
    return all || !plan->candidates().empty() ||
           plan->conflict().front().constraint == ConstraintKind::search_limit;
}

/// As many sets and modifiers as one message has, and as a megabyte between four.
HostilePlan message(std::uint32_t uses, std::uint32_t sets, std::uint32_t formats,
                    std::uint32_t modifiers, std::uint32_t fields, std::uint32_t style) {
    HostilePlan plan;
    plan.numbers[HostilePlan::uses] = uses - 1;
    plan.numbers[HostilePlan::sets] = sets - 1;
    plan.numbers[HostilePlan::formats] = formats;
    plan.numbers[HostilePlan::modifiers] = modifiers;
    plan.numbers[HostilePlan::fields] = fields;
    plan.numbers[HostilePlan::style] = style;
    return plan;
}

const std::array known_worst{
    message(1, 256, 1, 508, 0, 0),         message(4, 64, 1, 508, 0, 0),
    message(4, 4000, 0, 0, 0x1001, 1),     message(4, 300, 0, 0, 0x1001, 1),
    message(2, 256, 60, 8, 0xffffffff, 2),
};

} // namespace

TEST_CASE("the plans that are known to cost most stay within the default budget") {
    const Machine machine;
    for (const HostilePlan& plan : known_worst) {
        const RequestBuilder request = request_of(plan, machine);
        std::optional<Result<Plan>> answer;
        const Cost cost = cost_of([&] { answer = machine.allocator.plan(request); });
        CAPTURE(text_of(plan), cost.seconds);
        REQUIRE(is_bound(*answer));
        CHECK(cost.bytes <= Budget().bytes + of_machine);
        std::printf("%s: %zu KiB, %.0f ms\n", text_of(plan).c_str(), cost.bytes >> 10U,
                    cost.seconds * 1000);
    }
}

TEST_CASE("plans that are bred to cost much stay within a budget of any size") {
    const Budget budget{Budget().work / 10, Budget().bytes / 8};
    struct Bred {
        HostilePlan plan;
        double score = 0;
    };
    constexpr std::size_t uncounted = std::size_t{1} << 18U; // words in the making
    std::vector<Bred> best;
    Generator g(20261130);
    const int generations = 60;
    for (int i = 0; i < generations; ++i) {
        HostilePlan plan =
            best.size() < 4 ? mutated({}, g) : mutated(best[g.below(best.size())].plan, g);
        CAPTURE(text_of(plan));
        const solver::Input input = input_of(plan);
        std::uint64_t work = 0;
        const Cost cost = cost_of([&] { work = work_of(input, budget); });
        CAPTURE(work, cost.seconds);
        REQUIRE(work <= budget.work);
        CHECK(cost.bytes <= budget.bytes + uncounted);
        best.push_back({plan, static_cast<double>(work) + 8 * static_cast<double>(cost.bytes)});
        std::sort(best.begin(), best.end(),
                  [](const Bred& a, const Bred& b) { return a.score > b.score; });
        best.resize(std::min<std::size_t>(best.size(), 8));
    }
    CHECK(best.front().score > static_cast<double>(budget.work) / 2); // they do cost much
}
