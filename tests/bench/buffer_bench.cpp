// SPDX-License-Identifier: MIT
// The library against the bare calls of the kernel, side by side on a real one.
//   buffer-bench [GOOGLE BENCHMARK OPTION…]   a table of ratios; fails when an aim is missed
//   buffer-bench --list                       the names of the pairs
//   buffer-bench --repeat N NAME bare|ours    one side N times, for strace to count its calls
#include "tests/bench/bare_calls.hpp"

#include <simplealloc/simplealloc.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::bench;

namespace {

/// What the library may do of its own where the kernel does so little that no ratio can hold; in
/// nanoseconds, which are instructions by the guest's clock. docs/cost.md says what they are.
constexpr double own_work = 4000;

/// A ratio to the bare calls; 0: there is none to be met.
struct Aim {
    double ratio = 0;
    double own_work = 0; ///< what makes a larger ratio a known miss, not a failure
};

struct Pair {
    std::string name;
    Aim aim;
    std::function<void()> bare;
    std::function<void()> ours;
};

template <typename T>
T value(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
    return *std::move(result);
}

struct Size {
    const char* name;
    RequestBuilder request;
};

std::vector<Size> sizes() {
    return {{"4KiB", Request::bytes(4096)},
            {"1080p-NV12", Request::image(1920, 1080, fourcc::nv12)},
            {"2160p-NV12", Request::image(3840, 2160, fourcc::nv12)}};
}

/// A plan with that source as its only candidate; nothing where it can't be.
std::optional<Plan> plan_for(const Allocator& allocator, RequestBuilder request,
                             const std::string& source) {
    request.any_device().zeroed(false);
    const Plan all = value(allocator.plan(request));
    for (const Candidate& candidate : all.candidates())
        if (candidate.source != source)
            request.without(candidate.source);
    Plan one = value(allocator.plan(request));
    if (one.candidates().size() != 1)
        return std::nullopt;
    return one;
}

/// `only` this pair, unless it is empty: strace stops each call that the others would make.
void add_allocations(const Allocator& allocator, std::string_view only, std::vector<Pair>& pairs) {
    for (const SourceInfo& source : value(allocator.sources()))
        for (const Size& size : sizes()) {
            if (!only.empty() && only != "allocate/" + source.name + "/" + size.name)
                continue;
            const auto plan = plan_for(allocator, size.request, source.name);
            if (!plan)
                continue;
            auto bare = bare_allocation(plan->candidates().front());
            if (!bare)
                continue;
            const auto prepared = std::make_shared<Prepared>(
                allocator.prepare(*plan, {.verify = false, .borrow_idle_queues = false}));
            // The host's device answers when it likes, and the guest's clock counts the wait.
            const bool waits = plan->candidates().front().driver == "virtio_gpu";
            pairs.push_back({"allocate/" + source.name + "/" + size.name,
                             waits ? Aim{} : Aim{1.05, own_work}, std::move(bare),
                             [prepared] { value(prepared->allocate()); }});
        }
}

void add_mapping(const Allocator& allocator, std::vector<Pair>& pairs) {
    constexpr std::size_t size = 4096;
    const auto plan = plan_for(allocator, Request::bytes(size), "dma-heap:system");
    if (!plan)
        return;
    const auto buffer = std::make_shared<Buffer>(value(allocator.allocate(*plan)));
    const auto bare = std::make_shared<BareMapping>(size);
    pairs.push_back({"map-and-sync",
                     {},
                     [bare] { bare->touch(); },
                     [buffer] {
                         auto mapping = value(buffer->map(Access::read_write));
                         mapping.bytes()[0] = std::byte{1};
                         if (auto done = mapping.finish(); !done)
                             throw std::runtime_error(done.error().message());
                     }});
}

/// Beside what a pool spares: making the memory anew each time.
void add_recycling(const Allocator& allocator, std::vector<Pair>& pairs) {
    const auto plan = plan_for(allocator, Request::bytes(4096), "dma-heap:system");
    if (!plan)
        return;
    for (const bool waits : {false, true}) {
        PoolOptions options;
        options.min_buffers = options.max_buffers = 4;
        options.wait_for_devices = waits;
        const auto pool = std::make_shared<Pool>(value(Pool::create(allocator, *plan, options)));
        pairs.push_back({waits ? "recycle-when-done" : "recycle", waits ? Aim{} : Aim{0.05},
                         bare_allocation(plan->candidates().front()),
                         [pool] { value(pool->try_acquire()); }});
    }
}

/// Adds the first device that can do it, where there is one.
void add_use(const Allocator& allocator, Use use, RequestBuilder& request) {
    for (const Device& listed : value(allocator.devices())) {
        if (listed.subsystem() != "drm")
            continue;
        RequestBuilder with = request;
        with.use(value(allocator.device(listed.path())), use);
        if (allocator.plan(with)) {
            request = std::move(with);
            return;
        }
    }
}

/// What a compositor asks all the time, of a card and a render node.
void add_questions(const Allocator& allocator, std::vector<Pair>& pairs) {
    RequestBuilder request = Request::image(640, 480, fourcc::xrgb8888);
    add_use(allocator, Use::scanout, request);
    add_use(allocator, Use::render, request);
    const Plan plan = value(allocator.plan(request));
    pairs.push_back({"plan", {}, enumerate_with_udev, [&allocator, request] {
                         value(allocator.plan(request));
                     }});
    pairs.push_back({"is-current", {}, enumerate_with_udev, [&allocator, plan] {
                         value(allocator.is_current(plan));
                     }});
    pairs.push_back(
        {"sources", {}, enumerate_with_udev, [&allocator] { value(allocator.sources()); }});
}

std::vector<Pair> make_pairs(const Allocator& allocator, std::string_view only) {
    std::vector<Pair> pairs;
    add_allocations(allocator, only, pairs);
    add_mapping(allocator, pairs);
    add_recycling(allocator, pairs);
    add_questions(allocator, pairs);
    pairs.push_back({"open", {}, enumerate_with_udev, [] { value(Allocator::open()); }});
    pairs.push_back({"open-and-list", {}, enumerate_with_udev, [] {
                         value(value(Allocator::open()).devices());
                     }});
    return pairs;
}

/// Keeps the best time of each side: whatever disturbs it makes it longer.
class Reporter : public benchmark::ConsoleReporter {
public:
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration)
                continue;
            double& best = times_[run.benchmark_name()];
            const double time = run.GetAdjustedRealTime();
            best = best == 0 ? time : std::min(best, time);
        }
    }
    [[nodiscard]] double time(const std::string& name) const {
        const auto found = times_.find(name);
        return found == times_.end() ? 0 : found->second;
    }

private:
    std::map<std::string, double> times_;
};

enum class Verdict { none, met, known, missed };

Verdict judge(const Aim& aim, double bare, double ours) {
    if (aim.ratio == 0)
        return Verdict::none;
    if (ours <= bare * aim.ratio)
        return Verdict::met;
    return ours - bare <= aim.own_work ? Verdict::known : Verdict::missed;
}

const char* text_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::met:
        return "met";
    case Verdict::known:
        return "missed as docs/cost.md says";
    case Verdict::missed:
        return "MISSED";
    case Verdict::none:
        break;
    }
    return "-";
}

/// Whether no aim was missed but those that are known to be.
bool print_ratios(const std::vector<Pair>& pairs, const Reporter& reporter) {
    bool good = true;
    std::printf("\n%-40s %12s %12s %7s %6s %s\n", "", "bare", "ours", "ratio", "aim", "verdict");
    for (const Pair& pair : pairs) {
        const double bare = reporter.time(pair.name + "/bare");
        const double ours = reporter.time(pair.name + "/ours");
        if (bare == 0 || ours == 0)
            continue;
        const Verdict verdict = judge(pair.aim, bare, ours);
        good = good && verdict != Verdict::missed;
        std::printf("%-40s %9.0f ns %9.0f ns %7.3f", pair.name.c_str(), bare, ours, ours / bare);
        std::printf(pair.aim.ratio != 0 ? " %6.2f" : "      -", pair.aim.ratio);
        std::printf(" %s\n", text_of(verdict));
    }
    return good;
}

int measure(int argc, char** argv, const std::vector<Pair>& pairs) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    const auto add = [](const std::string& name, const std::function<void()>& side) {
        benchmark::RegisterBenchmark(name.c_str(), [side](benchmark::State& state) {
            for (auto _ : state)
                side();
        });
    };
    for (const Pair& pair : pairs) {
        add(pair.name + "/bare", pair.bare);
        add(pair.name + "/ours", pair.ours);
    }
    Reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    return print_ratios(pairs, reporter) ? 0 : 1;
}

int repeat(const std::vector<Pair>& pairs, unsigned long count, std::string_view name,
           std::string_view side) {
    for (const Pair& pair : pairs) {
        if (pair.name != name)
            continue;
        for (unsigned long i = 0; i < count; ++i)
            (side == "bare" ? pair.bare : pair.ours)();
        return 0;
    }
    std::fputs("buffer-bench: no such pair\n", stderr);
    return 2;
}

int run(int argc, char** argv) {
    const Allocator allocator = value(Allocator::open());
    const std::string_view first = argc > 1 ? argv[1] : "";
    const bool repeats = first == "--repeat" && argc == 5;
    const std::vector<Pair> pairs = make_pairs(allocator, repeats ? argv[3] : "");
    if (repeats)
        return repeat(pairs, std::strtoul(argv[2], nullptr, 10), argv[3], argv[4]);
    if (first != "--list")
        return measure(argc, argv, pairs);
    for (const Pair& pair : pairs)
        std::puts(pair.name.c_str());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "buffer-bench: %s\n", error.what());
        return 1;
    }
}
