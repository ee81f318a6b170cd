// SPDX-License-Identifier: MIT
// Reports on files for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/file_report.h>
#include <simplealloc/file_report.hpp>

namespace simplealloc::c {

simplealloc_file_report to_c(const FileReport& report, Arena& arena);

} // namespace simplealloc::c
