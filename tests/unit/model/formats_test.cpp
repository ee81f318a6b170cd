// SPDX-License-Identifier: MIT
// Geometry and layouts of every format against the tables of the kernel; see tests/data.
#include "lib/model/camera_formats.hpp"
#include "lib/model/formats.hpp"
#include "lib/model/layout.hpp"
#include "lib/model/v4l2_formats.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <cstring>

using namespace simplealloc;
using namespace simplealloc::solver;

namespace {

using Numbers = std::array<std::uint32_t, 3>;

struct DrmRow {
    const char* name;
    std::uint32_t code;
    std::uint32_t planes;
    Numbers bytes, block_width, block_height;
    std::uint32_t hsub, vsub;
    bool alpha;
};

constexpr DrmRow drm_rows[] = {
#include "tests/data/drm_format_info.inc"
#include "tests/data/drm_format_info_later.inc"
};

struct V4l2Row {
    const char* name;
    std::uint32_t code;
    std::uint32_t dmabufs, planes;
    Numbers bytes, divisor;
    std::uint32_t hdiv, vdiv;
    Numbers block_width, block_height;
};

constexpr V4l2Row v4l2_rows[] = {
#include "tests/data/v4l2_format_info.inc"
};

struct HeaderRow {
    const char* name;
    std::uint32_t code;
    std::uint32_t bits;
};

constexpr HeaderRow header_rows[] = {
#include "tests/data/drm_fourcc.inc"
};

constexpr std::uint32_t widths[] = {1,  2,  3,  4,  5,  6,   7,   8,    9,    11,   13,   15,
                                    16, 17, 63, 64, 65, 640, 719, 1366, 1919, 1920, 4095, 4097};
constexpr std::uint32_t heights[] = {1, 2, 3, 4, 5, 7, 8, 31, 33, 480, 1079, 1080};

std::uint64_t up(std::uint64_t a, std::uint64_t b) {
    return (a + b - 1) / b;
}

FormatInfo known(std::uint32_t code) {
    const auto info = format_info(Fourcc(code));
    REQUIRE(info);
    return *info;
}

Fourcc v4l2(const std::string& code) {
    return Fourcc::parse("v4l2:" + code).value();
}

Layout lay(Fourcc format, std::uint32_t width, std::uint32_t height, Placement placement) {
    auto layout =
        make_layout(format, Modifier::linear(), width, height, 0, placement, Constraints{}, 4096);
    CAPTURE(to_string(format), width, height);
    REQUIRE(layout);
    return *layout;
}

/// What drm_framebuffer.c, framebuffer_check() asks of a plane, and no byte more than whole blocks.
void compare(const DrmRow& row, std::size_t p, const Plane& plane, std::uint32_t width,
             std::uint32_t height) {
    const std::uint64_t pixels = p == 0 ? width : up(width, row.hsub);
    const std::uint64_t lines = p == 0 ? height : up(height, row.vsub);
    const std::uint64_t block_width = row.block_width[p];
    const std::uint64_t block_height = row.block_height[p];
    // drm_format_info_min_pitch()
    const std::uint64_t min_pitch = up(pixels * row.bytes[p], block_width * block_height);
    CHECK(plane.stride >= min_pitch);
    CHECK(plane.size >= (lines - 1) * plane.stride + min_pitch);

    // In one plane, subsampled pixels share a word.
    const std::uint64_t group = row.planes == 1 ? row.hsub : 1;
    const std::uint64_t whole = up(up(pixels, group) * group, block_width);
    CHECK(plane.stride == whole * row.bytes[p] / block_height);
    CHECK(plane.size == plane.stride * up(lines, block_height) * block_height);
    if (pixels % (block_width * group) == 0)
        CHECK(plane.stride == min_pitch);
}

} // namespace

TEST_CASE("layouts have the strides and sizes of drm_format_info, at odd sizes too") {
    for (const DrmRow& row : drm_rows) {
        CAPTURE(row.name);
        if (row.bytes[0] == 0) // no linear layout
            continue;
        CHECK(known(row.code).planes.size() == row.planes);
        for (const std::uint32_t width : widths)
            for (const std::uint32_t height : heights) {
                CAPTURE(width, height);
                const Layout layout = lay(Fourcc(row.code), width, height, Placement::single);
                REQUIRE(layout.planes.size() == row.planes);
                std::uint64_t end = 0;
                for (std::size_t p = 0; p < row.planes; ++p) {
                    CAPTURE(p);
                    compare(row, p, layout.planes[p], width, height);
                    CHECK(layout.planes[p].offset == end);
                    end += layout.planes[p].size;
                }
                CHECK(layout.dmabuf_sizes == std::vector{up(end, 4096) * 4096});
            }
    }
}

TEST_CASE("every format of drm_fourcc.h can be laid out, or has tiled modifiers only") {
    for (const HeaderRow& row : header_rows) {
        CAPTURE(row.name);
        const auto info = format_info(Fourcc(row.code));
        CHECK(info.has_value() != never_linear(Fourcc(row.code)));
        // The comment next to a code draws one word of it.
        if (info && row.bits != 0)
            CHECK(info->planes[0].bytes * 8 == row.bits);
        if (info && row.bits != 0)
            CHECK(info->planes.size() == 1);
    }
    for (const DrmRow& row : drm_rows) {
        CAPTURE(row.name);
        CHECK((row.bytes[0] == 0) == never_linear(Fourcc(row.code)));
    }
    const auto refused = make_layout(fourcc::yuv420_10bit, Modifier::linear(), 64, 64, 0,
                                     Placement::packed, Constraints{}, 4096);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().detail, Catch::Matchers::Contains("no linear layout"));
}

TEST_CASE("no code is in the table twice, and each is found by its text") {
    for (std::size_t i = 0; i < formats().size(); ++i) {
        const FormatInfo& info = formats()[i];
        CAPTURE(to_string(info.fourcc));
        CHECK((i == 0 || formats()[i - 1].fourcc < info.fourcc));
        CHECK(format_info(info.fourcc)->planes.data() == info.planes.data());
        for (const PlaneGeometry& plane : info.planes)
            CHECK(plane.bytes % plane.rows == 0);
        if (info.fourcc != fourcc::bytes)
            CHECK(Fourcc::parse(to_string(info.fourcc)) == info.fourcc);
    }
    for (const FormatInfo& info : camera_formats()) {
        CAPTURE(to_string(info.fourcc));
        CHECK(info.fourcc.is_v4l2());
        CHECK(format_info(info.fourcc)->planes.data() == info.planes.data());
        CHECK(Fourcc::parse(to_string(info.fourcc)) == info.fourcc);
    }
    CHECK_FALSE(format_info(Fourcc('?', '?', '?', '?')));
    CHECK_FALSE(format_info(Fourcc(0xffffffff)));
    CHECK_FALSE(format_info(Fourcc::v4l2(0x01020304)));
    CHECK(format_info(Fourcc::v4l2(0x36314752 | 1U << 31U))->opaque);
}

TEST_CASE("each format is found by its name in drm_fourcc.h") {
    const auto check = [](const char* name, std::uint32_t code) {
        CAPTURE(name);
        CHECK(Fourcc::parse(name) == Fourcc(code));
        CHECK(Fourcc::parse(std::string("DRM_FORMAT_") + name) == Fourcc(code));
    };
    for (const HeaderRow& row : header_rows)
        check(row.name, row.code);
    for (const DrmRow& row : drm_rows)
        check(row.name, row.code);
}

TEST_CASE("an alpha sibling has the same planes, and exactly one of the two has alpha") {
    const auto find = [](Fourcc code) -> const DrmRow* {
        for (const DrmRow& row : drm_rows)
            if (row.code == code.value)
                return &row;
        return nullptr;
    };
    std::size_t pairs = 0;
    for (const FormatInfo& info : formats()) {
        const auto sibling = alpha_sibling(info.fourcc);
        if (!sibling)
            continue;
        CAPTURE(to_string(info.fourcc), to_string(*sibling));
        CHECK(alpha_sibling(*sibling) == info.fourcc);
        const FormatInfo other = known(sibling->value);
        CHECK(info.planes.data() == other.planes.data());
        const DrmRow* own_row = find(info.fourcc);
        const DrmRow* other_row = find(*sibling);
        if (own_row != nullptr && other_row != nullptr)
            CHECK(own_row->alpha != other_row->alpha);
        ++pairs;
    }
    // Every format of one plane with alpha has a sibling, but for the one with unused bits between.
    for (const DrmRow& row : drm_rows) {
        CAPTURE(row.name);
        const bool lone = std::strcmp(row.name, "AXBXGXRX106106106106") == 0;
        CHECK(alpha_sibling(Fourcc(row.code)).has_value() >=
              (row.alpha && row.planes == 1 && !lone));
    }
    CHECK(pairs == 54);
}

TEST_CASE("V4L2's pixel formats have the planes, strides and sizes of v4l2_format_info") {
    std::size_t compared = 0;
    for (const V4l2Row& row : v4l2_rows) {
        CAPTURE(row.name);
        const V4l2Format* format = find_v4l2_format(row.code);
        if (format == nullptr || format->modifier != 0)
            continue;
        ++compared;
        CHECK(known(format->fourcc.value).planes.size() == row.planes);
        CHECK(format->per_plane == (row.dmabufs > 1));
        const Placement placement = format->per_plane ? Placement::per_plane : Placement::packed;
        for (const std::uint32_t width : widths)
            for (const std::uint32_t height : heights) {
                CAPTURE(width, height);
                const Layout layout = lay(format->fourcc, width, height, placement);
                // v4l2_fill_pixfmt_mp(); blocks of all formats without a modifier are single pixels
                std::uint64_t total = 0;
                for (std::size_t p = 0; p < row.planes; ++p) {
                    const std::uint64_t hdiv = p == 0 ? 1 : row.hdiv;
                    const std::uint64_t vdiv = p == 0 ? 1 : row.vdiv;
                    const std::uint64_t line = row.bytes[p] * up(width, hdiv) / row.divisor[p];
                    const std::uint64_t size = line * up(height, vdiv);
                    total += size;
                    CHECK(layout.planes[p].stride >= line);
                    CHECK(layout.planes[p].size >= size);
                    const bool even = width % row.hdiv == 0;
                    if (even || (format->per_plane && row.planes > 1)) {
                        CHECK(layout.planes[p].stride == line);
                        CHECK(layout.planes[p].size == size);
                    }
                }
                const Plane& last = layout.planes.back();
                if (!format->per_plane)
                    CHECK(last.offset + last.size >= total);
            }
    }
    CHECK(compared == 79);
}

TEST_CASE("every pixel format of v4l2_format_info that lies in lines is in the table") {
    // Tiles without a modifier.
    constexpr std::string_view without[] = {"NV12_4L4", "NV15_4L4", "P010_4L4"};
    for (const V4l2Row& row : v4l2_rows) {
        CAPTURE(row.name);
        const bool listed =
            std::find(std::begin(without), std::end(without), row.name) != std::end(without);
        CHECK((find_v4l2_format(row.code) != nullptr) != listed);
    }
}

TEST_CASE("blocks of several pixels round widths and heights up to whole blocks") {
    struct Row {
        Fourcc format;
        std::uint32_t width, height;
        std::vector<std::uint64_t> strides, sizes;
    };
    const Row rows[] = {
        {fourcc::nv15, 5, 3, {10, 10}, {30, 20}},        // 2 x 5 bytes; chroma of 3 pairs
        {fourcc::nv30, 5, 3, {10, 15}, {30, 45}},        // 3 x 5 bytes of chroma
        {fourcc::p030, 7, 3, {12, 16}, {36, 32}},        // 3 words; 4 pairs in 2 x 8 bytes
        {fourcc::r1, 9, 2, {2}, {4}},                    //
        {fourcc::r4, 3, 2, {2}, {4}},                    //
        {fourcc::x0l2, 5, 3, {12}, {48}},                // 3 x 2 words of 8 bytes
        {fourcc::y210, 3, 1, {16}, {16}},                //
        {fourcc::yuv410, 5, 5, {5, 2, 2}, {25, 4, 4}},   //
        {fourcc::yuv411, 5, 5, {5, 2, 2}, {25, 10, 10}}, //
        {fourcc::t430, 4, 2, {8, 8, 8}, {16, 16, 16}},   //
        {fourcc::rgb888_a8, 3, 2, {9, 3}, {18, 6}},      //
        {fourcc::abgr32323232f, 3, 2, {48}, {96}},       //
        {fourcc::s212, 3, 2, {6, 4, 4}, {12, 8, 8}},     //
        {v4l2("RG10"), 5, 3, {10}, {30}},                // Bayer, loose
        {v4l2("pRAA"), 6, 2, {10}, {20}},                // 2 x 5 bytes
        {v4l2("pRCC"), 5, 2, {9}, {18}},                 // 3 x 3 bytes
        {v4l2("pREE"), 5, 2, {14}, {28}},                // 2 x 7 bytes
        {v4l2("ip3r"), 26, 2, {64}, {128}},              // 2 x 32 bytes
        {v4l2("Y41P"), 9, 2, {24}, {48}},                // 2 x 12 bytes
        {v4l2("CNF4"), 3, 2, {2}, {4}},                  //
        {v4l2("Y16-BE"), 3, 2, {6}, {12}},               //
    };
    for (const Row& row : rows) {
        CAPTURE(to_string(row.format));
        const Layout layout = lay(row.format, row.width, row.height, Placement::single);
        REQUIRE(layout.planes.size() == row.strides.size());
        for (std::size_t p = 0; p < row.strides.size(); ++p) {
            CAPTURE(p);
            CHECK(layout.planes[p].stride == row.strides[p]);
            CHECK(layout.planes[p].size == row.sizes[p]);
        }
    }
}
