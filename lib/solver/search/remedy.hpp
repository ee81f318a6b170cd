// SPDX-License-Identifier: MIT
// What would help where memory does not do, as far as it can help on this machine.
#pragma once

#include "lib/model/model.hpp"

#include <span>
#include <string>
#include <string_view>

namespace simplealloc::solver {

/// Tells to write into a quirk file what was found out by trying, each line between backquotes:
/// `[drm:vc4]`, the `source` that every row has, and `entry`. `rows` are one for each device.
std::string say_in_quirk_file(std::span<const std::string> rows, std::string_view entry);

/// Addresses, both inclusive.
struct Window {
    std::uint64_t first = 0;
    std::uint64_t last = no_limit;
};

/// From where to take memory in one run that lies within `reach`; `ram` is where pages may lie.
/// Empty where there are none within it.
std::string take_contiguous(std::span<const SourceInput> sources, Window reach, Window ram);

/// From where to take memory that no CPU reads.
std::string take_protected(std::span<const SourceInput> sources);

/// What helps who takes an image with other modifiers only, and none of them linear.
std::string take_own_layout(std::span<const SourceInput> sources);

} // namespace simplealloc::solver
