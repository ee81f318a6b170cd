// SPDX-License-Identifier: MIT
// What a Pool asks of a Prepared beyond its public functions.
#pragma once

#include <simplealloc/prepared.hpp>

#include <cstddef>

namespace simplealloc {

/// As Prepared::allocate(), of the `count` candidates from `first` on.
Result<Buffer> allocate_from(const Prepared& prepared, std::size_t first, std::size_t count);

} // namespace simplealloc
