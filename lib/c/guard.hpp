// SPDX-License-Identifier: MIT
// How C gets into the C++ API and out again: no exception leaves, and every failure is an errno.
#pragma once

#include <simplealloc/error.h>
#include <simplealloc/result.hpp>

#include <type_traits>

namespace simplealloc::c {

/// A struct of a newer header, with a field in use that this library does not know.
class NewerStruct final : public BadResult {
public:
    using BadResult::BadResult;
};

/// Of the exception that is being handled: hands out the error and returns its code.
int fail(simplealloc_error** error) noexcept;

/// Runs the body of a C function, which may throw: value() of a Result, or what arguments.hpp says
/// of an argument. A body that returns nothing succeeds with 0.
template <typename Body>
int guarded(simplealloc_error** error, Body body) noexcept {
    if (error != nullptr)
        *error = nullptr;
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return 0;
        } else {
            return body();
        }
    } catch (...) {
        return fail(error);
    }
}

} // namespace simplealloc::c
