// SPDX-License-Identifier: MIT
// What would help where memory does not do, as far as it can help on this machine.
#pragma once

#include "lib/model/model.hpp"

#include <span>
#include <string>
#include <vector>

namespace simplealloc::solver {

/// Alternatives, the likeliest first.
using Remedies = std::vector<Remedy>;

/// All of both.
Remedies either(Remedies one, Remedies other);

/// To write what was found out by trying, `premise`, into a quirk file: `entry`, for each of
/// `rows`. Where there is no row, to describe it so.
Remedy say_in_quirk_file(std::string premise, std::vector<std::string> rows, std::string entry);

/// To ask for a linear layout, or for none.
Remedies linear_remedy();
/// To do without the CPU.
Remedies no_cpu_remedy();

/// Addresses, both inclusive.
struct Window {
    std::uint64_t first = 0;
    std::uint64_t last = no_limit;
};

/// From where to take memory in one run that lies within `reach`; `ram` is where pages may lie.
/// Empty where there are none within it.
Remedies take_contiguous(std::span<const SourceInput> sources, Window reach, Window ram);

/// From where to take memory that no CPU reads.
Remedies take_protected(std::span<const SourceInput> sources);

/// What helps who takes an image with other modifiers only, and none of them linear.
Remedies take_own_layout(std::span<const SourceInput> sources);

} // namespace simplealloc::solver
