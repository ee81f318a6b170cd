// SPDX-License-Identifier: MIT
// The sizes that devices pad an image to.
#pragma once

#include "lib/model/model.hpp"

#include <cstdint>
#include <vector>

namespace simplealloc::solver {

struct ImageSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

/// Larger than the request's, the smallest first, and few: what its devices make of width and
/// height, as far as their limits tell.
std::vector<ImageSize> padded_sizes(const Input& input);

} // namespace simplealloc::solver
