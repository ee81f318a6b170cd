// SPDX-License-Identifier: MIT
// What a check of a quirk or policy file found.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace simplealloc {

/// What is wrong with a line of a file.
struct FileMistake {
    std::size_t line = 0; ///< from 1
    std::string text;     ///< in words
};

/// What check_quirk_file() or check_policy_file() found.
struct FileReport {
    std::size_t understood = 0;        ///< rows (sections) of a quirk file, values of a policy file
    std::vector<FileMistake> mistakes; ///< all of them, by line; empty: the file is right
};

} // namespace simplealloc
