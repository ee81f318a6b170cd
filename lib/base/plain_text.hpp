// SPDX-License-Identifier: MIT
// Text that may be shown: what another process sends can end up on a terminal.
#pragma once

#include <string_view>

namespace simplealloc::wire {

/// Whether it is UTF-8 (RFC 3629: shortest form, no surrogates) without control characters.
bool is_plain_text(std::string_view text);

} // namespace simplealloc::wire
