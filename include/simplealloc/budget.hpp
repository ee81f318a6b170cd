// SPDX-License-Identifier: MIT
// What one plan may cost, whatever strangers have a hand in its request.
#pragma once

#include <cstdint>

namespace simplealloc {

/// Bounds a plan with all that is told about it: candidates, rejections, the conflict and what to
/// give up. The default is what a compositor's main loop can bear: some 10 ms of CPU. The kernel's
/// and drivers' part is not counted, nor is what discovery finds on the machine itself.
///
/// A request whose alternatives can't even be read within it fails with limit, stage request. Where
/// it is spent later, sources that are not decided are rejected by `search-limit`, a conflict may
/// not be minimal or is `search-limit` itself, and fewer relaxations are offered. Nothing is called
/// impossible for want of budget, and every candidate is as valid as without a bound.
struct Budget {
    /// About one instruction of a 64-bit CPU each, charged by what a step costs at most. From 0.
    std::uint64_t work = 40'000'000;
    /// Held at a time, the plan's own copy of the request and the Plan included. From 0.
    std::uint64_t bytes = std::uint64_t{16} << 20U;

    bool operator==(const Budget&) const = default;
};

} // namespace simplealloc
