// SPDX-License-Identifier: MIT
// A planned layout with longer lines.
#pragma once

#include "lib/allocate/plan_data.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace simplealloc {

/// The plan's choice with lines of a multiple of `align` bytes; nothing where that changes nothing,
/// or its uses or source have no such layout.
std::optional<solver::Choice> padded_choice(const PlanData& plan, std::size_t index,
                                            std::uint64_t align);

/// Multiples that displays ask for, the least first: what is common, and what they round their own
/// buffers to.
std::vector<std::uint64_t> pitch_alignments(const PlanData& plan);

} // namespace simplealloc
