// SPDX-License-Identifier: MIT
// The quirk files that are compiled in; data/quirks/embed.py writes the definition.
#pragma once

#include <span>
#include <string_view>

namespace simplealloc {

struct EmbeddedQuirks {
    std::string_view name; ///< of the file
    std::string_view text;
};

std::span<const EmbeddedQuirks> embedded_quirks();

} // namespace simplealloc
