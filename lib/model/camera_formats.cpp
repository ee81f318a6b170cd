// SPDX-License-Identifier: MIT
// The table of V4L2's own formats; geometry as pixfmt-*.rst of the kernel describes the codes.
#include "lib/model/camera_formats.hpp"

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

using Geometry = std::array<PlaneGeometry, 1>;

constexpr Geometry bytes_1{{{1, 1, 1}}};
constexpr Geometry bytes_2{{{2, 1, 1}}};
constexpr Geometry bytes_3{{{3, 1, 1}}};
constexpr Geometry bytes_4{{{4, 1, 1}}};
constexpr Geometry bytes_6{{{6, 1, 1}}};
constexpr Geometry bytes_8{{{8, 1, 1}}};
constexpr Geometry half_byte{{{1, 2, 1}}};
// CSI-2: the upper eight bits of each sample, then the lower ones of all together.
constexpr Geometry packed_10{{{5, 4, 1}}};
constexpr Geometry packed_12{{{3, 2, 1}}};
constexpr Geometry packed_14{{{7, 4, 1}}};
/// 25 samples of 10 bits, and 6 bits of nothing.
constexpr Geometry ipu3{{{32, 25, 1}}};
constexpr Geometry packed_411{{{12, 8, 1}}};

constexpr std::uint32_t big_endian = 1U << 31U;

constexpr FormatInfo row(const char (&code)[5], const Geometry& geometry, std::uint32_t order = 0) {
    return {Fourcc::v4l2(Fourcc(code[0], code[1], code[2], code[3]).value | order), geometry};
}

constexpr std::array rows{
    // Bayer, each in the order BGGR, GBRG, GRBG, RGGB. 8 bits.
    row("BA81", bytes_1),
    row("GBRG", bytes_1),
    row("GRBG", bytes_1),
    row("RGGB", bytes_1),
    // 10, 12 and 14 bits in the lower part of 16, then 16 bits.
    row("BG10", bytes_2),
    row("GB10", bytes_2),
    row("BA10", bytes_2),
    row("RG10", bytes_2),
    row("BG12", bytes_2),
    row("GB12", bytes_2),
    row("BA12", bytes_2),
    row("RG12", bytes_2),
    row("BG14", bytes_2),
    row("GB14", bytes_2),
    row("GR14", bytes_2),
    row("RG14", bytes_2),
    row("BYR2", bytes_2),
    row("GB16", bytes_2),
    row("GR16", bytes_2),
    row("RG16", bytes_2),
    // 10, 12 and 14 bits packed as they come over CSI-2.
    row("pBAA", packed_10),
    row("pGAA", packed_10),
    row("pgAA", packed_10),
    row("pRAA", packed_10),
    row("pBCC", packed_12),
    row("pGCC", packed_12),
    row("pgCC", packed_12),
    row("pRCC", packed_12),
    row("pBEE", packed_14),
    row("pGEE", packed_14),
    row("pgEE", packed_14),
    row("pREE", packed_14),
    // 10 bits made 8 by A-law and by DPCM: a byte for each sample.
    row("aBA8", bytes_1),
    row("aGA8", bytes_1),
    row("agA8", bytes_1),
    row("aRA8", bytes_1),
    row("bBA8", bytes_1),
    row("bGA8", bytes_1),
    row("BD10", bytes_1),
    row("bRA8", bytes_1),
    // 10 bits as Intel's IPU3 packs them, gray last.
    row("ip3b", ipu3),
    row("ip3g", ipu3),
    row("ip3G", ipu3),
    row("ip3r", ipu3),
    row("ip3y", ipu3),
    // Gray: 4 and 6 bits in a byte, 12 in the upper part of 16, 14 in the lower, 16 big-endian.
    row("Y04 ", bytes_1),
    row("Y06 ", bytes_1),
    row("Y012", bytes_2),
    row("Y14 ", bytes_2),
    row("Y16 ", bytes_2, big_endian),
    // Packed, and left and right interleaved.
    row("Y10B", packed_10),
    row("Y10P", packed_10),
    row("Y12P", packed_12),
    row("Y14P", packed_14),
    row("Y8I ", bytes_2),
    row("Y12I", bytes_3),
    // Depth, and how sure it is.
    row("Z16 ", bytes_2),
    row("CNF4", half_byte),
    // RGB and HSV.
    row("RGBQ", bytes_2),
    row("AR15", bytes_2, big_endian),
    row("XR15", bytes_2, big_endian),
    row("RGBR", bytes_2),
    row("BGRH", bytes_4),
    row("HI24", bytes_1),
    row("B312", bytes_6),
    row("B412", bytes_8),
    row("HSV3", bytes_3),
    row("HSV4", bytes_4),
    // YUV.
    row("Y444", bytes_2),
    row("YUVO", bytes_2),
    row("YUVP", bytes_2),
    row("YUV4", bytes_4),
    row("AYUV", bytes_4),
    row("XYUV", bytes_4),
    row("Y312", bytes_6),
    row("Y41P", packed_411),
};

/// By code, for the binary search.
constexpr auto table = [] {
    auto sorted = rows;
    std::sort(sorted.begin(), sorted.end(),
              [](const FormatInfo& a, const FormatInfo& b) { return a.fourcc < b.fourcc; });
    return sorted;
}();

} // namespace

std::span<const FormatInfo> camera_formats() {
    return table;
}

} // namespace simplealloc::solver
