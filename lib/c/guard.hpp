// SPDX-License-Identifier: MIT
// How C gets into the C++ API and out again: no exception leaves, and every failure is an errno.
#pragma once

#include <simplealloc/error.h>
#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <type_traits>

namespace simplealloc::c {

/// A struct of a newer header, with a field in use that this library does not know.
class NewerStruct final : public BadResult {
public:
    using BadResult::BadResult;
};

/// Hands an error out and returns its code.
int fail(simplealloc_error** error, const Error& why);
/// The same of the exception that is being handled.
int fail(simplealloc_error** error) noexcept;

inline int code_of(bool yes) {
    return yes ? 1 : 0;
}
inline int code_of(UniqueFd& fd) {
    return fd.release();
}

/// Runs the body of a C function: it returns nothing or a number, or a Result of either. What
/// arguments.hpp says of an argument is thrown, and so is want of memory.
template <typename Body>
int guarded(simplealloc_error** error, Body body) noexcept {
    if (error != nullptr)
        *error = nullptr;
    try {
        using Answer = decltype(body());
        if constexpr (std::is_void_v<Answer>) {
            body();
            return 0;
        } else if constexpr (std::is_same_v<Answer, int>) {
            return body();
        } else {
            Answer answer = body();
            if (!answer)
                return fail(error, answer.error());
            if constexpr (std::is_same_v<Answer, Result<void>>)
                return 0;
            else
                return code_of(*answer);
        }
    } catch (...) {
        return fail(error);
    }
}

/// What has been made, as an object of C.
template <typename Object, typename T>
Result<void> give(Object*& out, Result<T>&& made) {
    if (!made)
        return std::move(made).error();
    out = new Object{*std::move(made)};
    return {};
}

/// The same for a number or a small struct, where the caller has room for it.
template <typename C, typename T>
Result<void> store(C& out, Result<T>&& made) {
    if (!made)
        return std::move(made).error();
    if constexpr (std::is_convertible_v<T, C>)
        out = *made;
    else
        out = to_c(*made);
    return {};
}

} // namespace simplealloc::c
