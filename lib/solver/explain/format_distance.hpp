// SPDX-License-Identifier: MIT
// How much another format changes, so that the nearest is offered first.
#pragma once

#include "lib/model/formats.hpp"

#include <compare>
#include <cstdint>

namespace simplealloc::solver {

/// The least loss first.
struct FormatDistance {
    bool other_family = false; ///< another one of RGB, YUV and grey
    bool loses = false;        ///< fewer bytes for the same picture
    std::uint64_t planes = 0;
    std::uint64_t bytes = 0;
    bool swapped = false; ///< colours in another order, as in NV21 for NV12
    Fourcc fourcc;        ///< the other format's

    auto operator<=>(const FormatDistance&) const = default;
};

FormatDistance distance(const FormatInfo& from, const FormatInfo& to);

} // namespace simplealloc::solver
