// SPDX-License-Identifier: MIT
// Reports on files for C.
#include "lib/c/file_report.hpp"

#include "lib/c/handed.hpp"

namespace simplealloc::c {

static simplealloc_file_mistake to_c(const FileMistake& mistake, Arena& arena) {
    return {mistake.line, arena.text(mistake.text)};
}

simplealloc_file_report to_c(const FileReport& report, Arena& arena) {
    return {report.understood, arena.list(report.mistakes)};
}

} // namespace simplealloc::c

void simplealloc_file_report_free(simplealloc_file_report* report) {
    simplealloc::c::take_back(report);
}
