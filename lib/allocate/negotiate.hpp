// SPDX-License-Identifier: MIT
// How solver and V4L2 drivers agree: the solver proposes, each driver says by VIDIOC_TRY_FMT what
// it makes of that, and an answer that differs becomes a limit.
#pragma once

#include "lib/model/work.hpp"

#include <simplealloc/result.hpp>

#include <span>
#include <vector>

namespace simplealloc {

struct Settled {
    solver::Output output;
    solver::Input input; ///< with the answers
    bool drivers_agree = true;
    bool asked_again = false; ///< some answer differed from what was proposed
};

/// Asks and solves in turns until the drivers of the best candidate take it as it is. A way of a
/// use that can't be agreed on gives way to the use's next one. Fails where the request makes no
/// sense. `uses`: those of the input, as they were asked for.
Result<Settled> settle(std::span<const DeviceUse> uses, solver::Input input,
                       solver::Spending& spending);

/// The ways that were given up for others of the same use.
void add_refused_ways(const solver::Input& input, std::vector<Rejection>& rejections);

} // namespace simplealloc
