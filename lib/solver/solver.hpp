// SPDX-License-Identifier: MIT
// Feasibility, layouts, ranking and the explanation, for one request.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/work.hpp"

#include <simplealloc/result.hpp>

namespace simplealloc::solver {

/// Fails (stage request, cause invalid or limit) for a request that makes no sense by itself: a
/// zero or overflowing size, an unknown fourcc, an odd modifier. Uses are not looked at.
Result<void> check_request(const ResolvedRequest& request, std::uint64_t page_size);

/// Fails as check_request(). Everything else is in the Output.
Result<Output> solve(const Input& input, Spending& spending);
/// With a budget of its own.
inline Result<Output> solve(const Input& input) {
    Spending spending;
    return solve(input, spending);
}

/// The same without the conflict, which costs as much as some tens of answers.
Result<Output> candidates(const Input& input, Spending& spending);

} // namespace simplealloc::solver
