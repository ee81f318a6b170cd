// SPDX-License-Identifier: MIT
// What an Allocator gave and refused, as a table for people.
#pragma once

#include "tools/output/text_table.hpp"

#include <simplealloc/stats.hpp>

#include <string>

namespace simplealloc::tools {

/// One line for each source that was tried, and one for all where there are several.
std::string stats_text(const Stats& stats, const Screen& screen);

} // namespace simplealloc::tools
