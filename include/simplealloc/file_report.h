// SPDX-License-Identifier: MIT
// What a check of a quirk or policy file found.
#pragma once

#include <simplealloc/api.h>

SIMPLEALLOC_BEGIN_C

/// What is wrong with a line of a file.
struct simplealloc_file_mistake {
    size_t line;      ///< from 1
    const char* text; ///< in words
};

/// What simplealloc_check_quirk_file() or simplealloc_check_policy_file() found.
struct simplealloc_file_report {
    size_t understood; ///< rows (sections) of a quirk file, values of a policy file
    const struct simplealloc_file_mistake* const* mistakes; ///< by line; empty: the file is right
};

/// Frees a report; NULL is fine.
SIMPLEALLOC_API void simplealloc_file_report_free(struct simplealloc_file_report* report);

SIMPLEALLOC_END_C
