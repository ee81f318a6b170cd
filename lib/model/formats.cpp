// SPDX-License-Identifier: MIT
// The table of formats that can be laid out; geometry as drm_fourcc.h describes the codes.
#include "lib/model/formats.hpp"

#include "lib/model/camera_formats.hpp"

#include <simplealloc/constraints.hpp>

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

template <std::size_t planes>
using Geometry = std::array<PlaneGeometry, planes>;

// Pixels of a whole number of bytes, or several in a byte or a word.
constexpr Geometry<1> eighth_byte{{{1, 8, 1}}};
constexpr Geometry<1> quarter_byte{{{1, 4, 1}}};
constexpr Geometry<1> half_byte{{{1, 2, 1}}};
constexpr Geometry<1> bytes_1{{{1, 1, 1}}};
constexpr Geometry<1> bytes_2{{{2, 1, 1}}};
constexpr Geometry<1> bytes_3{{{3, 1, 1}}};
constexpr Geometry<1> bytes_4{{{4, 1, 1}}};
constexpr Geometry<1> bytes_6{{{6, 1, 1}}};
constexpr Geometry<1> bytes_8{{{8, 1, 1}}};
constexpr Geometry<1> bytes_12{{{12, 1, 1}}};
constexpr Geometry<1> bytes_16{{{16, 1, 1}}};
constexpr Geometry<1> three_in_4{{{4, 3, 1}}};
constexpr Geometry<2> bytes_2_alpha{{{2, 1, 1}, {1, 1, 1}}};
constexpr Geometry<2> bytes_3_alpha{{{3, 1, 1}, {1, 1, 1}}};
constexpr Geometry<2> bytes_4_alpha{{{4, 1, 1}, {1, 1, 1}}};

constexpr Geometry<1> packed_422{{{4, 2, 1}}};
constexpr Geometry<1> packed_422_16bit{{{8, 2, 1}}};
constexpr Geometry<1> packed_420{{{8, 2, 2, 2}}};

constexpr Geometry<2> semiplanar_420{{{1, 1, 1}, {2, 2, 2}}};
constexpr Geometry<2> semiplanar_422{{{1, 1, 1}, {2, 2, 1}}};
constexpr Geometry<2> semiplanar_444{{{1, 1, 1}, {2, 1, 1}}};
constexpr Geometry<2> semiplanar_420_16bit{{{2, 1, 1}, {4, 2, 2}}};
constexpr Geometry<2> semiplanar_422_16bit{{{2, 1, 1}, {4, 2, 1}}};
// Four samples of 10 bits in five bytes: four of Y, or two pairs of chroma.
constexpr Geometry<2> semiplanar_420_packed10{{{5, 4, 1}, {5, 4, 2}}};
constexpr Geometry<2> semiplanar_422_packed10{{{5, 4, 1}, {5, 4, 1}}};
constexpr Geometry<2> semiplanar_444_packed10{{{5, 4, 1}, {5, 2, 1}}};
// Three samples of 10 bits in four bytes, three pairs of chroma in eight.
constexpr Geometry<2> semiplanar_420_3in4{{{4, 3, 1}, {8, 6, 2}}};
constexpr Geometry<2> semiplanar_422_3in4{{{4, 3, 1}, {8, 6, 1}}};

constexpr Geometry<3> planar_410{{{1, 1, 1}, {1, 4, 4}, {1, 4, 4}}};
constexpr Geometry<3> planar_411{{{1, 1, 1}, {1, 4, 1}, {1, 4, 1}}};
constexpr Geometry<3> planar_420{{{1, 1, 1}, {1, 2, 2}, {1, 2, 2}}};
constexpr Geometry<3> planar_422{{{1, 1, 1}, {1, 2, 1}, {1, 2, 1}}};
constexpr Geometry<3> planar_444{{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}};
constexpr Geometry<3> planar_420_16bit{{{2, 1, 1}, {2, 2, 2}, {2, 2, 2}}};
constexpr Geometry<3> planar_422_16bit{{{2, 1, 1}, {2, 2, 1}, {2, 2, 1}}};
constexpr Geometry<3> planar_444_16bit{{{2, 1, 1}, {2, 1, 1}, {2, 1, 1}}};
/// Of an opaque image, as many as there can be.
constexpr Geometry<max_planes> any_planes{{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}};

constexpr Geometry<3> planar_444_3in4{{{4, 3, 1}, {4, 3, 1}, {4, 3, 1}}};

struct Row {
    std::string_view name; ///< behind DRM_FORMAT_
    FormatInfo info;
    std::optional<Fourcc> alpha = {}; ///< the same with alpha, where this one has none
};

constexpr std::array rows{
    Row{"", {fourcc::bytes, bytes_1}},
    // Color index, darkness, red.
    Row{"C1", {fourcc::c1, eighth_byte}},
    Row{"C2", {fourcc::c2, quarter_byte}},
    Row{"C4", {fourcc::c4, half_byte}},
    Row{"C8", {fourcc::c8, bytes_1}},
    Row{"D1", {fourcc::d1, eighth_byte}},
    Row{"D2", {fourcc::d2, quarter_byte}},
    Row{"D4", {fourcc::d4, half_byte}},
    Row{"D8", {fourcc::d8, bytes_1}},
    Row{"R1", {fourcc::r1, eighth_byte}},
    Row{"R2", {fourcc::r2, quarter_byte}},
    Row{"R4", {fourcc::r4, half_byte}},
    Row{"R8", {fourcc::r8, bytes_1}},
    Row{"R10", {fourcc::r10, bytes_2}},
    Row{"R12", {fourcc::r12, bytes_2}},
    Row{"R16", {fourcc::r16, bytes_2}},
    // Red and green.
    Row{"RG88", {fourcc::rg88, bytes_2}},
    Row{"GR88", {fourcc::gr88, bytes_2}},
    Row{"RG1616", {fourcc::rg1616, bytes_4}},
    Row{"GR1616", {fourcc::gr1616, bytes_4}},
    // RGB of 8 and 16 bits.
    Row{"RGB332", {fourcc::rgb332, bytes_1}},
    Row{"BGR233", {fourcc::bgr233, bytes_1}},
    Row{"XRGB4444", {fourcc::xrgb4444, bytes_2}, fourcc::argb4444},
    Row{"XBGR4444", {fourcc::xbgr4444, bytes_2}, fourcc::abgr4444},
    Row{"RGBX4444", {fourcc::rgbx4444, bytes_2}, fourcc::rgba4444},
    Row{"BGRX4444", {fourcc::bgrx4444, bytes_2}, fourcc::bgra4444},
    Row{"ARGB4444", {fourcc::argb4444, bytes_2}},
    Row{"ABGR4444", {fourcc::abgr4444, bytes_2}},
    Row{"RGBA4444", {fourcc::rgba4444, bytes_2}},
    Row{"BGRA4444", {fourcc::bgra4444, bytes_2}},
    Row{"XRGB1555", {fourcc::xrgb1555, bytes_2}, fourcc::argb1555},
    Row{"XBGR1555", {fourcc::xbgr1555, bytes_2}, fourcc::abgr1555},
    Row{"RGBX5551", {fourcc::rgbx5551, bytes_2}, fourcc::rgba5551},
    Row{"BGRX5551", {fourcc::bgrx5551, bytes_2}, fourcc::bgra5551},
    Row{"ARGB1555", {fourcc::argb1555, bytes_2}},
    Row{"ABGR1555", {fourcc::abgr1555, bytes_2}},
    Row{"RGBA5551", {fourcc::rgba5551, bytes_2}},
    Row{"BGRA5551", {fourcc::bgra5551, bytes_2}},
    Row{"RGB565", {fourcc::rgb565, bytes_2}},
    Row{"BGR565", {fourcc::bgr565, bytes_2}},
    // RGB of 24 and 32 bits.
    Row{"RGB888", {fourcc::rgb888, bytes_3}},
    Row{"BGR888", {fourcc::bgr888, bytes_3}},
    Row{"XRGB8888", {fourcc::xrgb8888, bytes_4}, fourcc::argb8888},
    Row{"XBGR8888", {fourcc::xbgr8888, bytes_4}, fourcc::abgr8888},
    Row{"RGBX8888", {fourcc::rgbx8888, bytes_4}, fourcc::rgba8888},
    Row{"BGRX8888", {fourcc::bgrx8888, bytes_4}, fourcc::bgra8888},
    Row{"ARGB8888", {fourcc::argb8888, bytes_4}},
    Row{"ABGR8888", {fourcc::abgr8888, bytes_4}},
    Row{"RGBA8888", {fourcc::rgba8888, bytes_4}},
    Row{"BGRA8888", {fourcc::bgra8888, bytes_4}},
    Row{"XRGB2101010", {fourcc::xrgb2101010, bytes_4}, fourcc::argb2101010},
    Row{"XBGR2101010", {fourcc::xbgr2101010, bytes_4}, fourcc::abgr2101010},
    Row{"RGBX1010102", {fourcc::rgbx1010102, bytes_4}, fourcc::rgba1010102},
    Row{"BGRX1010102", {fourcc::bgrx1010102, bytes_4}, fourcc::bgra1010102},
    Row{"ARGB2101010", {fourcc::argb2101010, bytes_4}},
    Row{"ABGR2101010", {fourcc::abgr2101010, bytes_4}},
    Row{"RGBA1010102", {fourcc::rgba1010102, bytes_4}},
    Row{"BGRA1010102", {fourcc::bgra1010102, bytes_4}},
    // RGB of 48 and 64 bits.
    Row{"RGB161616", {fourcc::rgb161616, bytes_6}},
    Row{"BGR161616", {fourcc::bgr161616, bytes_6}},
    Row{"XRGB16161616", {fourcc::xrgb16161616, bytes_8}, fourcc::argb16161616},
    Row{"XBGR16161616", {fourcc::xbgr16161616, bytes_8}, fourcc::abgr16161616},
    Row{"ARGB16161616", {fourcc::argb16161616, bytes_8}},
    Row{"ABGR16161616", {fourcc::abgr16161616, bytes_8}},
    Row{"AXBXGXRX106106106106", {fourcc::axbxgxrx106106106106, bytes_8}},
    // Floating point, IEEE 754 binary16 and binary32.
    Row{"XRGB16161616F", {fourcc::xrgb16161616f, bytes_8}, fourcc::argb16161616f},
    Row{"XBGR16161616F", {fourcc::xbgr16161616f, bytes_8}, fourcc::abgr16161616f},
    Row{"ARGB16161616F", {fourcc::argb16161616f, bytes_8}},
    Row{"ABGR16161616F", {fourcc::abgr16161616f, bytes_8}},
    Row{"R16F", {fourcc::r16f, bytes_2}},
    Row{"GR1616F", {fourcc::gr1616f, bytes_4}},
    Row{"BGR161616F", {fourcc::bgr161616f, bytes_6}},
    Row{"R32F", {fourcc::r32f, bytes_4}},
    Row{"GR3232F", {fourcc::gr3232f, bytes_8}},
    Row{"BGR323232F", {fourcc::bgr323232f, bytes_12}},
    Row{"ABGR32323232F", {fourcc::abgr32323232f, bytes_16}},
    // RGB and a second plane of 8-bit alpha.
    Row{"XRGB8888_A8", {fourcc::xrgb8888_a8, bytes_4_alpha}},
    Row{"XBGR8888_A8", {fourcc::xbgr8888_a8, bytes_4_alpha}},
    Row{"RGBX8888_A8", {fourcc::rgbx8888_a8, bytes_4_alpha}},
    Row{"BGRX8888_A8", {fourcc::bgrx8888_a8, bytes_4_alpha}},
    Row{"RGB888_A8", {fourcc::rgb888_a8, bytes_3_alpha}},
    Row{"BGR888_A8", {fourcc::bgr888_a8, bytes_3_alpha}},
    Row{"RGB565_A8", {fourcc::rgb565_a8, bytes_2_alpha}},
    Row{"BGR565_A8", {fourcc::bgr565_a8, bytes_2_alpha}},
    // Luma only.
    Row{"Y8", {fourcc::y8, bytes_1}},
    Row{"XYYY2101010", {fourcc::xyyy2101010, three_in_4}},
    // Packed YCbCr 4:2:2.
    Row{"YUYV", {fourcc::yuyv, packed_422}},
    Row{"YVYU", {fourcc::yvyu, packed_422}},
    Row{"UYVY", {fourcc::uyvy, packed_422}},
    Row{"VYUY", {fourcc::vyuy, packed_422}},
    Row{"Y210", {fourcc::y210, packed_422_16bit}},
    Row{"Y212", {fourcc::y212, packed_422_16bit}},
    Row{"Y216", {fourcc::y216, packed_422_16bit}},
    // Packed YCbCr 4:4:4.
    Row{"AYUV", {fourcc::ayuv, bytes_4}},
    Row{"AVUY8888", {fourcc::avuy8888, bytes_4}},
    Row{"XYUV8888", {fourcc::xyuv8888, bytes_4}, fourcc::ayuv},
    Row{"XVUY8888", {fourcc::xvuy8888, bytes_4}, fourcc::avuy8888},
    Row{"VUY888", {fourcc::vuy888, bytes_3}},
    Row{"XVUY2101010", {fourcc::xvuy2101010, bytes_4}},
    Row{"Y410", {fourcc::y410, bytes_4}},
    Row{"Y412", {fourcc::y412, bytes_8}},
    Row{"Y416", {fourcc::y416, bytes_8}},
    Row{"XVYU2101010", {fourcc::xvyu2101010, bytes_4}, fourcc::y410},
    Row{"XVYU12_16161616", {fourcc::xvyu12_16161616, bytes_8}, fourcc::y412},
    Row{"XVYU16161616", {fourcc::xvyu16161616, bytes_8}, fourcc::y416},
    // Packed YCbCr 4:2:0.
    Row{"Y0L0", {fourcc::y0l0, packed_420}},
    Row{"X0L0", {fourcc::x0l0, packed_420}, fourcc::y0l0},
    Row{"Y0L2", {fourcc::y0l2, packed_420}},
    Row{"X0L2", {fourcc::x0l2, packed_420}, fourcc::y0l2},
    // Y plane and interleaved chroma plane, 8 bits.
    Row{"NV12", {fourcc::nv12, semiplanar_420}},
    Row{"NV21", {fourcc::nv21, semiplanar_420}},
    Row{"NV16", {fourcc::nv16, semiplanar_422}},
    Row{"NV61", {fourcc::nv61, semiplanar_422}},
    Row{"NV24", {fourcc::nv24, semiplanar_444}},
    Row{"NV42", {fourcc::nv42, semiplanar_444}},
    // The same, 10 bits without padding.
    Row{"NV15", {fourcc::nv15, semiplanar_420_packed10}},
    Row{"NV20", {fourcc::nv20, semiplanar_422_packed10}},
    Row{"NV30", {fourcc::nv30, semiplanar_444_packed10}},
    // The same, three samples of 10 bits in four bytes.
    Row{"P030", {fourcc::p030, semiplanar_420_3in4}},
    Row{"P230", {fourcc::p230, semiplanar_422_3in4}},
    // The same, in the upper bits of 16.
    Row{"P010", {fourcc::p010, semiplanar_420_16bit}},
    Row{"P012", {fourcc::p012, semiplanar_420_16bit}},
    Row{"P016", {fourcc::p016, semiplanar_420_16bit}},
    Row{"P210", {fourcc::p210, semiplanar_422_16bit}},
    // Three planes, 8 bits.
    Row{"YUV410", {fourcc::yuv410, planar_410}},
    Row{"YVU410", {fourcc::yvu410, planar_410}},
    Row{"YUV411", {fourcc::yuv411, planar_411}},
    Row{"YVU411", {fourcc::yvu411, planar_411}},
    Row{"YUV420", {fourcc::yuv420, planar_420}},
    Row{"YVU420", {fourcc::yvu420, planar_420}},
    Row{"YUV422", {fourcc::yuv422, planar_422}},
    Row{"YVU422", {fourcc::yvu422, planar_422}},
    Row{"YUV444", {fourcc::yuv444, planar_444}},
    Row{"YVU444", {fourcc::yvu444, planar_444}},
    // Three planes, in the upper bits of 16.
    Row{"Q410", {fourcc::q410, planar_444_16bit}},
    Row{"Q401", {fourcc::q401, planar_444_16bit}},
    // Three planes, in the lower bits of 16.
    Row{"S010", {fourcc::s010, planar_420_16bit}},
    Row{"S210", {fourcc::s210, planar_422_16bit}},
    Row{"S410", {fourcc::s410, planar_444_16bit}},
    Row{"S012", {fourcc::s012, planar_420_16bit}},
    Row{"S212", {fourcc::s212, planar_422_16bit}},
    Row{"S412", {fourcc::s412, planar_444_16bit}},
    Row{"S016", {fourcc::s016, planar_420_16bit}},
    Row{"S216", {fourcc::s216, planar_422_16bit}},
    Row{"S416", {fourcc::s416, planar_444_16bit}},
    // Three planes, three samples of 10 bits in four bytes.
    Row{"T430", {fourcc::t430, planar_444_3in4}},
};

/// By code, for the binary search.
constexpr auto table = [] {
    std::array<FormatInfo, rows.size()> sorted;
    std::transform(rows.begin(), rows.end(), sorted.begin(),
                   [](const Row& row) { return row.info; });
    std::sort(sorted.begin(), sorted.end(),
              [](const FormatInfo& a, const FormatInfo& b) { return a.fourcc < b.fourcc; });
    return sorted;
}();

// The layout of tiles is the modifier's business, and these have no other.
constexpr std::array tiled_only{
    Row{"VUY101010", {fourcc::vuy101010, {}}},
    Row{"YUV420_8BIT", {fourcc::yuv420_8bit, {}}},
    Row{"YUV420_10BIT", {fourcc::yuv420_10bit, {}}},
};

/// Of any other number nobody knows what it stands for. The uppermost bit says big-endian.
constexpr bool has_characters(std::uint32_t code) {
    for (std::uint32_t rest = code & 0x7fffffffU, i = 0; i < 4; rest >>= 8U, ++i)
        if ((rest & 0xffU) < ' ' || (rest & 0xffU) > '~')
            return false;
    return true;
}

} // namespace

std::span<const FormatInfo> formats() {
    return table;
}

std::optional<FormatInfo> format_info(Fourcc fourcc) {
    const std::span<const FormatInfo> list = fourcc.is_v4l2() ? camera_formats() : formats();
    const auto row =
        std::lower_bound(list.begin(), list.end(), fourcc,
                         [](const FormatInfo& f, Fourcc code) { return f.fourcc < code; });
    if (row != list.end() && row->fourcc == fourcc)
        return *row;
    if (fourcc.is_v4l2() && has_characters(fourcc.v4l2_code()))
        return FormatInfo{fourcc, any_planes, true};
    return std::nullopt;
}

bool is_opaque(Fourcc fourcc) {
    const auto info = format_info(fourcc);
    return info && info->opaque;
}

bool never_linear(Fourcc fourcc) {
    return std::any_of(tiled_only.begin(), tiled_only.end(),
                       [&](const Row& row) { return row.info.fourcc == fourcc; });
}

std::optional<Fourcc> format_named(std::string_view name) {
    for (const std::span<const Row> list :
         {std::span<const Row>(rows), std::span<const Row>(tiled_only)})
        for (const Row& row : list)
            if (!name.empty() && row.name == name)
                return row.info.fourcc;
    return std::nullopt;
}

std::optional<Fourcc> alpha_sibling(Fourcc fourcc) {
    for (const Row& row : rows) {
        if (row.alpha == fourcc)
            return row.info.fourcc;
        if (row.info.fourcc == fourcc && row.alpha)
            return row.alpha;
    }
    return std::nullopt;
}

} // namespace simplealloc::solver
