// SPDX-License-Identifier: MIT
// A constraint as one party's: what a conflict is made of, and the input without some of them.
#pragma once

#include "lib/model/model.hpp"

#include <compare>
#include <cstdint>
#include <set>
#include <vector>

namespace simplealloc::solver {

struct Demand {
    enum class Side : std::uint8_t { use, cpu, source };
    Side side = Side::use;
    std::size_t index = 0; ///< into Input::uses or Input::sources
    ConstraintKind kind = ConstraintKind::format;

    auto operator<=>(const Demand&) const = default;
};

using Demands = std::set<Demand>;

/// All that may stand against an answer. What a source's memory is like (contiguous, where, whose)
/// is no demand but a fact that the demands are about.
Demands demands_of(const Input& input);

/// The input as if these demands did not exist. A kind is left out of all alternatives of its use.
Input leave_out(const Input& input, const Demands& demands);

/// Whether protected memory is of use to anybody.
bool wants_protected(const Input& input);

} // namespace simplealloc::solver
