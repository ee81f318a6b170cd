// SPDX-License-Identifier: MIT
// What C gives as arguments, checked; whatever is wrong is thrown to guarded().
#pragma once

#include <array>
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

/// Copied as bytes: C may put any number into an enum, and reading it as one would be undefined.
template <typename Enum>
int number_of(const Enum& value) {
    int number = 0;
    static_assert(sizeof(Enum) == sizeof(number));
    std::memcpy(&number, &value, sizeof(number));
    return number;
}

/// `last` is the enumeration's last one; all begin with 0.
template <typename To, typename From>
To checked(const From& value, To last, const char* argument) {
    const int number = number_of(value);
    if (number < 0 || number > static_cast<int>(last))
        refuse(argument, "is not one of its enumerators");
    return static_cast<To>(number);
}

/// For to_string(), which knows a number that stands for nothing as `unknown`.
template <typename To, typename From>
To unchecked(const From& value) {
    return static_cast<To>(number_of(value));
}

/// A bool that lies in the caller's memory.
bool flag(const bool& value, const char* argument);

/// The sizes that a struct had in earlier releases, where it has grown since.
template <typename T>
inline constexpr std::array<std::size_t, 0> earlier_sizes{};

/// Copies what both sides know of a versioned struct, by the rules of the kernel's
/// copy_struct_from_user(): what lies beyond `known` has to be zero, and no struct is larger than a
/// page. Stricter than those, as half a pointer must not be read: a smaller one has one of the
/// `earlier` sizes. Throws NewerStruct where the caller's is too large or has more in use.
void copy_struct(void* to, std::size_t known, std::span<const std::size_t> earlier,
                 const void* from, std::size_t given, const char* argument);

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
    copy_struct(&value, sizeof(T), earlier_sizes<T>, given, size, argument);
    value.size = sizeof(T);
    return value;
}

/// What a function that can't fail answers where its object is NULL.
template <typename T>
T nothing() {
    if constexpr (std::is_same_v<T, const char*>) {
        return "";
    } else if constexpr (std::is_pointer_v<T> && std::is_pointer_v<std::remove_pointer_t<T>>) {
        static constexpr std::remove_pointer_t<T> none = nullptr; // behind the last of a list
        return &none;
    } else {
        return T();
    }
}

/// Such a function: what `get` finds in the object.
template <typename Object, typename Get>
auto got(Object* object, Get get) {
    using Value = decltype(get(*object));
    return object == nullptr ? nothing<Value>() : get(*object);
}

/// Empty for NULL.
std::string text(const char* given);
/// Up to NULL; empty for NULL.
std::vector<std::string> texts(const char* const* given);

} // namespace simplealloc::c
