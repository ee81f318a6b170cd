// SPDX-License-Identifier: MIT
// What a request that nothing satisfies could give up.
#pragma once

#include <simplealloc/layout.hpp>
#include <simplealloc/remedy.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// What is given up, the least loss first.
enum class RelaxationKind : std::uint8_t {
    crop,       ///< a larger image, as some device pads it, of which the wanted part counts
    modifier,   ///< the modifier is left open, or LINEAR
    left_out,   ///< what Request::without leaves out may serve
    strict,     ///< a source may serve of which nobody knows whether the uses accept it
    any_device, ///< memory of a device that the request does not name
    alpha,      ///< the format with or without alpha
    placement,  ///< each plane is allocated by itself
    format,     ///< another format, which all uses take
    cpu_access, ///< the CPU does less
    count,      ///< fewer buffers
    size,       ///< fewer bytes or pixels
    device,     ///< one use gets a buffer of its own, and the CPU copies
};

/// Kebab-case, e.g. `any-device`.
SIMPLEALLOC_API std::string_view to_string(RelaxationKind kind) noexcept;

/// One offer. It was solved like a request of its own: `source` serves it.
struct Relaxation {
    RelaxationKind kind = RelaxationKind::crop; ///< what is given up
    std::string what;                           ///< in words, e.g. `request AR24 instead of XR24`
    std::vector<Remedy> how;                    ///< how it is asked for: all of it together
    std::int64_t rank = 0;                      ///< lower gives up less
    std::string source;                         ///< the first candidate then
    Layout layout;                              ///< what would be asked of it
    std::uint32_t count = 1; ///< how many buffers it has room for, as many as are asked for then
    /// With RelaxationKind::device: the use with a buffer of its own, and the sources from which
    /// and to which the CPU copies each frame. Else empty.
    /// @{
    std::string party = {};
    std::string copy_from = {};
    std::string copy_to = {};
    /// @}
};

} // namespace simplealloc
