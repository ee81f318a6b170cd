// SPDX-License-Identifier: MIT
// The smallest set of constraints and parties that can't hold together.
#pragma once

#include "lib/solver/model.hpp"
#include "lib/solver/unit.hpp"

#include <set>

namespace simplealloc::solver {

struct Core {
    /// Without any one of them, and with nothing else in the way, a source serves. Empty when what
    /// stands against the sources is no unit.
    Units units;
    /// What the sources' rejections go by when nothing else is in the way.
    std::set<ConstraintKind> told;
    bool ideal = false;   ///< not even an ideal source serves: the uses exclude each other
    bool minimal = true;  ///< false: the search was cut short, and units may be needless
    std::size_t work = 0; ///< that it took, see work.hpp
};

/// Only for an input without a candidate. The work is bounded, see work.hpp; the same input always
/// has the same core.
Core find_core(const Input& input);

} // namespace simplealloc::solver
