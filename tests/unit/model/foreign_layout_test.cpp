// SPDX-License-Identifier: MIT
// A layout that somebody else describes: what is filled in, and what can't be.
#include "lib/model/foreign_layout.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/constraints.hpp>

#include <functional>
#include <string>

using namespace simplealloc;
using namespace simplealloc::solver;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint64_t tiled = 0x0100000000000001; // I915_FORMAT_MOD_X_TILED

Layout picture() {
    Layout layout;
    layout.width = 64;
    layout.height = 16;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = Modifier::linear();
    layout.planes = {{0, 0, 256, 4096}};
    layout.dmabuf_sizes = {4096};
    return layout;
}

Layout plain() {
    Layout layout;
    layout.planes = {{0, 0, 0, 4096}};
    layout.dmabuf_sizes = {4096};
    return layout;
}

/// 64x16 pixels, luma and chroma at these offsets.
Layout nv12(std::uint64_t luma, std::uint64_t chroma) {
    Layout layout = picture();
    layout.fourcc = fourcc::nv12;
    layout.planes = {{0, luma, 64, 1024}, {0, chroma, 64, 512}};
    return layout;
}

Layout changed(Layout layout, const std::function<void(Layout&)>& change) {
    change(layout);
    return layout;
}

} // namespace

TEST_CASE("what can't be a layout is refused, and said with its numbers") {
    struct Bad {
        Layout layout;
        std::string detail;
    };
    const std::vector<Bad> all{
        {changed(plain(), [](Layout& l) { l.modifier = Modifier::named(tiled); }),
         "plain bytes have no modifier"},
        {changed(plain(), [](Layout& l) { l.width = 1; }), "plain bytes have neither width"},
        {changed(plain(), [](Layout& l) { l.height = 1; }), "plain bytes have neither width"},
        {changed(plain(), [](Layout& l) { l.planes[0].stride = 1; }), "nor stride"},
        {changed(picture(), [](Layout& l) { l.width = 0; }), "an image of 0x16 pixels"},
        {changed(picture(), [](Layout& l) { l.height = 0; }), "an image of 64x0 pixels"},
        {changed(picture(), [](Layout& l) { l.planes.clear(); }), "0 planes, it takes 1 to 4"},
        {changed(picture(), [](Layout& l) { l.planes.resize(5); }), "5 planes, it takes 1 to 4"},
        {changed(picture(), [](Layout& l) { l.planes[0].dmabuf = 1; }),
         "a plane in dma-buf 1, of 1"},
        {changed(picture(),
                 [](Layout& l) {
                     l.planes[0].size = 0;
                     l.planes[0].stride = no_limit / 2;
                 }),
         "plane 0 has lines of 9223372036854775807 bytes"},
        {changed(picture(),
                 [](Layout& l) {
                     l.modifier = Modifier::named(tiled);
                     l.planes[0] = {0, 4096, 256, 0};
                 }),
         "plane 0 has no bytes at offset 4096"},
        {changed(picture(),
                 [](Layout& l) {
                     l.planes[0] = {0, 0, 0, 0};
                 }),
         "plane 0 has no bytes at offset 0"},
    };
    for (const Bad& bad : all) {
        CAPTURE(bad.detail);
        Layout layout = bad.layout;
        const auto done = complete(layout);
        REQUIRE_FALSE(done);
        CHECK(done.error().cause == Cause::invalid);
        CHECK(done.error().object == "layout");
        CHECK_THAT(done.error().detail, Contains(bad.detail));
    }
}

TEST_CASE("planes of one dma-buf lie packed only where a device that counts lines finds them") {
    Layout packed = nv12(0, 1024);
    REQUIRE(complete(packed));
    CHECK(packed.placement == Placement::packed);
    Layout chroma_first = nv12(512, 0);
    REQUIRE(complete(chroma_first));
    CHECK(chroma_first.placement == Placement::single);
    Layout overlapping = nv12(256, 0);
    CHECK_THAT(complete(overlapping).error().detail, Contains("planes 0 and 1 overlap"));
}

TEST_CASE("planes that lie beside each other in each line don't overlap") {
    Layout layout = picture();
    layout.width = 64;
    layout.height = 32;
    layout.fourcc = fourcc::yuv420;
    // Y, then lines of 32 bytes of U and 32 bytes of V.
    layout.planes = {{0, 0, 64, 0}, {0, 2048, 64, 0}, {0, 2080, 64, 0}};
    layout.dmabuf_sizes = {3072};
    SECTION("U before V") {}
    SECTION("V before U") {
        std::swap(layout.planes[1].offset, layout.planes[2].offset);
    }
    const auto done = complete(layout);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done);
    CHECK(layout.placement == Placement::single);
    // The last line ends with its pixels.
    CHECK(layout.planes[0].size == 2048);
    CHECK(layout.planes[1].size == 15 * 64 + 32);
    CHECK(layout.planes[2].size == 15 * 64 + 32);
    CHECK(complete(layout)); // as it is said now
}

TEST_CASE("chroma beside the luma of each line doesn't overlap with it, if it fits") {
    Layout layout = picture();
    layout.width = 64;
    layout.height = 32;
    layout.fourcc = fourcc::nv12;
    layout.planes = {{0, 0, 128, 0}, {0, 64, 128, 0}};
    layout.dmabuf_sizes = {32 * 128};
    REQUIRE(complete(layout));
    layout.planes = {{0, 0, 128, 0}, {0, 62, 128, 0}};
    CHECK_THAT(complete(layout).error().detail, Contains("planes 0 and 1 overlap"));
    layout.planes = {{0, 0, 128, 0}, {0, 66, 128, 0}};
    CHECK_THAT(complete(layout).error().detail, Contains("planes 0 and 1 overlap"));
    layout.planes = {{0, 0, 128, 0}, {0, 64, 192, 0}};
    layout.dmabuf_sizes = {8192};
    CHECK_THAT(complete(layout).error().detail, Contains("planes 0 and 1 overlap"));
    // A last line that is not there.
    layout.planes = {{0, 0, 128, 0}, {0, 64, 128, 15 * 128}};
    layout.dmabuf_sizes = {32 * 128};
    CHECK_THAT(complete(layout).error().detail, Contains("16 are needed"));
}

TEST_CASE("a plane of tiles ends where the next one of its own dma-buf begins") {
    Layout layout = picture();
    layout.modifier = Modifier::named(tiled);
    layout.planes = {{0, 0, 256, 0}, {1, 1024, 64, 0}};
    layout.dmabuf_sizes = {4096, 8192};
    REQUIRE(complete(layout));
    CHECK(layout.planes[0].size == 4096);
    CHECK(layout.planes[1].size == 8192 - 1024);
    CHECK(layout.placement == Placement::per_plane);

    layout.planes = {{0, 0, 256, 0}, {0, 1024, 64, 0}};
    layout.dmabuf_sizes = {4096};
    REQUIRE(complete(layout));
    CHECK(layout.planes[0].size == 1024);
    CHECK(layout.planes[1].size == 3072);
    CHECK(layout.placement == Placement::single);
}

TEST_CASE("an image whose modifier nobody says is known to its device alone") {
    Layout layout = picture();
    layout.modifier = Layout().modifier;
    REQUIRE(complete(layout));
    CHECK(layout.modifier == Modifier::implicit());
    // Nothing is known of lines that would be too short in a linear one.
    layout.planes[0].stride = 64;
    CHECK(complete(layout));
    layout.fourcc = Fourcc::parse("R8").value();
    CHECK(complete(layout));
    CHECK_FALSE(layout.modifier.is_linear());
}

TEST_CASE("what has no modifier is linear without one") {
    Layout bytes;
    bytes.planes = {{0, 0, 0, 4096}};
    bytes.dmabuf_sizes = {4096};
    REQUIRE(complete(bytes));
    CHECK(bytes.modifier == Modifier::linear());
    Layout bitstream = picture();
    bitstream.modifier = Modifier::implicit();
    bitstream.fourcc = Fourcc::parse("v4l2:H264").value();
    bitstream.planes = {{0, 0, 0, 4096}};
    REQUIRE(complete(bitstream));
    CHECK(bitstream.modifier == Modifier::linear());
}

TEST_CASE("an opaque image has any planes, strides and sizes, and no modifier") {
    Layout tiles = picture();
    tiles.fourcc = Fourcc::parse("v4l2:MM21").value();
    tiles.planes = {{0, 0, 64, 2048}, {1, 0, 64, 0}};
    tiles.dmabuf_sizes = {4096, 4096};
    const Layout given = tiles;
    REQUIRE(complete(tiles));
    CHECK(tiles.placement == Placement::per_plane);
    CHECK(tiles.planes[0] == given.planes[0]);
    CHECK(tiles.planes[1].size == 4096); // nothing else is known of it
    Layout bitstream = picture();
    bitstream.fourcc = Fourcc::parse("v4l2:H264").value();
    bitstream.planes = {{0, 0, 0, 4096}};
    CHECK(complete(bitstream));

    Layout named = given;
    named.modifier = Modifier::named(tiled);
    const auto refused = complete(named);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().detail, Contains("v4l2:MM21 has no modifier"));
    Layout beyond = given;
    beyond.planes[0].size = 5000;
    CHECK_FALSE(complete(beyond));
}
