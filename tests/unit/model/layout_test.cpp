// SPDX-License-Identifier: MIT
// Layouts of every format, at odd sizes, under every constraint, and the check of a real one.
#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/catch.hpp"

#include <functional>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

constexpr std::uint64_t page = 4096;
constexpr auto all_placements = {Placement::packed, Placement::single, Placement::per_plane};

const std::vector<Fourcc>& image_formats() {
    static const std::vector<Fourcc> images = [] {
        std::vector<Fourcc> codes;
        for (const FormatInfo& format : formats())
            if (format.fourcc != fourcc::bytes)
                codes.push_back(format.fourcc);
        return codes;
    }();
    return images;
}

Result<Layout> lay(Fourcc format, std::uint32_t width, std::uint32_t height,
                   const Constraints& c = {}, Placement placement = Placement::packed) {
    return make_layout(format, Modifier::linear(), width, height, 0, placement, c, page);
}

struct Expected {
    Fourcc format;
    std::vector<std::uint64_t> strides;
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> sizes;
};

void compare(const Layout& layout, const Expected& expected) {
    CAPTURE(to_string(expected.format));
    REQUIRE(layout.planes.size() == expected.strides.size());
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        CAPTURE(i);
        CHECK(layout.planes[i].stride == expected.strides[i]);
        CHECK(layout.planes[i].offset == expected.offsets[i]);
        CHECK(layout.planes[i].size == expected.sizes[i]);
    }
}

std::string failed_at(const Result<Layout>& layout) {
    return layout ? "" : layout.error().object;
}

} // namespace

TEST_CASE("packed layouts of even images are those of V4L2's single-planar API") {
    // 640x480
    const std::vector<Expected> table{
        {fourcc::xrgb8888, {2560}, {0}, {1228800}},
        {fourcc::rgb565, {1280}, {0}, {614400}},
        {Fourcc{'R', 'G', '2', '4'}, {1920}, {0}, {921600}},
        {fourcc::yuyv, {1280}, {0}, {614400}},
        {fourcc::nv12, {640, 640}, {0, 307200}, {307200, 153600}},
        {fourcc::nv16, {640, 640}, {0, 307200}, {307200, 307200}},
        {fourcc::p010, {1280, 1280}, {0, 614400}, {614400, 307200}},
        {fourcc::yuv420, {640, 320, 320}, {0, 307200, 384000}, {307200, 76800, 76800}},
        {fourcc::yuv422, {640, 320, 320}, {0, 307200, 460800}, {307200, 153600, 153600}},
    };
    for (const Expected& expected : table) {
        const auto layout = lay(expected.format, 640, 480);
        REQUIRE(layout);
        compare(*layout, expected);
        CHECK(layout->dmabuf_sizes.size() == 1);
    }
}

TEST_CASE("odd images round chroma up, and packed strides so that chroma follows") {
    // 5x3
    const std::vector<Expected> table{
        {fourcc::xrgb8888, {20}, {0}, {60}},
        {fourcc::argb8888, {20}, {0}, {60}},
        {Fourcc{'X', 'B', '2', '4'}, {20}, {0}, {60}},
        {Fourcc{'A', 'B', '2', '4'}, {20}, {0}, {60}},
        {fourcc::xrgb2101010, {20}, {0}, {60}},
        {Fourcc{'R', 'G', '2', '4'}, {15}, {0}, {45}},
        {Fourcc{'B', 'G', '2', '4'}, {15}, {0}, {45}},
        {fourcc::rgb565, {10}, {0}, {30}},
        {Fourcc{'G', 'R', '8', '8'}, {10}, {0}, {30}},
        {Fourcc{'R', '8', ' ', ' '}, {5}, {0}, {15}},
        {fourcc::yuyv, {12}, {0}, {36}},
        {fourcc::uyvy, {12}, {0}, {36}},
        {fourcc::nv12, {6, 6}, {0, 18}, {18, 12}},
        {fourcc::nv21, {6, 6}, {0, 18}, {18, 12}},
        {fourcc::nv16, {6, 6}, {0, 18}, {18, 18}},
        {fourcc::p010, {12, 12}, {0, 36}, {36, 24}},
        {fourcc::yuv420, {6, 3, 3}, {0, 18, 24}, {18, 6, 6}},
        {fourcc::yvu420, {6, 3, 3}, {0, 18, 24}, {18, 6, 6}},
        {fourcc::yuv422, {6, 3, 3}, {0, 18, 27}, {18, 9, 9}},
    };
    for (const Expected& expected : table) {
        const auto layout = lay(expected.format, 5, 3);
        REQUIRE(layout);
        compare(*layout, expected);
        CHECK(layout->dmabuf_sizes == std::vector<std::uint64_t>{page});
    }
}

TEST_CASE("planes of a single dma-buf have their own strides and aligned offsets") {
    Constraints c;
    c.stride_align = 64;
    c.offset_align = 1000;
    const auto layout = lay(fourcc::yuv420, 640, 3, c, Placement::single);
    REQUIRE(layout);
    compare(*layout, {fourcc::yuv420, {640, 320, 320}, {0, 2000, 3000}, {1920, 640, 640}});
}

TEST_CASE("a dma-buf per plane starts each plane at byte 0") {
    Constraints c;
    c.tail_padding = 1;
    c.min_size = 3 * page;
    const auto layout = lay(fourcc::nv12, 64, 64, c, Placement::per_plane);
    REQUIRE(layout);
    CHECK(layout->planes[1] == Plane{1, 0, 64, 2048});
    CHECK(layout->dmabuf_sizes ==
          std::vector<std::uint64_t>{3 * page, page}); // min_size: first only
    c.min_size = 0;
    const auto padded = lay(fourcc::nv12, 64, 64, c, Placement::per_plane);
    REQUIRE(padded);
    CHECK(padded->dmabuf_sizes == std::vector<std::uint64_t>{2 * page, page}); // 4096 + 1
}

TEST_CASE("alignment of later packed planes turns into a stride of plane 0") {
    Constraints c;
    c.stride_align = 48;
    auto layout = lay(fourcc::yuv420, 100, 10, c);
    REQUIRE(layout);
    CHECK(layout->planes[0].stride == 192); // 2 x 96, so that chroma has 96
    CHECK(layout->planes[1].stride == 96);

    c = {};
    c.offset_align = 4096;
    layout = lay(fourcc::nv12, 1920, 1080, c);
    REQUIRE(layout);
    CHECK(layout->planes[0].stride == 2048);
    CHECK(layout->planes[1].offset == 2048 * 1080);
    c.max_stride = 2000;
    CHECK(failed_at(lay(fourcc::nv12, 1920, 1080, c)) == "offset-align");
    CHECK(lay(fourcc::nv12, 1920, 1080, c, Placement::single)); // only packed needs the stride
}

TEST_CASE("each constraint changes the layout as it says") {
    struct Row {
        std::function<void(Constraints&)> set;
        std::uint64_t stride;
        std::uint64_t lines;
        std::uint64_t size;
    };
    // 100x10 R8: 100 bytes a line
    const std::vector<Row> table{
        {[](auto&) {}, 100, 10, page},
        {[](auto& c) { c.stride_align = 48; }, 144, 10, page},
        {[](auto& c) { c.width_align = 30; }, 120, 10, page},
        {[](auto& c) { c.width_align = 30, c.stride_align = 64; }, 128, 10, page},
        {[](auto& c) { c.height_align = 7; }, 100, 14, page},
        {[](auto& c) { c.min_stride = 130; }, 130, 10, page},
        {[](auto& c) { c.min_stride = 130, c.max_stride = 130; }, 130, 10, page},
        {[](auto& c) { c.tail_padding = page; }, 100, 10, 2 * page},
        {[](auto& c) { c.min_size = 2 * page + 1; }, 100, 10, 3 * page},
        {[](auto& c) { c.size_align = 6144; }, 100, 10, 12288},
        {[](auto& c) { c.stride_align_pixels = 64; }, 128, 10, page},
        {[](auto& c) { c.planes[0].stride_align = 64, c.stride_align = 48; }, 192, 10, page},
        {[](auto& c) { c.planes[0].min_stride = 130; }, 130, 10, page},
        {[](auto& c) { c.planes[0].min_size = page + 1; }, 100, 10, 2 * page},
        {[](auto& c) { c.min_width = 100, c.min_height = 10, c.max_offset = 0; }, 100, 10, page},
    };
    for (const Row& row : table) {
        Constraints c;
        row.set(c);
        const auto layout = lay(Fourcc{'R', '8', ' ', ' '}, 100, 10, c);
        REQUIRE(layout);
        CHECK(layout->planes[0].stride == row.stride);
        CHECK(layout->planes[0].size == row.stride * row.lines);
        CHECK(layout->dmabuf_sizes[0] == row.size);
        CHECK(check_layout(*layout, c));
    }
}

TEST_CASE("the constraint that can't be met is the one that is named") {
    struct Row {
        const char* name;
        std::function<void(Constraints&)> set;
    };
    const std::vector<Row> table{
        {"max-stride", [](auto& c) { c.max_stride = 99; }},
        {"width-align", [](auto& c) { c.max_stride = 110, c.width_align = 64; }},
        {"min-stride", [](auto& c) { c.max_stride = 110, c.min_stride = 111; }},
        {"stride-align", [](auto& c) { c.max_stride = 110, c.stride_align = 64; }},
        {"max-width", [](auto& c) { c.max_width = 99; }},
        {"max-height", [](auto& c) { c.max_height = 9; }},
        {"min-width", [](auto& c) { c.min_width = 101; }},
        {"min-height", [](auto& c) { c.min_height = 11; }},
        {"stride-align-pixels", [](auto& c) { c.max_stride = 110, c.stride_align_pixels = 64; }},
        {"stride-align-pixels",
         [](auto& c) { c.stride_align_pixels = no_limit, c.stride_align = 2; }},
        {"max-stride", [](auto& c) { c.planes[0].max_stride = 99; }},
        {"min-size", [](auto& c) { c.max_size = page, c.planes[0].min_size = page + 1; }},
        {"max-size", [](auto& c) { c.max_size = 999; }},
        {"tail-padding", [](auto& c) { c.max_size = page, c.tail_padding = page; }},
        {"min-size", [](auto& c) { c.max_size = page, c.min_size = page + 1; }},
        {"size-align", [](auto& c) { c.max_size = page, c.size_align = 3; }},
        {"width-align", [](auto& c) { c.width_align = no_limit, c.max_stride = 1000; }},
        {"stride-align", [](auto& c) { c.stride_align = no_limit - 1, c.min_stride = no_limit; }},
        {"height-align", [](auto& c) { c.height_align = no_limit, c.min_stride = 2; }},
        {"tail-padding", [](auto& c) { c.tail_padding = no_limit; }},
        {"size-align", [](auto& c) { c.size_align = no_limit; }},
    };
    for (const Row& row : table) {
        CAPTURE(row.name);
        Constraints c;
        row.set(c);
        const auto layout = lay(Fourcc{'R', '8', ' ', ' '}, 100, 10, c);
        REQUIRE(!layout);
        CHECK(layout.error().cause == Cause::limit);
        const bool overflow_of_image = layout.error().object == "request-size";
        CHECK((layout.error().object == row.name ||
               (overflow_of_image && std::string(row.name) == "height-align")));
        CHECK(!layout.error().detail.empty());
    }
}

TEST_CASE("a stride counted in pixels is a multiple of their bytes in each plane") {
    struct Row {
        Fourcc format;
        std::uint64_t pixels;
        std::vector<std::uint64_t> strides;
    };
    // 100 pixels wide; the rules of amdgpu, msm and rcar-du among them
    const std::vector<Row> table{
        {Fourcc{'R', '8', ' ', ' '}, 256, {256}},
        {fourcc::rgb565, 128, {256}},
        {Fourcc{'R', 'G', '2', '4'}, 64, {384}},
        {fourcc::xrgb8888, 64, {512}},
        {fourcc::xrgb8888, 16, {448}},
        {fourcc::yuyv, 16, {224}},
        {fourcc::yuyv, 3, {204}}, // 102 pixels, 51 blocks of 4 bytes
        {fourcc::nv12, 32, {128, 128}},
        {fourcc::yuv420, 32, {128, 64, 64}},
        {fourcc::p010, 32, {256, 256}},
    };
    for (const Row& row : table) {
        CAPTURE(to_string(row.format), row.pixels);
        Constraints c;
        c.stride_align_pixels = row.pixels;
        for (const Placement placement : all_placements) {
            const auto layout = lay(row.format, 100, 10, c, placement);
            REQUIRE(layout);
            for (std::size_t i = 0; i < row.strides.size(); ++i)
                CHECK(layout->planes[i].stride == row.strides[i]);
            CHECK(check_layout(*layout, c));
        }
    }
}

TEST_CASE("limits of one plane leave the other planes alone where they are independent") {
    Constraints c;
    c.planes[1].stride_align = 128;
    c.planes[1].min_stride = 200;
    c.planes[2].offset_align = 4096;
    c.planes[2].min_size = 3 * page;
    const auto single = lay(fourcc::yuv420, 100, 10, c, Placement::single);
    REQUIRE(single);
    compare(*single, {fourcc::yuv420, {100, 256, 50}, {0, 1000, 4096}, {1000, 1280, 250}});
    CHECK(single->dmabuf_sizes == std::vector<std::uint64_t>{3 * page});
    CHECK(check_layout(*single, c));
    const auto spread = lay(fourcc::yuv420, 100, 10, c, Placement::per_plane);
    REQUIRE(spread);
    CHECK(spread->dmabuf_sizes == std::vector<std::uint64_t>{page, page, 3 * page});
    CHECK(check_layout(*spread, c));
    // In a packed image all strides follow from the first.
    c.planes[2].offset_align = 1;
    const auto packed = lay(fourcc::yuv420, 100, 10, c);
    REQUIRE(packed);
    CHECK(packed->planes[0].stride == 512);
    CHECK(packed->planes[1].stride == 256);
    CHECK(check_layout(*packed, c));
    c.planes[1].max_stride = 255;
    CHECK(failed_at(lay(fourcc::yuv420, 100, 10, c)) == "stride-align");
    CHECK(failed_at(lay(fourcc::yuv420, 100, 10, c, Placement::single)) == "stride-align");
}

TEST_CASE("a plane must not begin behind the greatest offset") {
    Constraints c;
    c.max_offset = 999;
    CHECK(failed_at(lay(fourcc::nv12, 100, 10, c)) == "max-offset");
    CHECK(failed_at(lay(fourcc::nv12, 100, 10, c, Placement::single)) == "max-offset");
    CHECK(lay(fourcc::nv12, 100, 10, c, Placement::per_plane));
    c.max_offset = 1000;
    CHECK(lay(fourcc::nv12, 100, 10, c));
}

TEST_CASE("padding to a number of pixels or lines takes whole blocks") {
    Constraints c;
    c.width_align = 5;
    c.height_align = 3;
    const auto packed_pixels = lay(fourcc::yuyv, 11, 1, c);
    REQUIRE(packed_pixels);
    CHECK(packed_pixels->planes[0].stride == 32); // 15 pixels, 8 blocks of 2
    const auto chroma = lay(fourcc::nv12, 11, 4, c, Placement::single);
    REQUIRE(chroma);
    compare(*chroma, {fourcc::nv12, {15, 16}, {0, 90}, {90, 48}}); // 6 lines, 3 of chroma
}

TEST_CASE("absurd requests end in an error, never in a wrapped number") {
    const auto huge = lay(fourcc::p010, 65535, 65535);
    REQUIRE(huge);
    CHECK(huge->planes[0].stride == 131072);
    CHECK(huge->planes[1].offset == 131072ULL * 65535);
    const auto most = lay(fourcc::xrgb8888, 0xffffffff, 0xffffffff);
    REQUIRE(!most);
    CHECK(most.error().cause == Cause::limit);

    const auto bytes = [](std::uint64_t size) {
        return make_layout(fourcc::bytes, Modifier::linear(), 0, 0, size, Placement::packed, {},
                           page);
    };
    REQUIRE(bytes(1ULL << 50U));
    CHECK(bytes(1ULL << 50U)->dmabuf_sizes[0] == 1ULL << 50U);
    REQUIRE(!bytes(no_limit));
    CHECK(bytes(no_limit).error().cause == Cause::limit);
    REQUIRE(!bytes(0));
    CHECK(bytes(0).error().cause == Cause::invalid);
    CHECK(lay(fourcc::nv12, 0, 5).error().object == "width");
    CHECK(lay(fourcc::nv12, 5, 0).error().object == "height");
    CHECK(lay(Fourcc{'N', 'O', 'P', 'E'}, 5, 5).error().cause == Cause::invalid);
}

TEST_CASE("plain bytes are one plane without a stride, rounded to pages") {
    Constraints c;
    c.tail_padding = 10;
    const auto layout =
        make_layout(fourcc::bytes, Modifier::linear(), 0, 0, page - 5, Placement::packed, c, page);
    REQUIRE(layout);
    CHECK(layout->planes == std::vector<Plane>{{0, 0, 0, page - 5}});
    CHECK(layout->dmabuf_sizes == std::vector<std::uint64_t>{2 * page});
    CHECK(check_layout(*layout, c));
}

TEST_CASE("a layout with another stride keeps the packed relation") {
    const auto planned = lay(fourcc::yuv420, 100, 10);
    REQUIRE(planned);
    const auto real = relayout(*planned, 128, 12, 8192);
    REQUIRE(real);
    compare(*real, {fourcc::yuv420, {128, 64, 64}, {0, 1536, 1920}, {1536, 384, 384}});
    CHECK(real->dmabuf_sizes == std::vector<std::uint64_t>{8192});
    CHECK(check_layout(*real, {}));
    CHECK(relayout(*planned, planned->planes[0].stride, 10, planned->dmabuf_sizes[0]).value() ==
          *planned);
    CHECK(relayout(*planned, 101, 10, 8192).error().object == "stride-align");
    CHECK(relayout(*planned, 128, 9, 8192).error().object == "height-align");
    CHECK(relayout(*planned, no_limit - 1, 10, 8192).error().cause == Cause::limit);
}

TEST_CASE("packed planes behind other lines are no use to who takes no offsets") {
    const Layout layout = *lay(fourcc::nv12, 64, 32, {}, Placement::packed);
    Layout cropped = layout;
    cropped.height = 30; // in a buffer for 32 lines
    Constraints packed;
    packed.placements = Placements::of(Placement::packed);
    CHECK(check_layout(layout, packed));
    CHECK(check_layout(cropped, {}));
    const auto verdict = check_layout(cropped, packed);
    REQUIRE(!verdict);
    CHECK(verdict.error().object == "height-align");
    packed.height_align = 16;
    CHECK(check_layout(cropped, packed));
}

TEST_CASE("a real layout is held against every constraint") {
    const auto good = lay(fourcc::nv12, 100, 10);
    REQUIRE(good);
    struct Row {
        const char* name;
        std::function<void(Layout&, Constraints&)> spoil;
    };
    const std::vector<Row> table{
        {"stride-align", [](Layout&, auto& c) { c.stride_align = 64; }},
        {"offset-align", [](Layout&, auto& c) { c.offset_align = 4096; }},
        {"size-align", [](Layout&, auto& c) { c.size_align = 8192; }},
        {"width-align", [](Layout&, auto& c) { c.width_align = 64; }},
        {"height-align", [](Layout&, auto& c) { c.height_align = 16; }},
        {"min-stride", [](Layout&, auto& c) { c.min_stride = 101; }},
        {"min-stride", [](Layout& l, auto&) { l.planes[0].stride = 99; }},
        {"min-stride", [](Layout& l, auto&) { l.planes[1].stride = 0; }},
        {"max-stride", [](Layout&, auto& c) { c.max_stride = 99; }},
        {"min-size", [](Layout&, auto& c) { c.min_size = 4097; }},
        {"min-size", [](Layout& l, auto&) { l.dmabuf_sizes[0] = 1499; }},
        {"min-size", [](Layout& l, auto&) { l.planes[1].offset = no_limit; }},
        {"max-size", [](Layout&, auto& c) { c.max_size = 4095; }},
        {"max-width", [](Layout&, auto& c) { c.max_width = 99; }},
        {"max-height", [](Layout&, auto& c) { c.max_height = 9; }},
        {"min-width", [](Layout&, auto& c) { c.min_width = 101; }},
        {"min-height", [](Layout&, auto& c) { c.min_height = 11; }},
        {"max-offset", [](Layout&, auto& c) { c.max_offset = 999; }},
        {"stride-align-pixels", [](Layout&, auto& c) { c.stride_align_pixels = 64; }},
        {"stride-align-pixels", [](Layout&, auto& c) { c.stride_align_pixels = no_limit; }},
        {"stride-align", [](Layout&, auto& c) { c.planes[1].stride_align = 64; }},
        {"offset-align", [](Layout&, auto& c) { c.planes[1].offset_align = 4096; }},
        {"min-stride", [](Layout&, auto& c) { c.planes[1].min_stride = 101; }},
        {"max-stride", [](Layout&, auto& c) { c.planes[1].max_stride = 99; }},
        {"min-size", [](Layout&, auto& c) { c.planes[1].min_size = 4097; }},
        {"tail-padding", [](Layout&, auto& c) { c.tail_padding = 4096; }},
        {"placement", [](Layout&, auto& c) { c.placements.bits = 0x5; }},
        {"placement", [](Layout& l, auto&) { l.planes[1].offset = 1004; }},
        {"placement", [](Layout& l, auto&) { l.planes[1].stride = 104, l.planes[1].size = 520; }},
        {"placement", [](Layout& l, auto&) { l.planes[1].dmabuf = 1; }},
        {"starts-at-zero",
         [](Layout& l, auto& c) {
             l.placement = Placement::single;
             l.planes[0].offset = 4;
             c.starts_at_zero = true;
         }},
        {"format", [](Layout& l, auto&) { l.planes.pop_back(); }},
        {"format", [](Layout& l, auto&) { l.fourcc = Fourcc{1}; }},
    };
    REQUIRE(check_layout(*good, {}));
    for (const Row& row : table) {
        Layout layout = *good;
        Constraints c;
        row.spoil(layout, c);
        CAPTURE(row.name);
        const auto verdict = check_layout(layout, c);
        REQUIRE(!verdict);
        CHECK(verdict.error().object == row.name);
        CHECK(verdict.error().cause == Cause::mismatch);
        CHECK(!verdict.error().detail.empty());
    }
}

TEST_CASE("every layout satisfies every input, and another device never adds one") {
    std::uint64_t possible = 0;
    std::uint64_t impossible = 0;
    for_each_case(8000, [&](Generator& g) {
        const Fourcc format = image_formats()[g.below(image_formats().size())];
        const auto width = static_cast<std::uint32_t>(1 + g.below(1500));
        const auto height = static_cast<std::uint32_t>(1 + g.below(1000));
        const Constraints a = random_constraints(g);
        const Constraints b = random_constraints(g);
        Constraints both = a;
        if (merge(both, b))
            return;
        for (const Placement placement : all_placements) {
            const auto alone = lay(format, width, height, normal(a), placement);
            const auto shared = lay(format, width, height, both, placement);
            if (!shared) {
                ++impossible;
                continue;
            }
            ++possible;
            CAPTURE(to_string(format), width, height, static_cast<int>(placement));
            // Padding to more lines may align packed offsets that fewer lines do not: the one case
            // in which a device's need makes a smaller stride do.
            if (placement != Placement::packed || both.height_align == normal(a).height_align) {
                REQUIRE(alone);
                REQUIRE(shared->planes[0].stride >= alone->planes[0].stride);
            }
            for (const Constraints* input : {&a, &b, static_cast<const Constraints*>(&both)}) {
                Constraints placed = normal(*input);
                placed.placements = Placements::all();
                const auto verdict = check_layout(*shared, placed);
                if (!verdict)
                    FAIL(verdict.error().object + ": " + verdict.error().detail);
            }
        }
    });
    check_share(possible, possible + impossible, 0.2, 0.95);
}

TEST_CASE("another stride is only for a layout of its format, and bytes have none") {
    const auto bytes =
        make_layout(fourcc::bytes, Modifier::linear(), 0, 0, 5000, Placement::packed, {}, page);
    CHECK(relayout(bytes.value(), 64, 0, 12288).value().dmabuf_sizes ==
          std::vector<std::uint64_t>{12288});
    CHECK(relayout(bytes.value(), 64, 0, 12288).value().planes == bytes->planes);

    Layout wrong = lay(fourcc::nv12, 64, 16).value();
    wrong.planes.pop_back();
    CHECK(relayout(wrong, 64, 16, 4096).error().cause == Cause::our_bug);
    Layout unknown = lay(fourcc::r8, 64, 16).value();
    unknown.fourcc = Fourcc(0xffffffff);
    CHECK(relayout(unknown, 64, 16, 4096).error().cause == Cause::our_bug);
}

TEST_CASE("a real layout is held against padding that does not fit into 64 bits, too") {
    const Layout layout = lay(fourcc::nv12, 64, 16).value();
    const auto violated = [&](auto change) {
        Constraints c;
        change(c);
        const auto checked = check_layout(layout, c);
        return checked ? "" : checked.error().object;
    };
    CHECK(violated([](Constraints&) {}).empty());
    CHECK(violated([](Constraints& c) { c.tail_padding = no_limit; }) == "tail-padding");
    CHECK(violated([](Constraints& c) { c.width_align = 1ULL << 63U; }) == "width-align");
    CHECK(violated([](Constraints& c) { c.height_align = 1ULL << 63U; }) == "height-align");

    // As a driver that pads lines by itself returns it.
    const Layout more = relayout(layout, 64, 20, 8192).value();
    Constraints c;
    CHECK(check_layout(more, c));
    c.height_align = 8;
    const auto checked = check_layout(more, c);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().object == "height-align");
    CHECK(checked.error().detail == "plane 0 has 20 lines, no multiple of 8");
}
