// SPDX-License-Identifier: MIT
// Modifiers as DRM names them.
#pragma once

#include <simplealloc/fourcc.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simplealloc {

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

    /// Reads `LINEAR`, `INVALID` (implicit), a number (`0x…` or decimal), or a name: that of libdrm
    /// (`X_TILED`), with the vendor before it (`INTEL_X_TILED`) or not, or that of drm_fourcc.h
    /// (`I915_FORMAT_MOD_X_TILED`). Nothing where several vendors have it and none is said.
    SIMPLEALLOC_API static std::optional<Modifier> parse(std::string_view text);
};

/// `LINEAR`, `INVALID` for implicit, or libdrm's name (`X_TILED`), with the vendor before one that
/// several have (`VIVANTE_TILED`). `0x%016x` where libdrm has none, or one that does not say all of
/// it. Modifier::parse() reads it back.
SIMPLEALLOC_API std::string to_string(Modifier modifier);

} // namespace simplealloc
