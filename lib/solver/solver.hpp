// SPDX-License-Identifier: MIT
// Feasibility, layouts, ranking and the explanation, for one request.
#pragma once

#include "lib/solver/model.hpp"

#include <simplealloc/result.hpp>

namespace simplealloc::solver {

/// Fails (stage request, cause invalid or limit) only for requests that make no sense by
/// themselves: zero or overflowing sizes, unknown fourccs, odd modifiers. Everything else is in the
/// Output.
Result<Output> solve(const Input& input);

/// The same without the conflict, which costs as much as some tens of answers.
Result<Output> candidates(const Input& input);

/// Fourcc, modifier and size class of a layout: what a device's refusal is remembered for.
std::string layout_class(const Layout& layout);

} // namespace simplealloc::solver
