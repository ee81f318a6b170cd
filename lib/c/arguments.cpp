// SPDX-License-Identifier: MIT
// What C gives as arguments, checked.
#include "lib/c/arguments.hpp"

#include "lib/c/guard.hpp"

#include <algorithm>

namespace simplealloc::c {

namespace {

Error wrong(const char* argument, const char* why) {
    Error error;
    error.cause = Cause::invalid;
    error.stage = Stage::request;
    error.object = argument;
    error.detail = why;
    return error;
}

} // namespace

void refuse(const char* argument, const char* why) {
    throw BadResult(wrong(argument, why));
}

void copy_struct(void* to, std::size_t known, const void* from, std::size_t given,
                 const char* argument) {
    if (given < sizeof(std::size_t))
        refuse(argument, "has no size: it has to begin as its _INIT macro");
    const auto* bytes = static_cast<const unsigned char*>(from);
    const auto in_use = [](unsigned char byte) { return byte != 0; };
    if (given > known && std::any_of(bytes + known, bytes + given, in_use)) {
        Error error = wrong(argument, "uses a field that this library does not know");
        error.remedy = "update libsimplealloc";
        throw NewerStruct(std::move(error));
    }
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
