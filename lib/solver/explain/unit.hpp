// SPDX-License-Identifier: MIT
// A constraint as one party's: what a conflict is made of, and the input without some of them.
#pragma once

#include "lib/model/model.hpp"

#include <compare>
#include <cstdint>
#include <set>
#include <vector>

namespace simplealloc::solver {

struct Unit {
    enum class Side : std::uint8_t { use, cpu, source };
    Side side = Side::use;
    std::size_t index = 0; ///< into Input::uses or Input::sources
    ConstraintKind kind = ConstraintKind::format;

    auto operator<=>(const Unit&) const = default;
};

using Units = std::set<Unit>;

/// All that may stand against an answer. What a source's memory is like (contiguous, where, whose)
/// is no unit but a fact that the units are about.
Units units_of(const Input& input);

/// The input as if these units did not exist. A kind is left out of all alternatives of its use.
Input leave_out(const Input& input, const Units& units);

/// Whether protected memory is of use to anybody.
bool wants_protected(const Input& input);

} // namespace simplealloc::solver
