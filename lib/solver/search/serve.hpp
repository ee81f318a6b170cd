// SPDX-License-Identifier: MIT
// All uses of a scope with one source and one modifier, in one layout.
#pragma once

#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/feasibility.hpp"

namespace simplealloc::solver {

/// Borrows all of it.
struct Problem {
    const SearchContext& context;
    const Input& input;
    const Scope& scope;
    const SourceInput& source;
    const FormatInfo& format;
    Wanted wanted;
    bool explain; ///< false: whether it fits is all that is asked

    /// `index`: into the uses of the scope.
    [[nodiscard]] const UseInput& use(std::size_t index) const {
        return input.uses[scope.uses[index]];
    }
    [[nodiscard]] const Ways& ways(std::size_t index) const {
        return context.ways[scope.uses[index]];
    }
};

/// Each use against the offer, then all of them in one layout.
Evaluation serve(const Problem& p);

} // namespace simplealloc::solver
