// SPDX-License-Identifier: MIT
// What an Allocator counts: who gave what, what failed and why, and what lives.
#include "lib/policy/counters.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <thread>

using namespace simplealloc;

namespace {

using test::mebibyte;
using test::open_allocator;
using Machine = test::HeapMachine;
using Failures = std::map<Cause, std::uint64_t>;

/// For the CPU alone: the heap serves it, then udmabuf.
RequestBuilder request(std::uint64_t mebibytes) {
    return test::mebibytes_request(mebibytes);
}

} // namespace

TEST_CASE("nothing is counted before there is anything") {
    Machine machine;
    const Allocator allocator = open_allocator();
    CHECK(allocator.stats().sources.empty());
    CHECK(allocator.stats().total.allocations == 0);
    // Nor by a plan.
    REQUIRE(allocator.plan(request(1)));
    CHECK(allocator.stats().sources.empty());
}

TEST_CASE("bytes and buffers live and die, and the peak stays") {
    Machine machine;
    const Allocator allocator = open_allocator();
    {
        const auto first = allocator.allocate(request(1));
        const auto second = allocator.allocate(request(2));
        REQUIRE(first);
        REQUIRE(second);
        const Stats stats = allocator.stats();
        REQUIRE(stats.sources.size() == 1);
        CHECK(stats.sources[0].source == "dma-heap:system");
        CHECK(stats.sources[0].bytes == 3 * mebibyte);
        CHECK(stats.sources[0].buffers == 2);
    }
    auto third = allocator.allocate(request(1));
    REQUIRE(third);
    for (const SourceStats& stats : {allocator.stats().sources[0], allocator.stats().total}) {
        CHECK(stats.bytes == mebibyte);
        CHECK(stats.peak_bytes == 3 * mebibyte);
        CHECK(stats.buffers == 1);
        CHECK(stats.peak_buffers == 2);
        CHECK(stats.allocations == 3);
        CHECK(stats.fallbacks == 0);
        CHECK(stats.failures.empty());
    }
    CHECK(allocator.stats().total.source.empty());
    (void)third->release();
    CHECK(allocator.stats().total.buffers == 0);
}

TEST_CASE(
    "a source that serves after another failed is a fallback, and the failure has its cause") {
    Machine machine;
    machine.system->pool->capacity = 3 * mebibyte;
    const Allocator allocator = open_allocator();
    const auto first = allocator.allocate(request(2));
    const auto second = allocator.allocate(request(2));
    REQUIRE(second);
    const Stats stats = allocator.stats();
    REQUIRE(stats.sources.size() == 2);
    CHECK(stats.sources[0].source == "dma-heap:system");
    CHECK(stats.sources[0].failures == Failures{{Cause::exhausted, 1}});
    CHECK(stats.sources[0].fallbacks == 0);
    CHECK(stats.sources[1].source == "udmabuf");
    CHECK(stats.sources[1].fallbacks == 1);
    CHECK(stats.total.fallbacks == 1);
    CHECK(stats.total.peak_bytes == 4 * mebibyte);
    // The allocation itself did not fail.
    CHECK(stats.total.failures.empty());
}

TEST_CASE("an allocation that fails is counted once in all, and once for each source") {
    Machine machine;
    machine.system->pool->capacity = 0;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(request(1));
    REQUIRE(plan);
    machine.kernel.fail("memfd", 0, EMFILE);
    CHECK_FALSE(allocator.allocate(*plan));
    CHECK_FALSE(allocator.allocate(request(1).without("dma-heap").without("udmabuf")));
    const Stats stats = allocator.stats();
    REQUIRE(stats.sources.size() == 2);
    CHECK(stats.sources[0].failures == Failures{{Cause::exhausted, 1}});
    CHECK(stats.sources[1].failures == Failures{{Cause::fd_limit, 1}});
    CHECK(stats.total.failures == Failures{{Cause::fd_limit, 1}, {Cause::unsatisfiable, 1}});
    CHECK(stats.total.peak_buffers == 0);
}

TEST_CASE("test imports are counted as passed, refused and untested") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Device picky = test::described("npu", {}, [](const Buffer& buffer) -> Result<void> {
        Error error;
        error.cause = Cause::refused;
        if (buffer.source() == "dma-heap:system")
            return error;
        return {};
    });
    const auto buffer =
        allocator.allocate(request(1).use(picky, Use::read).use(test::described("dsp"), Use::read));
    REQUIRE(buffer);
    const Stats stats = allocator.stats();
    REQUIRE(stats.sources.size() == 2);
    CHECK(stats.sources[0].imports_refused == 1);
    CHECK(stats.sources[0].imports_untested == 1);
    CHECK(stats.sources[0].failures == Failures{{Cause::refused, 1}});
    // A buffer that was refused was never handed out.
    CHECK(stats.sources[0].allocations == 0);
    CHECK(stats.sources[0].peak_bytes == 0);
    CHECK(stats.sources[1].imports_passed == 1);
    CHECK(stats.total.imports_untested == 2);
}

TEST_CASE("an adopted buffer is counted nowhere") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto own = allocator.allocate(request(1));
    REQUIRE(own);
    ForeignBuffer foreign;
    foreign.dmabufs = {own->dmabufs()[0].fd};
    foreign.layout = own->layout();
    const auto adopted = allocator.adopt(foreign);
    REQUIRE(adopted);
    CHECK(allocator.stats().total.buffers == 1);
}

TEST_CASE("buffers of pools count, and may die after the allocator") {
    Machine machine;
    std::optional<Allocator> allocator = open_allocator();
    PoolOptions options;
    options.min_buffers = options.max_buffers = 3;
    auto pool = Pool::create(*allocator, request(1), options);
    REQUIRE(pool);
    CHECK(allocator->stats().total.buffers == 3);
    auto slot = pool->try_acquire();
    REQUIRE(slot);
    slot->release();
    CHECK(allocator->stats().total.allocations == 3);
    CHECK(pool->trim(1) == 2);
    CHECK(allocator->stats().total.buffers == 1);
    allocator.reset();
    CHECK(pool->trim(0) == 1);
}

TEST_CASE("threads lose no count", "[threads]") {
    Counters counters;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (unsigned round = 0; round < 5000; ++round) {
                counters.born(3, round % 2 == 0);
                counters.failed(Cause::exhausted);
                counters.died(3);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    const SourceStats stats = counters.read();
    CHECK(stats.bytes == 0);
    CHECK(stats.buffers == 0);
    CHECK(stats.peak_buffers >= 1);
    CHECK(stats.peak_buffers <= 4);
    CHECK(stats.peak_bytes >= 3);
    CHECK(stats.peak_bytes <= 12);
    CHECK(stats.allocations == 20000);
    CHECK(stats.fallbacks == 10000);
    CHECK(stats.failures == Failures{{Cause::exhausted, 20000}});
}
