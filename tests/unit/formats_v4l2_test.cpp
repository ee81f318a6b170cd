// SPDX-License-Identifier: MIT
// The table between V4L2 pixel formats and DRM fourccs.
#include "lib/discovery/formats_v4l2.hpp"

#include "tests/support/catch.hpp"

#include <drm_fourcc.h>
#include <linux/videodev2.h>
#include <set>

using namespace simplealloc;

TEST_CASE("V4L2 pixel formats map to the fourcc with the same bytes in memory") {
    const auto [pixelformat, name] = GENERATE(table<std::uint32_t, const char*>({
        {V4L2_PIX_FMT_XBGR32, "XR24"},
        {V4L2_PIX_FMT_ABGR32, "AR24"},
        {V4L2_PIX_FMT_BGR32, "XR24"},
        {V4L2_PIX_FMT_RGB32, "BX24"},
        {V4L2_PIX_FMT_XRGB32, "BX24"},
        {V4L2_PIX_FMT_RGBX32, "XB24"},
        {V4L2_PIX_FMT_RGB565, "RG16"},
        {V4L2_PIX_FMT_RGB24, "BG24"},
        {V4L2_PIX_FMT_BGR24, "RG24"},
        {V4L2_PIX_FMT_YUYV, "YUYV"},
        {V4L2_PIX_FMT_UYVY, "UYVY"},
        {V4L2_PIX_FMT_NV12, "NV12"},
        {V4L2_PIX_FMT_NV12M, "NV12"},
        {V4L2_PIX_FMT_NV21M, "NV21"},
        {V4L2_PIX_FMT_NV16M, "NV16"},
        {V4L2_PIX_FMT_P010, "P010"},
        {V4L2_PIX_FMT_YUV420, "YU12"},
        {V4L2_PIX_FMT_YVU420, "YV12"},
        {V4L2_PIX_FMT_YUV422P, "YU16"},
        {V4L2_PIX_FMT_YUV420M, "YU12"},
        {V4L2_PIX_FMT_YVU420M, "YV12"},
        {V4L2_PIX_FMT_VUYA32, "AYUV"},
        {V4L2_PIX_FMT_NV12_32L32, "NV12"},
        {V4L2_PIX_FMT_YUVA32, "AVUY"},
        {V4L2_PIX_FMT_YUVX32, "XVUY"},
        {V4L2_PIX_FMT_Y10, "R10"},
        {V4L2_PIX_FMT_Y16, "R16"},
        {v4l2_fourcc('R', 'G', 'B', '6'), "BG48"}, // bytes R, G, B of 16 bits each
        {v4l2_fourcc('N', 'V', '1', '5'), "NV15"},
        {v4l2_fourcc('Y', '2', '1', '0'), "Y210"},
    }));
    CAPTURE(pixelformat_name(pixelformat));
    const V4l2Format* format = find_v4l2_format(pixelformat);
    REQUIRE(format != nullptr);
    CHECK(to_string(format->fourcc) == name);
}

TEST_CASE("the DRM code of each 32-bit RGB format spells the V4L2 bytes backwards") {
    // V4L2 names bytes by rising address, DRM bits of a little-endian word from the top.
    const auto [pixelformat, drm] = GENERATE(table<std::uint32_t, std::uint32_t>({
        {V4L2_PIX_FMT_RGBA32, DRM_FORMAT_ABGR8888},
        {V4L2_PIX_FMT_ARGB32, DRM_FORMAT_BGRA8888},
        {V4L2_PIX_FMT_BGRA32, DRM_FORMAT_RGBA8888}, // bytes A, B, G, R: named after its word
        {V4L2_PIX_FMT_BGRX32, DRM_FORMAT_RGBX8888},
    }));
    CHECK(find_v4l2_format(pixelformat)->fourcc.value == drm);
}

TEST_CASE("formats that DRM has no code for are not in the table") {
    const auto pixelformat = GENERATE(
        as<std::uint32_t>{}, V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_H264, V4L2_PIX_FMT_SBGGR8,
        V4L2_PIX_FMT_SRGGB10, V4L2_PIX_FMT_RGB565X, V4L2_PIX_FMT_AYUV32, V4L2_PIX_FMT_XYUV32);
    CAPTURE(pixelformat_name(pixelformat));
    CHECK(find_v4l2_format(pixelformat) == nullptr);
}

TEST_CASE("16-bit Bayer is not RGB565, though the codes are the same") {
    STATIC_REQUIRE(V4L2_PIX_FMT_SRGGB16 == DRM_FORMAT_RGB565);
    CHECK(find_v4l2_format(V4L2_PIX_FMT_SRGGB16) == nullptr);
}

TEST_CASE("of pixel formats that mean the same the modern one is chosen") {
    const std::uint32_t both[] = {V4L2_PIX_FMT_BGR32, V4L2_PIX_FMT_XBGR32};
    CHECK(find_v4l2_format(fourcc::xrgb8888, 0, false, both)->pixelformat == V4L2_PIX_FMT_XBGR32);
    const std::uint32_t old[] = {V4L2_PIX_FMT_BGR32};
    CHECK(find_v4l2_format(fourcc::xrgb8888, 0, false, old)->pixelformat == V4L2_PIX_FMT_BGR32);
    CHECK(find_v4l2_format(fourcc::argb8888, 0, false, both) == nullptr);
}

TEST_CASE("placement and tiling select among pixel formats of a fourcc") {
    const std::uint32_t offered[] = {V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12,
                                     V4L2_PIX_FMT_NV12_32L32};
    CHECK(find_v4l2_format(fourcc::nv12, 0, false, offered)->pixelformat == V4L2_PIX_FMT_NV12);
    CHECK(find_v4l2_format(fourcc::nv12, 0, true, offered)->pixelformat == V4L2_PIX_FMT_NV12M);
    CHECK(find_v4l2_format(fourcc::nv12, DRM_FORMAT_MOD_ALLWINNER_TILED, false, offered)
              ->pixelformat == V4L2_PIX_FMT_NV12_32L32);
}

TEST_CASE("gray bytes are R8 to most devices and Y8 by their own name, and GREY in both") {
    STATIC_REQUIRE(V4L2_PIX_FMT_GREY == fourcc::y8.value);
    std::vector<Fourcc> names;
    for (const V4l2Format& format : v4l2_formats(V4L2_PIX_FMT_GREY))
        names.push_back(format.fourcc);
    CHECK(names == std::vector{fourcc::r8, fourcc::y8});
    CHECK(find_v4l2_format(V4L2_PIX_FMT_GREY)->fourcc == fourcc::r8);
    const std::uint32_t offered[] = {V4L2_PIX_FMT_GREY};
    for (const Fourcc name : names)
        CHECK(find_v4l2_format(name, 0, false, offered)->pixelformat == V4L2_PIX_FMT_GREY);
    CHECK(v4l2_formats(V4L2_PIX_FMT_MJPEG).empty());
}

TEST_CASE("MediaTek's blocks are a modifier of NV12 and NV15, two buffers each") {
    // DRM_FORMAT_MOD_MTK(tiling | place of the lower bits << 16), vendor 0x0b.
    const auto [pixelformat, name, modifier] =
        GENERATE(table<std::uint32_t, const char*, std::uint64_t>({
            {v4l2_fourcc('M', 'M', '2', '1'), "NV12", 0x0b00000000000001},
            {v4l2_fourcc('M', 'T', '2', 'T'), "NV15", 0x0b00000000010001},
            {v4l2_fourcc('M', 'T', '2', 'R'), "NV15", 0x0b00000000020001},
        }));
    const V4l2Format* format = find_v4l2_format(pixelformat);
    REQUIRE(format != nullptr);
    CHECK(to_string(format->fourcc) == name);
    CHECK(format->modifier == modifier);
    CHECK(format->per_plane);
}

TEST_CASE("no row is in the table twice, and rows of one pixel format are together") {
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    for (const V4l2Format& format : v4l2_formats()) {
        CAPTURE(pixelformat_name(format.pixelformat));
        CHECK(seen.insert({format.pixelformat, format.fourcc.value}).second);
        CHECK(format.fourcc != fourcc::bytes);
        const auto rows = v4l2_formats(format.pixelformat);
        CHECK(rows.data() <= &format);
        CHECK(&format < rows.data() + rows.size());
    }
}
