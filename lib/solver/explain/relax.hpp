// SPDX-License-Identifier: MIT
// What to give up where nothing serves: each offer is planned before it is made.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/explain/core.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace simplealloc::solver {

/// A request that asks for less.
struct Relaxed {
    ResolvedRequest request;
    std::vector<std::size_t> uses; ///< those of the original that stay
    bool split_planes = false;     ///< each plane is allocated by itself
};

/// Plans it; nothing when that is impossible or nothing serves. Output::choices is looked at.
using Replan = std::function<std::optional<Output>(const Relaxed&)>;

/// Best first. `core` is what stands against `input`; `formats` are those that devices of the
/// request take, in any order. At most some hundred plans are made, which `replan` pays for, and
/// none once the spending has nothing left.
std::vector<Relaxation> relaxations(const Input& input, const Core& core,
                                    std::span<const Fourcc> formats, const Replan& replan,
                                    Spending& spending);

} // namespace simplealloc::solver
