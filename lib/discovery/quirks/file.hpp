// SPDX-License-Identifier: MIT
// Reads the text of a quirk file; simplealloc-quirks(5) has the format.
#pragma once

#include "lib/base/ini.hpp"
#include "lib/discovery/quirks/row.hpp"

#include <string>
#include <vector>

namespace simplealloc {

/// Whose rows they are. A policy's decide, may be for a place, and need no source; they are for
/// devices, not for ION.
enum class RowKind { quirk, policy };

/// All rows count only if there is no mistake.
struct QuirkFile {
    std::vector<QuirkRow> rows;
    std::vector<FileMistake> mistakes; ///< by line
};

/// Adds the row of one section, and its mistakes, to `result`.
void parse_row(const std::string& file, const ini::Section& section, RowKind kind,
               QuirkFile& result);

QuirkFile parse_quirks(const std::string& text, const std::string& file);

} // namespace simplealloc
