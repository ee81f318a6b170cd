// SPDX-License-Identifier: MIT
// Waits for descriptors with a timeout that signals don't stretch.
#pragma once

#include <simplealloc/fence.hpp>

#include <span>

namespace simplealloc {

/// Whether all became ready in the time that they have together.
Result<bool> wait_for(std::span<const Pollable> targets, Timeout timeout);

} // namespace simplealloc
