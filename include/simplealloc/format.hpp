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
    std::uint32_t value = 0;

    constexpr Fourcc() = default;
    constexpr explicit Fourcc(std::uint32_t code) : value(code) {}
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

namespace fourcc {
inline constexpr Fourcc bytes{};
inline constexpr Fourcc xrgb8888{'X', 'R', '2', '4'};
inline constexpr Fourcc argb8888{'A', 'R', '2', '4'};
inline constexpr Fourcc rgb565{'R', 'G', '1', '6'};
inline constexpr Fourcc xrgb2101010{'X', 'R', '3', '0'};
inline constexpr Fourcc yuyv{'Y', 'U', 'Y', 'V'};
inline constexpr Fourcc uyvy{'U', 'Y', 'V', 'Y'};
inline constexpr Fourcc nv12{'N', 'V', '1', '2'};
inline constexpr Fourcc nv21{'N', 'V', '2', '1'};
inline constexpr Fourcc nv16{'N', 'V', '1', '6'};
inline constexpr Fourcc p010{'P', '0', '1', '0'};
inline constexpr Fourcc yuv420{'Y', 'U', '1', '2'};
inline constexpr Fourcc yvu420{'Y', 'V', '1', '2'};
inline constexpr Fourcc yuv422{'Y', 'U', '1', '6'};
} // namespace fourcc

/// How pixels are arranged in memory. LINEAR that is known from an interface (an untiled V4L2
/// format, a dumb buffer, heap memory that this library laid out) may meet a device without
/// modifier support; an implicit layout is known to its device alone and must not leave it.
struct Modifier {
    enum class State : std::uint8_t { named, linear_by_interface, implicit };

    std::uint64_t value = 0; ///< DRM_FORMAT_MOD_*; 0 is LINEAR
    State state = State::linear_by_interface;

    static constexpr Modifier named(std::uint64_t value) { return {value, State::named}; }
    static constexpr Modifier linear() { return {0, State::linear_by_interface}; }
    static constexpr Modifier implicit() { return {0x00ffffffffffffffULL, State::implicit}; }

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
