// SPDX-License-Identifier: MIT
// How large an input is, and how much work it may cost. Work is counted in alternatives and pairs
// that are looked at, merges and comparisons: what a search costs is in Bounds.
#pragma once

#include "lib/solver/model.hpp"

namespace simplealloc::solver {

/// Alternatives and (format, modifier) pairs of all uses; above it a request is refused.
inline constexpr std::size_t most_pairs = std::size_t{1} << 17U;
/// After so much work a source's tiled layouts are given up for linear; no machine needs it.
inline constexpr std::size_t most_layout_work = std::size_t{1} << 20U;
/// For telling what is in conflict, beyond the last question.
inline constexpr std::size_t most_conflict_work = std::size_t{1} << 22U;
/// For telling what to give up, beyond the last plan.
inline constexpr std::size_t most_relaxation_work = std::size_t{1} << 22U;

inline std::size_t count_pairs(const std::vector<CapabilitySet>& alternatives) {
    std::size_t pairs = 0;
    for (const CapabilitySet& set : alternatives) {
        pairs += 1 + set.formats.size();
        for (const FormatSupport& format : set.formats)
            pairs += format.modifiers.size();
    }
    return pairs;
}

inline std::size_t count_pairs(const Input& input) {
    std::size_t pairs = 0;
    for (const UseInput& use : input.uses)
        pairs += 1 + count_pairs(use.alternatives);
    return pairs;
}

} // namespace simplealloc::solver
