// SPDX-License-Identifier: MIT
// A thing that is known about a device or a source, and how it is known.
#pragma once

#include <simplealloc/api.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace simplealloc {

/// How sure a Fact is.
enum class Confidence : std::uint8_t {
    known,   ///< the kernel or the caller said so
    assumed, ///< a default for this class of device, or a hint
    unknown, ///< nobody said: never satisfies a requirement
};

/// `known`, `assumed` or `unknown`.
SIMPLEALLOC_API std::string_view to_string(Confidence confidence) noexcept;

/// One thing that is known, and how.
struct Fact {
    std::string name;                          ///< kebab-case, e.g. `dma-mask-bits`
    std::string value;                         ///< with unit where there is one
    Confidence confidence = Confidence::known; ///< how sure it is
    std::string origin; ///< sysfs path, ioctl, `quirk FILE [SECTION]`, `caller`, `default for …`

    bool operator==(const Fact&) const = default;
};

} // namespace simplealloc
