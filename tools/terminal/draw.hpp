// SPDX-License-Identifier: MIT
// Draws graphs with Graphviz.
#pragma once

#include <simplealloc/result.hpp>

#include <string>

namespace simplealloc::tools {

/// Lets dot(1) write an SVG picture of a document in its language to `file`; what dot complains of
/// goes to standard error. No shell is involved. Fails with unsupported where Graphviz is not
/// installed.
Result<void> draw_svg(const std::string& document, const std::string& file);

} // namespace simplealloc::tools
