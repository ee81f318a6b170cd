// SPDX-License-Identifier: MIT
// Amounts of memory in words: one decimal, cut off, and the bytes behind what is not exact.
#include "lib/base/size_text.hpp"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace simplealloc {

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const std::string exact = fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
    if (bytes < 1024)
        return exact;
    std::size_t unit = 0;
    std::uint64_t one = 1024;
    while (unit + 1 < units.size() && bytes / one >= 1024) {
        one *= 1024;
        ++unit;
    }
    const std::uint64_t whole = bytes / one;
    if (bytes % one == 0)
        return fmt::format("{} {}", whole, units[unit]);
    // Integer tenths: a double would round 2^64 - 1.
    const std::uint64_t tenth = bytes % one / (one / 1024) * 10 / 1024;
    return fmt::format("{}.{} {} ({})", whole, tenth, units[unit], exact);
}

} // namespace simplealloc
