// SPDX-License-Identifier: MIT
// What a device takes, for people.
#pragma once

#include "tools/output/report.hpp"
#include "tools/output/text_table.hpp"

#include <string>

namespace simplealloc::tools {

/// A table of limits and one of formats for each alternative, best first.
std::string capabilities_text(const CapabilityReport& report, const Screen& screen);

} // namespace simplealloc::tools
