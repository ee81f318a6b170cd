// SPDX-License-Identifier: MIT
// What quirk files say of a device, and whether a quirk file is right.
#include <simplealloc/quirks.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/kernel/kernel.hpp"

#include <utility>

namespace simplealloc {

std::vector<AppliedQuirk> applied_quirks(const Device& device) {
    return applied_quirks(Internal::data(device).quirks);
}

Result<FileReport> check_quirk_file(const std::string& path) {
    std::string text;
    if (const int result = kernel::read_file(path, text); result < 0)
        return failure(Stage::discover, cause_of(-result), -result, path, "read quirk file");
    QuirkFile file = parse_quirks(text, path);
    return FileReport{file.rows.size(), std::move(file.mistakes)};
}

} // namespace simplealloc
