// SPDX-License-Identifier: MIT
// A value or an Error, with the member names of std::expected.
#pragma once

#include <simplealloc/error.hpp>

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace simplealloc {

/// What value() throws on a Result that holds an error: the caller's mistake, since it did not ask
/// first.
class SIMPLEALLOC_API BadResult : public std::exception {
public:
    /// Takes the error that value() was called on.
    explicit BadResult(Error error);
    ~BadResult() override;
    /// Error::message; lives as long as this object.
    [[nodiscard]] const char* what() const noexcept override;
    /// The error that value() was called on.
    [[nodiscard]] const Error& error() const noexcept { return error_; }

private:
    Error error_;
    std::string message_;
};

namespace detail {
/// Ends value() of a Result that holds an error: throws BadResult from the library, so that headers
/// compile without exceptions.
[[noreturn]] SIMPLEALLOC_API void throw_bad_result(const Error& error);

/// Where a Result keeps its Error: on the heap, so that success is no larger than a pointer.
/// Copies are as deep as those of an Error.
class ErrorBox {
public:
    ErrorBox() noexcept = default;
    explicit ErrorBox(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
    ErrorBox(const ErrorBox& other)
        : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
    ErrorBox(ErrorBox&&) noexcept = default;
    ErrorBox& operator=(ErrorBox other) noexcept {
        error_.swap(other.error_);
        return *this;
    }
    ~ErrorBox() = default;

    explicit operator bool() const noexcept { return error_ != nullptr; }
    Error& operator*() const noexcept { return *error_; }

private:
    std::unique_ptr<Error> error_;
};
} // namespace detail

/// Holds a T or the Error that explains why there is none. Never an alias of std::expected: the
/// type is part of the ABI and must not depend on the language version. A value, for one thread.
template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;     ///< as in std::expected
    using error_type = Error; ///< as in std::expected

    /// Implicit, so that a function returns either.
    /// @{
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    /// @}

    /// Whether there is a value, not an error.
    /// @{
    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    /// @}

    /// The value; throws BadResult when there is none.
    /// @{
    T& value() & { return require(*this); }
    const T& value() const& { return require(*this); }
    T&& value() && { return std::move(require(*this)); }
    /// @}

    /// The value, unchecked: only after has_value().
    /// @{
    T& operator*() & noexcept { return *std::get_if<0>(&state_); }
    const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
    T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() noexcept { return std::get_if<0>(&state_); }
    const T* operator->() const noexcept { return std::get_if<0>(&state_); }
    /// @}

    /// The value, or `fallback` when there is none.
    template <typename U>
    T value_or(U&& fallback) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
    }

    /// The error, unchecked: only after !has_value().
    /// @{
    Error& error() & noexcept { return **std::get_if<1>(&state_); }
    const Error& error() const& noexcept { return **std::get_if<1>(&state_); }
    Error&& error() && noexcept { return std::move(**std::get_if<1>(&state_)); }
    /// @}

private:
    template <typename Self>
    static auto& require(Self& self) {
        if (!self.has_value())
            detail::throw_bad_result(self.error());
        return *self;
    }

    std::variant<T, detail::ErrorBox> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;  ///< as in std::expected
    using error_type = Error; ///< as in std::expected

    /// Success.
    Result() noexcept {}
    /// Failure; implicit, so that a function returns it.
    Result(Error error) : error_(std::move(error)) {}

    /// Whether it is success.
    /// @{
    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    /// @}

    /// Throws BadResult on an error.
    void value() const {
        if (error_)
            detail::throw_bad_result(*error_);
    }

    /// The error, unchecked: only after !has_value().
    /// @{
    Error& error() & noexcept { return *error_; }
    const Error& error() const& noexcept { return *error_; }
    Error&& error() && noexcept { return std::move(*error_); }
    /// @}

private:
    detail::ErrorBox error_;
};

} // namespace simplealloc
