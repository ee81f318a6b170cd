// SPDX-License-Identifier: MIT
// The quirk files that are compiled in, by sections; data/quirks/embed.py writes the definition.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace simplealloc {

struct EmbeddedSection {
    std::string_view file; ///< its name
    std::size_t line;      ///< of the head
    std::string_view subsystem;
    std::string_view driver;        ///< a name or a pattern
    std::string_view sysfs_drivers; ///< what `sysfs-driver` says; mostly nothing
    std::string_view text;          ///< of the section alone, without comments
};

/// In the order of files and lines.
std::span<const EmbeddedSection> embedded_sections();

} // namespace simplealloc
