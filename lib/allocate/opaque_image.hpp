// SPDX-License-Identifier: MIT
// Images whose pixels only drivers can lay out: how large they are is asked before anything is
// planned.
#pragma once

#include "lib/model/work.hpp"

#include <simplealloc/result.hpp>

#include <span>
#include <vector>

namespace simplealloc {

/// Asks the V4L2 driver of each use (TRY_FMT) for the strides and sizes of an opaque image until
/// all answers are the same, and makes them limits. Does nothing for other requests. Fails where
/// nobody says how large it is, and with limit where that can't be afforded. `asked`: what the uses
/// are of.
Result<void> ask_opaque_sizes(const solver::ResolvedRequest& request,
                              std::span<const DeviceUse> asked, std::vector<solver::UseInput>& uses,
                              solver::Spending& spending);

} // namespace simplealloc
