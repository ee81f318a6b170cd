// SPDX-License-Identifier: MIT
// What is known of the program's standard streams, and writing to them.
#pragma once

#include "tools/output/text_table.hpp"

#include <string_view>

namespace simplealloc::tools {

/// Makes sure that 0, 1 and 2 are taken: a device node that got one of these numbers would be
/// written to. Writing to a stream that was closed goes on failing. Ignores SIGPIPE, so that a
/// reader who has gone is an error like others.
void guard_standard_streams();

/// Width and colour of the terminal behind standard output (1) or error (2).
Screen screen_of(int fd);

/// All of `text`, flushed; on failure says so on standard error, but for EPIPE: a reader such as
/// head(1) that has enough is no surprise.
bool write_output(std::string_view text);
void write_error(std::string_view text);

} // namespace simplealloc::tools
