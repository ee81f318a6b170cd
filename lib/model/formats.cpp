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

constexpr std::array rows{
    FormatInfo{fourcc::bytes, bytes_1},
    // Color index, darkness, red.
    FormatInfo{fourcc::c1, eighth_byte},
    FormatInfo{fourcc::c2, quarter_byte},
    FormatInfo{fourcc::c4, half_byte},
    FormatInfo{fourcc::c8, bytes_1},
    FormatInfo{fourcc::d1, eighth_byte},
    FormatInfo{fourcc::d2, quarter_byte},
    FormatInfo{fourcc::d4, half_byte},
    FormatInfo{fourcc::d8, bytes_1},
    FormatInfo{fourcc::r1, eighth_byte},
    FormatInfo{fourcc::r2, quarter_byte},
    FormatInfo{fourcc::r4, half_byte},
    FormatInfo{fourcc::r8, bytes_1},
    FormatInfo{fourcc::r10, bytes_2},
    FormatInfo{fourcc::r12, bytes_2},
    FormatInfo{fourcc::r16, bytes_2},
    // Red and green.
    FormatInfo{fourcc::rg88, bytes_2},
    FormatInfo{fourcc::gr88, bytes_2},
    FormatInfo{fourcc::rg1616, bytes_4},
    FormatInfo{fourcc::gr1616, bytes_4},
    // RGB of 8 and 16 bits.
    FormatInfo{fourcc::rgb332, bytes_1},
    FormatInfo{fourcc::bgr233, bytes_1},
    FormatInfo{fourcc::xrgb4444, bytes_2},
    FormatInfo{fourcc::xbgr4444, bytes_2},
    FormatInfo{fourcc::rgbx4444, bytes_2},
    FormatInfo{fourcc::bgrx4444, bytes_2},
    FormatInfo{fourcc::argb4444, bytes_2},
    FormatInfo{fourcc::abgr4444, bytes_2},
    FormatInfo{fourcc::rgba4444, bytes_2},
    FormatInfo{fourcc::bgra4444, bytes_2},
    FormatInfo{fourcc::xrgb1555, bytes_2},
    FormatInfo{fourcc::xbgr1555, bytes_2},
    FormatInfo{fourcc::rgbx5551, bytes_2},
    FormatInfo{fourcc::bgrx5551, bytes_2},
    FormatInfo{fourcc::argb1555, bytes_2},
    FormatInfo{fourcc::abgr1555, bytes_2},
    FormatInfo{fourcc::rgba5551, bytes_2},
    FormatInfo{fourcc::bgra5551, bytes_2},
    FormatInfo{fourcc::rgb565, bytes_2},
    FormatInfo{fourcc::bgr565, bytes_2},
    // RGB of 24 and 32 bits.
    FormatInfo{fourcc::rgb888, bytes_3},
    FormatInfo{fourcc::bgr888, bytes_3},
    FormatInfo{fourcc::xrgb8888, bytes_4},
    FormatInfo{fourcc::xbgr8888, bytes_4},
    FormatInfo{fourcc::rgbx8888, bytes_4},
    FormatInfo{fourcc::bgrx8888, bytes_4},
    FormatInfo{fourcc::argb8888, bytes_4},
    FormatInfo{fourcc::abgr8888, bytes_4},
    FormatInfo{fourcc::rgba8888, bytes_4},
    FormatInfo{fourcc::bgra8888, bytes_4},
    FormatInfo{fourcc::xrgb2101010, bytes_4},
    FormatInfo{fourcc::xbgr2101010, bytes_4},
    FormatInfo{fourcc::rgbx1010102, bytes_4},
    FormatInfo{fourcc::bgrx1010102, bytes_4},
    FormatInfo{fourcc::argb2101010, bytes_4},
    FormatInfo{fourcc::abgr2101010, bytes_4},
    FormatInfo{fourcc::rgba1010102, bytes_4},
    FormatInfo{fourcc::bgra1010102, bytes_4},
    // RGB of 48 and 64 bits.
    FormatInfo{fourcc::rgb161616, bytes_6},
    FormatInfo{fourcc::bgr161616, bytes_6},
    FormatInfo{fourcc::xrgb16161616, bytes_8},
    FormatInfo{fourcc::xbgr16161616, bytes_8},
    FormatInfo{fourcc::argb16161616, bytes_8},
    FormatInfo{fourcc::abgr16161616, bytes_8},
    FormatInfo{fourcc::axbxgxrx106106106106, bytes_8},
    // Floating point, IEEE 754 binary16 and binary32.
    FormatInfo{fourcc::xrgb16161616f, bytes_8},
    FormatInfo{fourcc::xbgr16161616f, bytes_8},
    FormatInfo{fourcc::argb16161616f, bytes_8},
    FormatInfo{fourcc::abgr16161616f, bytes_8},
    FormatInfo{fourcc::r16f, bytes_2},
    FormatInfo{fourcc::gr1616f, bytes_4},
    FormatInfo{fourcc::bgr161616f, bytes_6},
    FormatInfo{fourcc::r32f, bytes_4},
    FormatInfo{fourcc::gr3232f, bytes_8},
    FormatInfo{fourcc::bgr323232f, bytes_12},
    FormatInfo{fourcc::abgr32323232f, bytes_16},
    // RGB and a second plane of 8-bit alpha.
    FormatInfo{fourcc::xrgb8888_a8, bytes_4_alpha},
    FormatInfo{fourcc::xbgr8888_a8, bytes_4_alpha},
    FormatInfo{fourcc::rgbx8888_a8, bytes_4_alpha},
    FormatInfo{fourcc::bgrx8888_a8, bytes_4_alpha},
    FormatInfo{fourcc::rgb888_a8, bytes_3_alpha},
    FormatInfo{fourcc::bgr888_a8, bytes_3_alpha},
    FormatInfo{fourcc::rgb565_a8, bytes_2_alpha},
    FormatInfo{fourcc::bgr565_a8, bytes_2_alpha},
    // Luma only.
    FormatInfo{fourcc::y8, bytes_1},
    FormatInfo{fourcc::xyyy2101010, three_in_4},
    // Packed YCbCr 4:2:2.
    FormatInfo{fourcc::yuyv, packed_422},
    FormatInfo{fourcc::yvyu, packed_422},
    FormatInfo{fourcc::uyvy, packed_422},
    FormatInfo{fourcc::vyuy, packed_422},
    FormatInfo{fourcc::y210, packed_422_16bit},
    FormatInfo{fourcc::y212, packed_422_16bit},
    FormatInfo{fourcc::y216, packed_422_16bit},
    // Packed YCbCr 4:4:4.
    FormatInfo{fourcc::ayuv, bytes_4},
    FormatInfo{fourcc::avuy8888, bytes_4},
    FormatInfo{fourcc::xyuv8888, bytes_4},
    FormatInfo{fourcc::xvuy8888, bytes_4},
    FormatInfo{fourcc::vuy888, bytes_3},
    FormatInfo{fourcc::xvuy2101010, bytes_4},
    FormatInfo{fourcc::y410, bytes_4},
    FormatInfo{fourcc::y412, bytes_8},
    FormatInfo{fourcc::y416, bytes_8},
    FormatInfo{fourcc::xvyu2101010, bytes_4},
    FormatInfo{fourcc::xvyu12_16161616, bytes_8},
    FormatInfo{fourcc::xvyu16161616, bytes_8},
    // Packed YCbCr 4:2:0.
    FormatInfo{fourcc::y0l0, packed_420},
    FormatInfo{fourcc::x0l0, packed_420},
    FormatInfo{fourcc::y0l2, packed_420},
    FormatInfo{fourcc::x0l2, packed_420},
    // Y plane and interleaved chroma plane, 8 bits.
    FormatInfo{fourcc::nv12, semiplanar_420},
    FormatInfo{fourcc::nv21, semiplanar_420},
    FormatInfo{fourcc::nv16, semiplanar_422},
    FormatInfo{fourcc::nv61, semiplanar_422},
    FormatInfo{fourcc::nv24, semiplanar_444},
    FormatInfo{fourcc::nv42, semiplanar_444},
    // The same, 10 bits without padding.
    FormatInfo{fourcc::nv15, semiplanar_420_packed10},
    FormatInfo{fourcc::nv20, semiplanar_422_packed10},
    FormatInfo{fourcc::nv30, semiplanar_444_packed10},
    // The same, three samples of 10 bits in four bytes.
    FormatInfo{fourcc::p030, semiplanar_420_3in4},
    FormatInfo{fourcc::p230, semiplanar_422_3in4},
    // The same, in the upper bits of 16.
    FormatInfo{fourcc::p010, semiplanar_420_16bit},
    FormatInfo{fourcc::p012, semiplanar_420_16bit},
    FormatInfo{fourcc::p016, semiplanar_420_16bit},
    FormatInfo{fourcc::p210, semiplanar_422_16bit},
    // Three planes, 8 bits.
    FormatInfo{fourcc::yuv410, planar_410},
    FormatInfo{fourcc::yvu410, planar_410},
    FormatInfo{fourcc::yuv411, planar_411},
    FormatInfo{fourcc::yvu411, planar_411},
    FormatInfo{fourcc::yuv420, planar_420},
    FormatInfo{fourcc::yvu420, planar_420},
    FormatInfo{fourcc::yuv422, planar_422},
    FormatInfo{fourcc::yvu422, planar_422},
    FormatInfo{fourcc::yuv444, planar_444},
    FormatInfo{fourcc::yvu444, planar_444},
    // Three planes, in the upper bits of 16.
    FormatInfo{fourcc::q410, planar_444_16bit},
    FormatInfo{fourcc::q401, planar_444_16bit},
    // Three planes, in the lower bits of 16.
    FormatInfo{fourcc::s010, planar_420_16bit},
    FormatInfo{fourcc::s210, planar_422_16bit},
    FormatInfo{fourcc::s410, planar_444_16bit},
    FormatInfo{fourcc::s012, planar_420_16bit},
    FormatInfo{fourcc::s212, planar_422_16bit},
    FormatInfo{fourcc::s412, planar_444_16bit},
    FormatInfo{fourcc::s016, planar_420_16bit},
    FormatInfo{fourcc::s216, planar_422_16bit},
    FormatInfo{fourcc::s416, planar_444_16bit},
    // Three planes, three samples of 10 bits in four bytes.
    FormatInfo{fourcc::t430, planar_444_3in4},
};

/// By code, for the binary search.
constexpr auto table = [] {
    auto sorted = rows;
    std::sort(sorted.begin(), sorted.end(),
              [](const FormatInfo& a, const FormatInfo& b) { return a.fourcc < b.fourcc; });
    return sorted;
}();

// The layout of tiles is the modifier's business, and these have no other.
constexpr std::array tiled_only{fourcc::vuy101010, fourcc::yuv420_8bit, fourcc::yuv420_10bit};

/// Without alpha, with alpha.
constexpr std::array<std::pair<Fourcc, Fourcc>, 27> alpha_pairs{{
    {fourcc::xrgb4444, fourcc::argb4444},
    {fourcc::xbgr4444, fourcc::abgr4444},
    {fourcc::rgbx4444, fourcc::rgba4444},
    {fourcc::bgrx4444, fourcc::bgra4444},
    {fourcc::xrgb1555, fourcc::argb1555},
    {fourcc::xbgr1555, fourcc::abgr1555},
    {fourcc::rgbx5551, fourcc::rgba5551},
    {fourcc::bgrx5551, fourcc::bgra5551},
    {fourcc::xrgb8888, fourcc::argb8888},
    {fourcc::xbgr8888, fourcc::abgr8888},
    {fourcc::rgbx8888, fourcc::rgba8888},
    {fourcc::bgrx8888, fourcc::bgra8888},
    {fourcc::xrgb2101010, fourcc::argb2101010},
    {fourcc::xbgr2101010, fourcc::abgr2101010},
    {fourcc::rgbx1010102, fourcc::rgba1010102},
    {fourcc::bgrx1010102, fourcc::bgra1010102},
    {fourcc::xrgb16161616, fourcc::argb16161616},
    {fourcc::xbgr16161616, fourcc::abgr16161616},
    {fourcc::xrgb16161616f, fourcc::argb16161616f},
    {fourcc::xbgr16161616f, fourcc::abgr16161616f},
    {fourcc::xyuv8888, fourcc::ayuv},
    {fourcc::xvuy8888, fourcc::avuy8888},
    {fourcc::xvyu2101010, fourcc::y410},
    {fourcc::xvyu12_16161616, fourcc::y412},
    {fourcc::xvyu16161616, fourcc::y416},
    {fourcc::x0l0, fourcc::y0l0},
    {fourcc::x0l2, fourcc::y0l2},
}};

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
    return std::find(tiled_only.begin(), tiled_only.end(), fourcc) != tiled_only.end();
}

std::optional<Fourcc> alpha_sibling(Fourcc fourcc) {
    for (const auto& [opaque, alpha] : alpha_pairs) {
        if (fourcc == opaque)
            return alpha;
        if (fourcc == alpha)
            return opaque;
    }
    return std::nullopt;
}

} // namespace simplealloc::solver
