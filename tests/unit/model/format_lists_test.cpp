// SPDX-License-Identifier: MIT
// Lists of Wayland, EGL and Vulkan as capability sets.
#include <simplealloc/format_lists.hpp>

#include "tests/support/catch.hpp"

#include <cstring>
#include <sys/sysmacros.h>

using namespace simplealloc;
using Formats = std::vector<FormatSupport>;

namespace {

constexpr std::uint64_t linear = 0;
constexpr std::uint64_t tiled = 0x0100000000000001;
constexpr std::uint64_t compressed = 0x0100000000000004;
constexpr std::uint64_t no_modifier = Modifier::implicit().value;

std::vector<std::byte> table(const std::vector<std::pair<Fourcc, std::uint64_t>>& pairs) {
    std::vector<std::byte> bytes(pairs.size() * 16, std::byte{0xee}); // padding is not looked at
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        std::memcpy(&bytes[i * 16], &pairs[i].first.value, 4);
        std::memcpy(&bytes[i * 16 + 8], &pairs[i].second, 8);
    }
    return bytes;
}

} // namespace

TEST_CASE("each tranche of dmabuf feedback is an alternative, in their order") {
    const auto pairs = table({{fourcc::xrgb8888, compressed},
                              {fourcc::xrgb8888, linear},
                              {fourcc::xrgb8888, no_modifier},
                              {fourcc::nv12, no_modifier},
                              {fourcc::argb8888, tiled}});
    DmabufFeedback feedback;
    feedback.table = pairs;
    feedback.main_device = makedev(226, 128);
    feedback.tranches = {{makedev(226, 0), true, {1, 0}},
                         {makedev(226, 1), true, {}},
                         {makedev(226, 128), false, {0, 4, 1, 2, 3, 0}}};
    const auto sets = from_dmabuf_feedback(feedback);
    REQUIRE(sets);
    REQUIRE(sets->size() == 2); // the empty one would take everything
    CHECK((*sets)[0].label == "scanout 226:0");
    CHECK((*sets)[0].formats == Formats{{fourcc::xrgb8888, {linear, compressed}, false}});
    CHECK((*sets)[1].label == "226:128");
    CHECK((*sets)[1].formats == Formats{{fourcc::xrgb8888, {compressed, linear}, true},
                                        {fourcc::argb8888, {tiled}, false},
                                        {fourcc::nv12, {}, true}});
    CHECK((*sets)[0].evidence.at(ConstraintKind::format) ==
          Evidence{Confidence::known, "dmabuf feedback for scanout 226:0, main device 226:128"});
    CHECK((*sets)[0].constraints == Constraints{});
}

TEST_CASE("feedback whose indices or table make no sense is refused") {
    const auto pairs = table({{fourcc::xrgb8888, linear}});
    DmabufFeedback feedback;
    feedback.table = pairs;
    feedback.tranches = {{0, false, {0, 1}}};
    const auto outside = from_dmabuf_feedback(feedback);
    REQUIRE_FALSE(outside);
    CHECK(outside.error().cause == Cause::invalid);
    CHECK_THAT(outside.error().detail, Catch::Matchers::Contains("index 1"));
    feedback.tranches.clear();
    feedback.table = feedback.table.first(15);
    CHECK_FALSE(from_dmabuf_feedback(feedback));
    feedback.table = {};
    const auto empty = from_dmabuf_feedback(feedback);
    REQUIRE(empty);
    CHECK(empty->empty());
}

TEST_CASE("EGL's external-only modifiers are for external textures alone") {
    const EglFormat formats[] = {
        {fourcc::xrgb8888, {{tiled, false}, {linear, true}, {tiled, false}}},
        {fourcc::nv12, {{linear, true}}},
        {fourcc::rgb565, {}},
    };
    const auto texture = from_egl(formats, false);
    REQUIRE(texture.size() == 1);
    CHECK(texture[0].formats ==
          Formats{{fourcc::xrgb8888, {tiled}, false}, {fourcc::rgb565, {}, true}});
    const auto external = from_egl(formats, true);
    REQUIRE(external.size() == 1);
    CHECK(external[0].formats == Formats{{fourcc::xrgb8888, {tiled, linear}, false},
                                         {fourcc::nv12, {linear}, false},
                                         {fourcc::rgb565, {}, true}});
    CHECK(from_egl(std::span(formats).subspan(1, 1), false).empty());
}

TEST_CASE("Vulkan's modifiers need all features, and planes in one dma-buf unless disjoint") {
    constexpr std::uint64_t sampled = 1;
    constexpr std::uint64_t drawn = 0x80;
    constexpr std::uint64_t disjoint = 0x00400000;
    const VulkanFormat formats[] = {
        {fourcc::xrgb8888,
         {{compressed, 2, sampled | drawn}, {tiled, 1, sampled | drawn}, {linear, 1, sampled}}},
        {fourcc::nv12, {{linear, 2, sampled | drawn | disjoint}, {tiled, 5, sampled | drawn}}},
    };
    const auto sets = from_vulkan(formats, sampled | drawn);
    REQUIRE(sets.size() == 2);
    CHECK(sets[0].constraints == Constraints{});
    CHECK(sets[0].formats ==
          Formats{{fourcc::xrgb8888, {tiled}, false}, {fourcc::nv12, {linear}, false}});
    CHECK(sets[1].formats == Formats{{fourcc::xrgb8888, {compressed}, false}});
    CHECK_FALSE(sets[1].constraints.placements.has(Placement::per_plane));
    CHECK(sets[1].constraints.placements.has(Placement::single));
    CHECK(sets[1].evidence.count(ConstraintKind::placement) == 1);
    CHECK(from_vulkan(formats, 1ULL << 40U).empty());
}
