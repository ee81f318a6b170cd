// SPDX-License-Identifier: MIT
// Amounts of memory in words.
#pragma once

#include <cstdint>
#include <string>

namespace simplealloc {

/// `64 MiB`, `512 bytes`, `3.5 MiB (3686400 bytes)`: exact, so that two sizes that differ never
/// read the same. For limits of a layout and what breaks them people compare plain bytes.
std::string size_text(std::uint64_t bytes);

} // namespace simplealloc
