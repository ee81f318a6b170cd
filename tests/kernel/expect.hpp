// SPDX-License-Identifier: MIT
// What a Result holds, in places where it has to hold something.
#pragma once

#include <simplealloc/result.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace guest {

/// Throws the error's message otherwise: a test ends with it.
template <typename T>
T expect(simplealloc::Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
    if constexpr (!std::is_void_v<T>)
        return *std::move(result);
}

} // namespace guest
