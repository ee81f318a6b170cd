// SPDX-License-Identifier: MIT
// The table between V4L2 pixel formats and DRM fourccs.
#include "lib/model/v4l2_formats.hpp"

#include "lib/model/formats.hpp"
#include "tests/support/catch.hpp"

#include <drm_fourcc.h>
#include <fstream>
#include <linux/videodev2.h>
#include <regex>
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

TEST_CASE("lines of pixels that DRM has no code for keep the code of V4L2") {
    const auto pixelformat =
        GENERATE(as<std::uint32_t>{}, V4L2_PIX_FMT_SBGGR8, V4L2_PIX_FMT_SRGGB10,
                 V4L2_PIX_FMT_SRGGB10P, V4L2_PIX_FMT_IPU3_SGRBG10, V4L2_PIX_FMT_RGB565X,
                 V4L2_PIX_FMT_AYUV32, V4L2_PIX_FMT_XYUV32, V4L2_PIX_FMT_Y16_BE, V4L2_PIX_FMT_Z16);
    CAPTURE(pixelformat_name(pixelformat));
    const V4l2Format* format = find_v4l2_format(pixelformat);
    REQUIRE(format != nullptr);
    CHECK(format->fourcc == Fourcc::v4l2(pixelformat));
    CHECK(format->modifier == 0);
    CHECK_FALSE(format->per_plane);
}

TEST_CASE("16-bit Bayer is not RGB565, though the codes are the same") {
    STATIC_REQUIRE(V4L2_PIX_FMT_SRGGB16 == DRM_FORMAT_RGB565);
    const std::uint32_t offered[] = {V4L2_PIX_FMT_SRGGB16};
    CHECK(find_v4l2_format(fourcc::rgb565, 0, false, offered) == nullptr);
    CHECK(find_v4l2_format(Fourcc::v4l2(V4L2_PIX_FMT_SRGGB16), 0, false, offered) != nullptr);
}

namespace {

struct PixelFormat {
    std::string name;
    std::uint32_t code;
};

const PixelFormat of_linux_6_12[] = {
#include "tests/data/v4l2_pixel_formats.inc"
};

/// `#define V4L2_PIX_FMT_X v4l2_fourcc('a', 'b', 'c', 'd')` of the header that this was built with.
std::vector<PixelFormat> of_header() {
    std::vector<PixelFormat> formats;
    std::ifstream header("/usr/include/linux/videodev2.h");
    const std::regex definition("#define\\s+V4L2_PIX_FMT_(\\w+)\\s+v4l2_fourcc(_be)?"
                                "\\('(.)',\\s*'(.)',\\s*'(.)',\\s*'(.)'\\).*");
    for (std::string line; std::getline(header, line);)
        if (std::smatch match; std::regex_match(line, match, definition)) {
            const auto letter = [&](std::size_t i) { return match.str(i).front(); };
            std::uint32_t code = v4l2_fourcc(letter(3), letter(4), letter(5), letter(6));
            if (match[2].matched)
                code |= 1U << 31U;
            formats.push_back({match[1], code});
        }
    return formats;
}

/// Where pixels lie is known to drivers alone.
const std::set<std::string> of_drivers_alone{
    // tiles whose chroma lies as in no modifier of DRM
    "NV12_4L4", "NV12_16L16", "NV15_4L4", "P010_4L4", "NV12_8L128", "NV12_10BE_8L128",
    "NV12M_8L128", "NV12M_10BE_8L128", "KONICA420",
    // compressed so that one device reads what another wrote
    "MT21C", "QC10C", "PISP_COMP1_RGGB", "PISP_COMP1_GRBG", "PISP_COMP1_GBRG", "PISP_COMP1_BGGR",
    "PISP_COMP1_MONO", "PISP_COMP2_RGGB", "PISP_COMP2_GRBG", "PISP_COMP2_GBRG", "PISP_COMP2_BGGR",
    "PISP_COMP2_MONO",
    // lines of several kinds by turns, and what only its driver describes
    "M420", "YYUV", "UV8", "INZI", "SN9C20X_I420", "SPCA501", "SPCA505", "SPCA508", "STV0680",
    "CIT_YYVYUY"};

const std::set<std::string> bitstreams{
    "MJPEG",       "JPEG",           "DV",         "MPEG",        "H264",
    "H264_NO_SC",  "H264_MVC",       "H263",       "MPEG1",       "MPEG2",
    "MPEG2_SLICE", "MPEG4",          "XVID",       "VC1_ANNEX_G", "VC1_ANNEX_L",
    "VP8",         "VP8_FRAME",      "VP9",        "VP9_FRAME",   "HEVC",
    "FWHT",        "FWHT_STATELESS", "H264_SLICE", "HEVC_SLICE",  "AV1_FRAME",
    "SPK",         "RV30",           "RV40",       "CPIA1",       "WNVA",
    "SN9C10X",     "PWC1",           "PWC2",       "ET61X251",    "SPCA561",
    "PAC207",      "MR97310A",       "JL2005BCD",  "SN9C2028",    "SQ905C",
    "PJPG",        "OV511",          "OV518",      "TM6000",      "JPGL",
    "SE401",       "S5C_UYVY_JPG",   "AJPG",       "HEXTILE"};

/// Says what to do where a format has no answer, or two.
void check_answer(const PixelFormat& format) {
    CAPTURE(format.name, pixelformat_name(format.code));
    const bool in_table = !v4l2_formats(format.code).empty();
    const auto answers = static_cast<std::size_t>(in_table) + of_drivers_alone.count(format.name) +
                         bitstreams.count(format.name);
    CHECK(answers == 1);
    bool has_lines = false;
    for (const V4l2Format& row : v4l2_formats(format.code)) {
        CHECK(solver::format_info(row.fourcc));
        has_lines = has_lines || row.fourcc.is_v4l2();
    }
    // Asked for by its own code, everything else is its driver's to lay out.
    CHECK(solver::is_opaque(Fourcc::v4l2(format.code)) != has_lines);
}

} // namespace

TEST_CASE("every pixel format of Linux 6.12 is of a known kind") {
    CHECK(std::size(of_linux_6_12) == 242);
    for (const PixelFormat& format : of_linux_6_12)
        check_answer(format);
}

TEST_CASE("every pixel format of the installed kernel's header is of a known kind") {
    const std::vector<PixelFormat> formats = of_header();
    CHECK(formats.size() > 150);
    for (const PixelFormat& format : formats)
        check_answer(format);
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

TEST_CASE("what a Qualcomm decoder compresses is the compressed NV12 of its display") {
    const V4l2Format* format = find_v4l2_format(v4l2_fourcc('Q', '0', '8', 'C'));
    REQUIRE(format != nullptr);
    CHECK(format->fourcc == fourcc::nv12);
    CHECK(format->modifier == DRM_FORMAT_MOD_QCOM_COMPRESSED);
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
