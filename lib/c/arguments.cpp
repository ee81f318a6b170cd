// SPDX-License-Identifier: MIT
// What C gives as arguments, checked.
#include "lib/c/arguments.hpp"

#include "lib/c/guard.hpp"

#include <algorithm>

namespace simplealloc::c {

namespace {

/// Of the kernel's rule, on machines whose pages are larger as well.
constexpr std::size_t page = 4096;

Error wrong(const char* argument, std::string why) {
    Error error;
    error.cause = Cause::invalid;
    error.stage = Stage::request;
    error.object = argument;
    error.detail = std::move(why);
    return error;
}

[[noreturn]] void refuse_newer(const char* argument, std::string why) {
    Error error = wrong(argument, std::move(why));
    error.remedy = "update libsimplealloc";
    throw NewerStruct(std::move(error));
}

} // namespace

void refuse(const char* argument, const char* why) {
    throw BadResult(wrong(argument, why));
}

bool flag(const bool& value, const char* argument) {
    unsigned char byte = 0;
    static_assert(sizeof(value) == sizeof(byte));
    std::memcpy(&byte, &value, sizeof(byte));
    if (byte > 1)
        refuse(argument, "is neither true nor false");
    return byte == 1;
}

void copy_struct(void* to, std::size_t known, std::span<const std::size_t> earlier,
                 const void* from, std::size_t given, const char* argument) {
    if (given < known && std::ranges::count(earlier, given) == 0)
        refuse(argument,
               "has a size that no version of it had: it has to begin as its _INIT macro");
    // Before anything of it is read: a size that is no size leads off the caller's memory.
    if (given > page)
        refuse_newer(argument, "has " + std::to_string(given) +
                                   " bytes, and no version has more than a page");
    const auto* bytes = static_cast<const unsigned char*>(from);
    const auto in_use = [](unsigned char byte) { return byte != 0; };
    if (given > known && std::any_of(bytes + known, bytes + given, in_use))
        refuse_newer(argument, "uses a field that this library does not know");
    std::memcpy(to, from, std::min(known, given));
}

std::string text(const char* given) {
    return given == nullptr ? std::string() : std::string(given);
}

std::vector<std::string> texts(const char* const* given) {
    std::vector<std::string> out;
    for (; given != nullptr && *given != nullptr; ++given)
        out.emplace_back(*given);
    return out;
}

} // namespace simplealloc::c
