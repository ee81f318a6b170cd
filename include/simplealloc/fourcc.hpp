// SPDX-License-Identifier: MIT
// Pixel formats as DRM names them, and V4L2 those that DRM has no name for.
#pragma once

#include <simplealloc/api.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simplealloc {

/// A DRM pixel format code (include/uapi/drm/drm_fourcc.h). Zero means a plain run of bytes.
///
/// A code of V4L2 (V4L2_PIX_FMT_*) is marked, since the two spaces overlap without agreeing: `RG16`
/// is RGB565 in DRM and 16-bit Bayer in V4L2. It stands for images that no DRM device knows: Bayer,
/// bitstreams, tiles that have no modifier.
struct Fourcc {
    std::uint32_t value = 0; ///< the code

    constexpr Fourcc() = default;
    /// From a code, e.g. DRM_FORMAT_XRGB8888.
    constexpr explicit Fourcc(std::uint32_t code) : value(code) {}
    /// From the code's characters, e.g. `'X', 'R', '2', '4'`.
    constexpr Fourcc(char a, char b, char c, char d)
        : value(static_cast<std::uint32_t>(static_cast<unsigned char>(a)) |
                static_cast<std::uint32_t>(static_cast<unsigned char>(b)) << 8U |
                static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 16U |
                static_cast<std::uint32_t>(static_cast<unsigned char>(d)) << 24U) {}

    /// From a code of V4L2, e.g. V4L2_PIX_FMT_H264.
    static constexpr Fourcc v4l2(std::uint32_t pixelformat) {
        return Fourcc(pixelformat | v4l2_mark);
    }
    /// Whether it is a code of V4L2.
    [[nodiscard]] constexpr bool is_v4l2() const { return (value & v4l2_mark) != 0; }
    /// The code as V4L2 has it; only of one that is V4L2's.
    [[nodiscard]] constexpr std::uint32_t v4l2_code() const { return value & ~v4l2_mark; }

    auto operator<=>(const Fourcc&) const = default;

    /// Reads the name of a format (`XRGB8888`, `DRM_FORMAT_XRGB8888`), or one to four printable
    /// characters of its code, short ones padded with spaces as DRM does (`R8`). Some codes have
    /// spaces inside (`R  H`). A code of V4L2 comes after `v4l2:` (`v4l2:H264`), a big-endian one
    /// ends in `-BE`.
    SIMPLEALLOC_API static std::optional<Fourcc> parse(std::string_view text);

    /// What marks a code of V4L2 in `value`: the characters of all codes have seven bits.
    static constexpr std::uint32_t v4l2_mark = 0x80;
};

/// The code's characters, behind `v4l2:` for one of V4L2, or `bytes` for zero; unprintable ones as
/// `0x%08x`.
SIMPLEALLOC_API std::string to_string(Fourcc fourcc);

/// Every format of drm_fourcc.h up to Linux 7.1 by its DRM name. `[31:0] x:R:G:B 8:8:8:8` draws the
/// bits of a little-endian word from the top, as drm_fourcc.h does.
namespace fourcc {
inline constexpr Fourcc bytes{}; ///< a plain run of bytes, no pixels

// Color index, darkness, red: pixels of a byte from its top bit down.
inline constexpr Fourcc c1{'C', '1', ' ', ' '};  ///< 8 pixels in a byte
inline constexpr Fourcc c2{'C', '2', ' ', ' '};  ///< 4 pixels in a byte
inline constexpr Fourcc c4{'C', '4', ' ', ' '};  ///< 2 pixels in a byte
inline constexpr Fourcc c8{'C', '8', ' ', ' '};  ///< a byte
inline constexpr Fourcc d1{'D', '1', ' ', ' '};  ///< 8 pixels in a byte, 1 is dark
inline constexpr Fourcc d2{'D', '2', ' ', ' '};  ///< 4 pixels in a byte, 3 is dark
inline constexpr Fourcc d4{'D', '4', ' ', ' '};  ///< 2 pixels in a byte, 15 is dark
inline constexpr Fourcc d8{'D', '8', ' ', ' '};  ///< a byte, 255 is dark
inline constexpr Fourcc r1{'R', '1', ' ', ' '};  ///< 8 pixels in a byte
inline constexpr Fourcc r2{'R', '2', ' ', ' '};  ///< 4 pixels in a byte
inline constexpr Fourcc r4{'R', '4', ' ', ' '};  ///< 2 pixels in a byte
inline constexpr Fourcc r8{'R', '8', ' ', ' '};  ///< a byte
inline constexpr Fourcc r10{'R', '1', '0', ' '}; ///< [15:0] x:R 6:10
inline constexpr Fourcc r12{'R', '1', '2', ' '}; ///< [15:0] x:R 4:12
inline constexpr Fourcc r16{'R', '1', '6', ' '}; ///< [15:0] R

// Red and green.
inline constexpr Fourcc rg88{'R', 'G', '8', '8'};   ///< [15:0] R:G 8:8
inline constexpr Fourcc gr88{'G', 'R', '8', '8'};   ///< [15:0] G:R 8:8
inline constexpr Fourcc rg1616{'R', 'G', '3', '2'}; ///< [31:0] R:G 16:16
inline constexpr Fourcc gr1616{'G', 'R', '3', '2'}; ///< [31:0] G:R 16:16

// RGB of 8 and 16 bits.
inline constexpr Fourcc rgb332{'R', 'G', 'B', '8'};   ///< [7:0] R:G:B 3:3:2
inline constexpr Fourcc bgr233{'B', 'G', 'R', '8'};   ///< [7:0] B:G:R 2:3:3
inline constexpr Fourcc xrgb4444{'X', 'R', '1', '2'}; ///< [15:0] x:R:G:B 4:4:4:4
inline constexpr Fourcc xbgr4444{'X', 'B', '1', '2'}; ///< [15:0] x:B:G:R 4:4:4:4
inline constexpr Fourcc rgbx4444{'R', 'X', '1', '2'}; ///< [15:0] R:G:B:x 4:4:4:4
inline constexpr Fourcc bgrx4444{'B', 'X', '1', '2'}; ///< [15:0] B:G:R:x 4:4:4:4
inline constexpr Fourcc argb4444{'A', 'R', '1', '2'}; ///< [15:0] A:R:G:B 4:4:4:4
inline constexpr Fourcc abgr4444{'A', 'B', '1', '2'}; ///< [15:0] A:B:G:R 4:4:4:4
inline constexpr Fourcc rgba4444{'R', 'A', '1', '2'}; ///< [15:0] R:G:B:A 4:4:4:4
inline constexpr Fourcc bgra4444{'B', 'A', '1', '2'}; ///< [15:0] B:G:R:A 4:4:4:4
inline constexpr Fourcc xrgb1555{'X', 'R', '1', '5'}; ///< [15:0] x:R:G:B 1:5:5:5
inline constexpr Fourcc xbgr1555{'X', 'B', '1', '5'}; ///< [15:0] x:B:G:R 1:5:5:5
inline constexpr Fourcc rgbx5551{'R', 'X', '1', '5'}; ///< [15:0] R:G:B:x 5:5:5:1
inline constexpr Fourcc bgrx5551{'B', 'X', '1', '5'}; ///< [15:0] B:G:R:x 5:5:5:1
inline constexpr Fourcc argb1555{'A', 'R', '1', '5'}; ///< [15:0] A:R:G:B 1:5:5:5
inline constexpr Fourcc abgr1555{'A', 'B', '1', '5'}; ///< [15:0] A:B:G:R 1:5:5:5
inline constexpr Fourcc rgba5551{'R', 'A', '1', '5'}; ///< [15:0] R:G:B:A 5:5:5:1
inline constexpr Fourcc bgra5551{'B', 'A', '1', '5'}; ///< [15:0] B:G:R:A 5:5:5:1
inline constexpr Fourcc rgb565{'R', 'G', '1', '6'};   ///< [15:0] R:G:B 5:6:5
inline constexpr Fourcc bgr565{'B', 'G', '1', '6'};   ///< [15:0] B:G:R 5:6:5

// RGB of 24 and 32 bits.
inline constexpr Fourcc rgb888{'R', 'G', '2', '4'};      ///< [23:0] R:G:B
inline constexpr Fourcc bgr888{'B', 'G', '2', '4'};      ///< [23:0] B:G:R
inline constexpr Fourcc xrgb8888{'X', 'R', '2', '4'};    ///< [31:0] x:R:G:B 8:8:8:8
inline constexpr Fourcc xbgr8888{'X', 'B', '2', '4'};    ///< [31:0] x:B:G:R 8:8:8:8
inline constexpr Fourcc rgbx8888{'R', 'X', '2', '4'};    ///< [31:0] R:G:B:x 8:8:8:8
inline constexpr Fourcc bgrx8888{'B', 'X', '2', '4'};    ///< [31:0] B:G:R:x 8:8:8:8
inline constexpr Fourcc argb8888{'A', 'R', '2', '4'};    ///< [31:0] A:R:G:B 8:8:8:8
inline constexpr Fourcc abgr8888{'A', 'B', '2', '4'};    ///< [31:0] A:B:G:R 8:8:8:8
inline constexpr Fourcc rgba8888{'R', 'A', '2', '4'};    ///< [31:0] R:G:B:A 8:8:8:8
inline constexpr Fourcc bgra8888{'B', 'A', '2', '4'};    ///< [31:0] B:G:R:A 8:8:8:8
inline constexpr Fourcc xrgb2101010{'X', 'R', '3', '0'}; ///< [31:0] x:R:G:B 2:10:10:10
inline constexpr Fourcc xbgr2101010{'X', 'B', '3', '0'}; ///< [31:0] x:B:G:R 2:10:10:10
inline constexpr Fourcc rgbx1010102{'R', 'X', '3', '0'}; ///< [31:0] R:G:B:x 10:10:10:2
inline constexpr Fourcc bgrx1010102{'B', 'X', '3', '0'}; ///< [31:0] B:G:R:x 10:10:10:2
inline constexpr Fourcc argb2101010{'A', 'R', '3', '0'}; ///< [31:0] A:R:G:B 2:10:10:10
inline constexpr Fourcc abgr2101010{'A', 'B', '3', '0'}; ///< [31:0] A:B:G:R 2:10:10:10
inline constexpr Fourcc rgba1010102{'R', 'A', '3', '0'}; ///< [31:0] R:G:B:A 10:10:10:2
inline constexpr Fourcc bgra1010102{'B', 'A', '3', '0'}; ///< [31:0] B:G:R:A 10:10:10:2

// RGB of 48 and 64 bits.
inline constexpr Fourcc rgb161616{'R', 'G', '4', '8'};    ///< [47:0] R:G:B 16:16:16
inline constexpr Fourcc bgr161616{'B', 'G', '4', '8'};    ///< [47:0] B:G:R 16:16:16
inline constexpr Fourcc xrgb16161616{'X', 'R', '4', '8'}; ///< [63:0] x:R:G:B 16:16:16:16
inline constexpr Fourcc xbgr16161616{'X', 'B', '4', '8'}; ///< [63:0] x:B:G:R 16:16:16:16
inline constexpr Fourcc argb16161616{'A', 'R', '4', '8'}; ///< [63:0] A:R:G:B 16:16:16:16
inline constexpr Fourcc abgr16161616{'A', 'B', '4', '8'}; ///< [63:0] A:B:G:R 16:16:16:16
inline constexpr Fourcc axbxgxrx106106106106{'A', 'B', '1',
                                             '0'}; ///< [63:0] A:x:B:x:G:x:R:x 10:6:10:6:10:6:10:6

// Floating point, IEEE 754 binary16 and binary32.
inline constexpr Fourcc xrgb16161616f{'X', 'R', '4', 'H'}; ///< [63:0] x:R:G:B 16:16:16:16
inline constexpr Fourcc xbgr16161616f{'X', 'B', '4', 'H'}; ///< [63:0] x:B:G:R 16:16:16:16
inline constexpr Fourcc argb16161616f{'A', 'R', '4', 'H'}; ///< [63:0] A:R:G:B 16:16:16:16
inline constexpr Fourcc abgr16161616f{'A', 'B', '4', 'H'}; ///< [63:0] A:B:G:R 16:16:16:16
inline constexpr Fourcc r16f{'R', ' ', ' ', 'H'};          ///< [15:0] R 16
inline constexpr Fourcc gr1616f{'G', 'R', ' ', 'H'};       ///< [31:0] G:R 16:16
inline constexpr Fourcc bgr161616f{'B', 'G', 'R', 'H'};    ///< [47:0] B:G:R 16:16:16
inline constexpr Fourcc r32f{'R', ' ', ' ', 'F'};          ///< [31:0] R 32
inline constexpr Fourcc gr3232f{'G', 'R', ' ', 'F'};       ///< [63:0] G:R 32:32
inline constexpr Fourcc bgr323232f{'B', 'G', 'R', 'F'};    ///< [95:0] B:G:R 32:32:32
inline constexpr Fourcc abgr32323232f{'A', 'B', '8', 'F'}; ///< [127:0] A:B:G:R 32:32:32:32

// RGB and a second plane of 8-bit alpha.
inline constexpr Fourcc xrgb8888_a8{'X', 'R', 'A', '8'}; ///< XRGB8888, alpha
inline constexpr Fourcc xbgr8888_a8{'X', 'B', 'A', '8'}; ///< XBGR8888, alpha
inline constexpr Fourcc rgbx8888_a8{'R', 'X', 'A', '8'}; ///< RGBX8888, alpha
inline constexpr Fourcc bgrx8888_a8{'B', 'X', 'A', '8'}; ///< BGRX8888, alpha
inline constexpr Fourcc rgb888_a8{'R', '8', 'A', '8'};   ///< RGB888, alpha
inline constexpr Fourcc bgr888_a8{'B', '8', 'A', '8'};   ///< BGR888, alpha
inline constexpr Fourcc rgb565_a8{'R', '5', 'A', '8'};   ///< RGB565, alpha
inline constexpr Fourcc bgr565_a8{'B', '5', 'A', '8'};   ///< BGR565, alpha

// Luma only.
inline constexpr Fourcc y8{'G', 'R', 'E', 'Y'};          ///< a byte
inline constexpr Fourcc xyyy2101010{'Y', 'P', 'A', '4'}; ///< [31:0] x:Y2:Y1:Y0 2:10:10:10

// Packed YCbCr 4:2:2, two pixels to a word.
inline constexpr Fourcc yuyv{'Y', 'U', 'Y', 'V'}; ///< [31:0] Cr0:Y1:Cb0:Y0 8:8:8:8
inline constexpr Fourcc yvyu{'Y', 'V', 'Y', 'U'}; ///< [31:0] Cb0:Y1:Cr0:Y0 8:8:8:8
inline constexpr Fourcc uyvy{'U', 'Y', 'V', 'Y'}; ///< [31:0] Y1:Cr0:Y0:Cb0 8:8:8:8
inline constexpr Fourcc vyuy{'V', 'Y', 'U', 'Y'}; ///< [31:0] Y1:Cb0:Y0:Cr0 8:8:8:8
inline constexpr Fourcc y210{'Y', '2', '1',
                             '0'}; ///< [63:0] Cr0:0:Y1:0:Cb0:0:Y0:0 10:6:10:6:10:6:10:6
inline constexpr Fourcc y212{'Y', '2', '1',
                             '2'}; ///< [63:0] Cr0:0:Y1:0:Cb0:0:Y0:0 12:4:12:4:12:4:12:4
inline constexpr Fourcc y216{'Y', '2', '1', '6'}; ///< [63:0] Cr0:Y1:Cb0:Y0 16:16:16:16

// Packed YCbCr 4:4:4.
inline constexpr Fourcc ayuv{'A', 'Y', 'U', 'V'};        ///< [31:0] A:Y:Cb:Cr 8:8:8:8
inline constexpr Fourcc avuy8888{'A', 'V', 'U', 'Y'};    ///< [31:0] A:Cr:Cb:Y 8:8:8:8
inline constexpr Fourcc xyuv8888{'X', 'Y', 'U', 'V'};    ///< [31:0] X:Y:Cb:Cr 8:8:8:8
inline constexpr Fourcc xvuy8888{'X', 'V', 'U', 'Y'};    ///< [31:0] X:Cr:Cb:Y 8:8:8:8
inline constexpr Fourcc vuy888{'V', 'U', '2', '4'};      ///< [23:0] Cr:Cb:Y 8:8:8
inline constexpr Fourcc xvuy2101010{'X', 'Y', '3', '0'}; ///< [31:0] x:Cr:Cb:Y 2:10:10:10
inline constexpr Fourcc y410{'Y', '4', '1', '0'};        ///< [31:0] A:Cr:Y:Cb 2:10:10:10
inline constexpr Fourcc y412{'Y', '4', '1', '2'}; ///< [63:0] A:0:Cr:0:Y:0:Cb:0 12:4:12:4:12:4:12:4
inline constexpr Fourcc y416{'Y', '4', '1', '6'}; ///< [63:0] A:Cr:Y:Cb 16:16:16:16
inline constexpr Fourcc xvyu2101010{'X', 'V', '3', '0'}; ///< [31:0] X:Cr:Y:Cb 2:10:10:10
inline constexpr Fourcc xvyu12_16161616{'X', 'V', '3',
                                        '6'}; ///< [63:0] X:0:Cr:0:Y:0:Cb:0 12:4:12:4:12:4:12:4
inline constexpr Fourcc xvyu16161616{'X', 'V', '4', '8'}; ///< [63:0] X:Cr:Y:Cb 16:16:16:16

// Packed YCbCr 4:2:0, 2x2 pixels to a word.
inline constexpr Fourcc y0l0{
    'Y', '0', 'L',
    '0'}; ///< [63:0] A3:A2:Y3:0:Cr0:0:Y2:0:A1:A0:Y1:0:Cb0:0:Y0:0  1:1:8:2:8:2:8:2:1:1:8:2:8:2:8:2
inline constexpr Fourcc x0l0{
    'X', '0', 'L',
    '0'}; ///< [63:0] X3:X2:Y3:0:Cr0:0:Y2:0:X1:X0:Y1:0:Cb0:0:Y0:0  1:1:8:2:8:2:8:2:1:1:8:2:8:2:8:2
inline constexpr Fourcc y0l2{
    'Y', '0', 'L', '2'}; ///< [63:0] A3:A2:Y3:Cr0:Y2:A1:A0:Y1:Cb0:Y0  1:1:10:10:10:1:1:10:10:10
inline constexpr Fourcc x0l2{
    'X', '0', 'L', '2'}; ///< [63:0] X3:X2:Y3:Cr0:Y2:X1:X0:Y1:Cb0:Y0  1:1:10:10:10:1:1:10:10:10

// Y plane and interleaved chroma plane, 8 bits.
inline constexpr Fourcc nv12{'N', 'V', '1', '2'}; ///< 4:2:0: Y, then Cb and Cr interleaved
inline constexpr Fourcc nv21{'N', 'V', '2', '1'}; ///< 4:2:0: Y, then Cr and Cb interleaved
inline constexpr Fourcc nv16{'N', 'V', '1', '6'}; ///< 4:2:2: Y, then Cb and Cr interleaved
inline constexpr Fourcc nv61{'N', 'V', '6', '1'}; ///< 4:2:2: Y, then Cr and Cb interleaved
inline constexpr Fourcc nv24{'N', 'V', '2', '4'}; ///< 4:4:4: Y, then Cb and Cr interleaved
inline constexpr Fourcc nv42{'N', 'V', '4', '2'}; ///< 4:4:4: Y, then Cr and Cb interleaved

// The same, 10 bits without padding: four samples in five bytes.
inline constexpr Fourcc nv15{'N', 'V', '1', '5'}; ///< 4:2:0
inline constexpr Fourcc nv20{'N', 'V', '2', '0'}; ///< 4:2:2
inline constexpr Fourcc nv30{'N', 'V', '3', '0'}; ///< 4:4:4

// The same, three samples of 10 bits in four bytes.
inline constexpr Fourcc p030{'P', '0', '3', '0'}; ///< 4:2:0
inline constexpr Fourcc p230{'P', '2', '3', '0'}; ///< 4:2:2

// The same, in the upper bits of 16.
inline constexpr Fourcc p010{'P', '0', '1', '0'}; ///< 4:2:0, 10 bits
inline constexpr Fourcc p012{'P', '0', '1', '2'}; ///< 4:2:0, 12 bits
inline constexpr Fourcc p016{'P', '0', '1', '6'}; ///< 4:2:0, 16 bits
inline constexpr Fourcc p210{'P', '2', '1', '0'}; ///< 4:2:2, 10 bits

// Three planes, 8 bits.
inline constexpr Fourcc yuv410{'Y', 'U', 'V', '9'}; ///< 4:1:0: Y, Cb, Cr
inline constexpr Fourcc yvu410{'Y', 'V', 'U', '9'}; ///< 4:1:0: Y, Cr, Cb
inline constexpr Fourcc yuv411{'Y', 'U', '1', '1'}; ///< 4:1:1: Y, Cb, Cr
inline constexpr Fourcc yvu411{'Y', 'V', '1', '1'}; ///< 4:1:1: Y, Cr, Cb
inline constexpr Fourcc yuv420{'Y', 'U', '1', '2'}; ///< 4:2:0: Y, Cb, Cr
inline constexpr Fourcc yvu420{'Y', 'V', '1', '2'}; ///< 4:2:0: Y, Cr, Cb
inline constexpr Fourcc yuv422{'Y', 'U', '1', '6'}; ///< 4:2:2: Y, Cb, Cr
inline constexpr Fourcc yvu422{'Y', 'V', '1', '6'}; ///< 4:2:2: Y, Cr, Cb
inline constexpr Fourcc yuv444{'Y', 'U', '2', '4'}; ///< 4:4:4: Y, Cb, Cr
inline constexpr Fourcc yvu444{'Y', 'V', '2', '4'}; ///< 4:4:4: Y, Cr, Cb

// Three planes, in the upper bits of 16.
inline constexpr Fourcc q410{'Q', '4', '1', '0'}; ///< 4:4:4, 10 bits: Y, Cb, Cr
inline constexpr Fourcc q401{'Q', '4', '0', '1'}; ///< 4:4:4, 10 bits: Y, Cr, Cb

// Three planes, in the lower bits of 16.
inline constexpr Fourcc s010{'S', '0', '1', '0'}; ///< 4:2:0, 10 bits: Y, Cb, Cr
inline constexpr Fourcc s210{'S', '2', '1', '0'}; ///< 4:2:2, 10 bits: Y, Cb, Cr
inline constexpr Fourcc s410{'S', '4', '1', '0'}; ///< 4:4:4, 10 bits: Y, Cb, Cr
inline constexpr Fourcc s012{'S', '0', '1', '2'}; ///< 4:2:0, 12 bits: Y, Cb, Cr
inline constexpr Fourcc s212{'S', '2', '1', '2'}; ///< 4:2:2, 12 bits: Y, Cb, Cr
inline constexpr Fourcc s412{'S', '4', '1', '2'}; ///< 4:4:4, 12 bits: Y, Cb, Cr
inline constexpr Fourcc s016{'S', '0', '1', '6'}; ///< 4:2:0, 16 bits: Y, Cb, Cr
inline constexpr Fourcc s216{'S', '2', '1', '6'}; ///< 4:2:2, 16 bits: Y, Cb, Cr
inline constexpr Fourcc s416{'S', '4', '1', '6'}; ///< 4:4:4, 16 bits: Y, Cb, Cr

// Three planes, three samples of 10 bits in four bytes.
inline constexpr Fourcc t430{'T', '4', '3', '0'}; ///< 4:4:4: Y, Cb, Cr

// Never linear: their modifier says how pixels lie.
inline constexpr Fourcc vuy101010{'V', 'U', '3', '0'};    ///< 4:4:4, 10 bits
inline constexpr Fourcc yuv420_8bit{'Y', 'U', '0', '8'};  ///< 4:2:0, 8 bits
inline constexpr Fourcc yuv420_10bit{'Y', 'U', '1', '0'}; ///< 4:2:0, 10 bits
} // namespace fourcc

} // namespace simplealloc
