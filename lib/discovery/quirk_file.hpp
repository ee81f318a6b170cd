// SPDX-License-Identifier: MIT
// Reads the text of a quirk file; simplealloc-quirks(5) has the format.
#pragma once

#include "lib/discovery/quirk_row.hpp"
#include "lib/ini.hpp"

#include <string>
#include <vector>

namespace simplealloc {

/// All rows count only if there is no mistake.
struct QuirkFile {
    std::vector<QuirkRow> rows;
    std::vector<ini::Mistake> mistakes; ///< by line
};

QuirkFile parse_quirks(const std::string& text, const std::string& file);

} // namespace simplealloc
