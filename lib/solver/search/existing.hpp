// SPDX-License-Identifier: MIT
// Whether memory that exists, in the layout that it has, suits one use more.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/work.hpp"

#include <vector>

namespace simplealloc::solver {

struct Suitability {
    std::vector<Objection> objections; ///< of the way that comes nearest; empty: it suits
    bool unproven = false;             ///< rests on something that nobody knows
};

/// `source` is where the memory is from. Of `request` the format, the CPU's access and strictness
/// count: its uses are not looked at.
Suitability suits(const ResolvedRequest& request, const UseInput& use, const SourceInput& source,
                  const Layout& layout, std::uint64_t page_size, Spending& spending);

/// Whether memory with the criteria `now` serves its uses better than with those of `then`. What
/// others lose by it, and what is paid once, does not count.
bool is_better_off(const std::vector<Criterion>& now, const std::vector<Criterion>& then);

} // namespace simplealloc::solver
