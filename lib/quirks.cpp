// SPDX-License-Identifier: MIT
// What quirk files say of a device, and whether a quirk file is right.
#include <simplealloc/quirks.hpp>

#include "lib/discovery/apply_quirks.hpp"
#include "lib/discovery/quirk_file.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"

namespace simplealloc {

std::vector<AppliedQuirk> applied_quirks(const Device& device) {
    return applied_quirks(device.record().quirks);
}

Result<QuirkFileReport> check_quirk_file(const std::string& path) {
    std::string text;
    if (const int result = kernel::read_file(path, text); result < 0)
        return failure(Stage::discover, cause_of(-result), -result, path, "read quirk file");
    const QuirkFile file = parse_quirks(text, path);
    QuirkFileReport report;
    report.rows = file.rows.size();
    for (const ini::Mistake& mistake : file.mistakes)
        report.mistakes.push_back({mistake.line, mistake.text});
    return report;
}

} // namespace simplealloc
