// SPDX-License-Identifier: MIT
// What C gives as arguments, checked; whatever is wrong is thrown to guarded().
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace simplealloc::c {

/// Throws Cause::invalid of an argument.
[[noreturn]] void refuse(const char* argument, const char* why);

template <typename T>
T& need(T* pointer, const char* argument) {
    if (pointer == nullptr)
        refuse(argument, "is NULL");
    return *pointer;
}

/// An array, which may be NULL where it is empty.
template <typename T>
std::span<const T> array(const T* first, std::size_t count, const char* argument) {
    return count == 0 ? std::span<const T>() : std::span<const T>(&need(first, argument), count);
}

/// The same of bytes.
inline std::span<const std::byte> bytes(const void* data, std::size_t size, const char* argument) {
    return array(static_cast<const std::byte*>(data), size, argument);
}

/// Where an object is handed out; NULL until then.
template <typename T>
T*& emptied(T** out, const char* argument) {
    need(out, argument) = nullptr;
    return *out;
}

/// `last` is the enumeration's last one; all begin with 0.
template <typename To, typename From>
To checked(const From& value, To last, const char* argument) {
    // Copied as bytes: C may put any number into an enum, and reading it as one would be undefined.
    int number = 0;
    static_assert(sizeof(From) == sizeof(number));
    std::memcpy(&number, &value, sizeof(number));
    if (number < 0 || number > static_cast<int>(last))
        refuse(argument, "is not one of its enumerators");
    return static_cast<To>(number);
}

/// Copies what both sides know of a versioned struct; throws NewerStruct where the caller's has
/// more in use.
void copy_struct(void* to, std::size_t known, const void* from, std::size_t given,
                 const char* argument);

/// The caller's struct in this library's size; `defaults` for what an older header lacks, and for
/// NULL.
template <typename T>
T read_struct(const T* given, const T& defaults, const char* argument) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value = defaults;
    if (given == nullptr)
        return value;
    std::size_t size = 0;
    std::memcpy(&size, given, sizeof(size));
    copy_struct(&value, sizeof(T), given, size, argument);
    value.size = sizeof(T);
    return value;
}

/// Empty for NULL.
std::string text(const char* given);
/// Up to NULL; empty for NULL.
std::vector<std::string> texts(const char* const* given);

} // namespace simplealloc::c
