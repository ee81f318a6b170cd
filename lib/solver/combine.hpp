// SPDX-License-Identifier: MIT
// Which alternatives of the uses go together: a search that stays near-linear in the uses.
#pragma once

#include "lib/solver/merge.hpp"
#include "lib/solver/objection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace simplealloc::solver {

/// What a layout has to be like for reasons that no single constraint tells.
struct LayoutNeeds {
    std::uint64_t room = no_limit; ///< bytes of a dma-buf that stay within the limits on segments
    /// Of plane 0, when planes are packed: a device that is told no offsets counts them. 0: any
    /// number; no_limit: devices count differently.
    std::uint64_t packed_lines = 0;
};

/// An alternative that a source's memory is good for; a smaller cost is preferred.
struct Option {
    std::size_t alternative;
    std::uint64_t cost;
    Constraints constraints; ///< normal
    LayoutNeeds needs = {};
};

/// Somebody who takes part in the merge: a use, or the source with its own layout rules.
struct Party {
    std::string name;
    std::vector<Option> options; ///< never empty
};

struct Combination {
    std::vector<std::size_t> alternatives; ///< for each party
    std::uint64_t cost = 0;
    Constraints merged;
    LayoutNeeds needs;
};

struct Combinations {
    std::vector<Combination> best_first; ///< none dominates another
    Objection objection;                 ///< why there is none
};

/// Merges party by party and keeps only combinations that no other one beats in both constraints
/// and cost. The number kept is capped; beyond the cap the cheapest and the least limiting stay.
Combinations combine(const std::vector<Party>& parties);

/// The same merge with the names of everybody who limits something; parties beyond the alternatives
/// given are left out.
Merged explained(const std::vector<Party>& parties, const std::vector<std::size_t>& alternatives);

/// `/dev/video0 (capture): stride a multiple of 7 bytes; /dev/dri/card0 (scanout): stride at most
/// 5 bytes`, for what concerns `kind`.
std::string demands_text(const std::vector<Party>& parties,
                         const std::vector<std::size_t>& alternatives, ConstraintKind kind);

} // namespace simplealloc::solver
