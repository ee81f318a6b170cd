// SPDX-License-Identifier: MIT
// What each command is good for, as lines for a shell.
#pragma once

#include <string_view>

namespace simplealloc::tools {

/// Indented lines that end with newlines; empty for a command that has none.
std::string_view examples_of(std::string_view command);

} // namespace simplealloc::tools
