// SPDX-License-Identifier: MIT
// Thousands of allocations from every source: nothing grows.
#include "tests/kernel/census.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace simplealloc;

namespace {

constexpr int cycles = 10000;
/// Opening the source and test imports cost much more than the allocation.
constexpr int opened_cycles = 500;
constexpr int verified_cycles = 200;
/// So that caches of the C library and the kernel are as large as they get.
constexpr int warm_up = 200;
/// The C library gives memory back in larger pieces than a page.
constexpr std::uint64_t rss_slack = 256U << 10U;

/// Allocates, maps, writes, and frees.
template <typename Allocate>
void cycle(const std::string& source, int times, Allocate allocate) {
    for (int i = 0; i < times; ++i) {
        const auto buffer = allocate();
        if (!buffer || buffer->source() != source)
            FAIL(source << ", cycle " << i << ": "
                        << (buffer ? buffer->source() : buffer.error().message()));
        auto mapping = buffer->map(Access::write);
        if (!mapping)
            FAIL(source << ", cycle " << i << ": " << mapping.error().message());
        mapping->bytes().front() = std::byte{1};
    }
}

template <typename Allocate>
void check_cycles(const std::string& source, const char* how, int times, Allocate allocate) {
    INFO(source << ", " << how);
    cycle(source, std::min(times, warm_up), allocate);
    const guest::Census before;
    const std::uint64_t rss = guest::resident();
    const auto begin = std::chrono::steady_clock::now();
    cycle(source, times, allocate);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%s, %s: %d cycles in %.1f s\n", source.c_str(), how, times, took.count());
    std::fflush(stdout);
    CHECK(guest::settle(before) == before);
    CHECK(guest::resident() <= rss + rss_slack);
}

enum class Opening { each_time_too, once };

/// Every source that can serve the request on its own, in turn.
std::vector<std::string> check_sources(const Allocator& allocator, const Request& request,
                                       Opening opening = Opening::each_time_too) {
    const auto all = allocator.plan(request);
    REQUIRE(all);
    std::vector<std::string> sources;
    for (const Candidate& candidate : all->candidates())
        sources.push_back(candidate.source);
    for (const std::string& source : sources) {
        RequestBuilder alone(request);
        for (const std::string& other : sources)
            if (other != source)
                alone.without(other);
        const auto plan = allocator.plan(alone);
        REQUIRE(plan);
        AllocateOptions unverified;
        unverified.verify = false;
        if (opening == Opening::each_time_too) {
            check_cycles(source, "opened each time", opened_cycles,
                         [&] { return allocator.allocate(*plan, unverified); });
            check_cycles(source, "verified", verified_cycles,
                         [&] { return allocator.allocate(*plan); });
        }
        const Prepared prepared = allocator.prepare(*plan, unverified);
        check_cycles(source, "held open", cycles, [&] { return prepared.allocate(); });
    }
    return sources;
}

std::vector<std::string> check_display(std::vector<std::string> without,
                                       Opening opening = Opening::each_time_too) {
    AllocatorOptions options;
    options.without = std::move(without);
    auto allocator = Allocator::open(options);
    REQUIRE(allocator);
    const auto display = allocator->device(guest::card("vkms"));
    REQUIRE(display);
    return check_sources(
        *allocator,
        Request::image(32, 32, fourcc::xrgb8888).use(*display, Use::scanout).cpu(CpuAccess::write),
        opening);
}

bool has(const std::vector<std::string>& sources, const std::string& start) {
    return std::any_of(sources.begin(), sources.end(),
                       [&](const std::string& source) { return source.rfind(start, 0) == 0; });
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "thousands of buffers of every heap leave nothing",
                 "[cycles]") {
    const guest::Driver driver("simple_allocator");
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto sources = check_sources(*allocator, Request::bytes(4096).cpu(CpuAccess::write));
    CHECK(has(sources, "dma-heap:system"));
    CHECK(has(sources, "dma-heap:reserved"));
    CHECK(has(sources, "udmabuf"));
    CHECK(has(sources, "simple-allocator:"));
}

TEST_CASE_METHOD(guest::NothingLeft, "thousands of buffers of a display leave nothing",
                 "[cycles]") {
    CHECK(has(check_display({"dma-heap", "udmabuf", "gbm"}), "drm-dumb:"));
}

TEST_CASE_METHOD(guest::NothingLeft, "thousands of buffers of a user-space driver leave nothing",
                 "[cycles]") {
    // Opening loads Mesa's whole driver, which is not ours, each time.
    CHECK(has(check_display({"dma-heap", "udmabuf", "drm-dumb"}, Opening::once), "gbm:"));
}

TEST_CASE_METHOD(guest::NothingLeft, "thousands of buffers of a camera leave nothing", "[cycles]") {
    AllocatorOptions options;
    options.without = {"dma-heap", "udmabuf"};
    auto allocator = Allocator::open(options);
    REQUIRE(allocator);
    const VideoNode node(guest::video("vivid-000-vid-cap"));
    const auto camera = allocator->device(node.fd(), QueueAccess::lent);
    REQUIRE(camera);
    const auto sources = check_sources(*allocator, Request::image(320, 180, fourcc::xrgb8888)
                                                       .use(*camera, Use::capture)
                                                       .cpu(CpuAccess::write));
    CHECK(has(sources, "v4l2:"));
}
