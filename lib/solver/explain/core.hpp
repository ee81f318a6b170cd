// SPDX-License-Identifier: MIT
// The smallest set of constraints and parties that can't hold together.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/explain/demand.hpp"

#include <set>

namespace simplealloc::solver {

struct Core {
    /// Without any one of them, and with nothing else in the way, a source serves. Empty when what
    /// stands against the sources is no demand.
    Demands demands;
    /// What the sources' rejections go by when nothing else is in the way.
    std::set<ConstraintKind> told;
    bool ideal = false;  ///< not even an ideal source serves: the uses exclude each other
    bool minimal = true; ///< false: the search was cut short, and demands may be needless
};

/// Only for an input that is known to have no candidate; where that is undecided, a core is found
/// only in what one use asks for, and is empty where each of them alone may be served. Leaves half
/// of what the spending has left; with as much to spend, the same input always has the same core.
Core find_core(const Input& input, Spending& spending, bool undecided = false);

} // namespace simplealloc::solver
