// SPDX-License-Identifier: MIT
// A range of kernel versions, as quirk rows name it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace simplealloc {

/// Both ends count as written: 6.12 stands for every 6.12.x.
struct KernelRange {
    std::vector<unsigned> least; ///< empty: from the first kernel on
    std::vector<unsigned> most;  ///< empty: no end
    bool most_excluded = false;
};

/// Reads `5.10..6.12`, `5.10..`, `..6.12`, `>=5.10`, `<6.1` or one version; nothing for anything
/// else.
std::optional<KernelRange> parse_kernel_range(std::string_view text);

/// `release` is what uname says, e.g. `6.12.9-rt`. A release that is no version is in no range.
bool contains(const KernelRange& range, std::string_view release);

} // namespace simplealloc
