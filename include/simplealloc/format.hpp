// SPDX-License-Identifier: MIT
// Pixel formats and modifiers as DRM names them.
#pragma once

#include <simplealloc/api.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simplealloc {

/// A DRM pixel format code (include/uapi/drm/drm_fourcc.h). Zero means a plain run of bytes.
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

    auto operator<=>(const Fourcc&) const = default;

    /// Reads one to four printable characters, short ones padded with spaces as DRM does (`R8`).
    SIMPLEALLOC_API static std::optional<Fourcc> parse(std::string_view text);
};

/// The code's characters, or `bytes` for zero; unprintable ones as `0x%08x`.
SIMPLEALLOC_API std::string to_string(Fourcc fourcc);

/// The formats that this library knows the geometry of, by their DRM names.
namespace fourcc {
inline constexpr Fourcc bytes{};                      ///< a plain run of bytes, no pixels
inline constexpr Fourcc xrgb8888{'X', 'R', '2', '4'}; ///< bytes B, G, R, unused
inline constexpr Fourcc argb8888{'A', 'R', '2', '4'}; ///< bytes B, G, R, A
inline constexpr Fourcc rgb565{'R', 'G', '1', '6'};   ///< little-endian 16 bits: R 5, G 6, B 5
inline constexpr Fourcc xrgb2101010{'X', 'R', '3',
                                    '0'}; ///< little-endian 32 bits: 2 unused, R, G, B 10 each
inline constexpr Fourcc yuyv{'Y', 'U', 'Y', 'V'};   ///< packed 4:2:2: Y, Cb, Y, Cr
inline constexpr Fourcc uyvy{'U', 'Y', 'V', 'Y'};   ///< packed 4:2:2: Cb, Y, Cr, Y
inline constexpr Fourcc nv12{'N', 'V', '1', '2'};   ///< 4:2:0: Y, then Cb and Cr interleaved
inline constexpr Fourcc nv21{'N', 'V', '2', '1'};   ///< 4:2:0: Y, then Cr and Cb interleaved
inline constexpr Fourcc nv16{'N', 'V', '1', '6'};   ///< 4:2:2: Y, then Cb and Cr interleaved
inline constexpr Fourcc p010{'P', '0', '1', '0'};   ///< NV12 with 10 bits in the upper part of 16
inline constexpr Fourcc yuv420{'Y', 'U', '1', '2'}; ///< 4:2:0: Y, Cb, Cr
inline constexpr Fourcc yvu420{'Y', 'V', '1', '2'}; ///< 4:2:0: Y, Cr, Cb
inline constexpr Fourcc yuv422{'Y', 'U', '1', '6'}; ///< 4:2:2: Y, Cb, Cr
} // namespace fourcc

/// How pixels are arranged in memory. LINEAR that is known from an interface (an untiled V4L2
/// format, a dumb buffer, heap memory that this library laid out) may meet a device without
/// modifier support; an implicit layout is known to its device alone and must not leave it.
struct Modifier {
    /// How the arrangement is known.
    enum class State : std::uint8_t {
        named,               ///< by its number
        linear_by_interface, ///< LINEAR, and no device was told so
        implicit,            ///< to its device alone
    };

    std::uint64_t value = 0;                  ///< DRM_FORMAT_MOD_*; 0 is LINEAR
    State state = State::linear_by_interface; ///< how it is known

    /// One of DRM_FORMAT_MOD_*.
    static constexpr Modifier named(std::uint64_t value) { return {value, State::named}; }
    /// LINEAR by interface.
    static constexpr Modifier linear() { return {0, State::linear_by_interface}; }
    /// DRM_FORMAT_MOD_INVALID.
    static constexpr Modifier implicit() { return {0x00ffffffffffffffULL, State::implicit}; }

    /// Lines of pixels one after the other, whether named or by interface.
    [[nodiscard]] constexpr bool is_linear() const {
        return state != State::implicit && value == 0;
    }
    auto operator<=>(const Modifier&) const = default;

    /// Reads `LINEAR`, `INVALID` (implicit), or a number (`0x…` or decimal).
    SIMPLEALLOC_API static std::optional<Modifier> parse(std::string_view text);
};

/// `LINEAR`, `INVALID` for implicit, else `0x%016x`.
SIMPLEALLOC_API std::string to_string(Modifier modifier);

} // namespace simplealloc
