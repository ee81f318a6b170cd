// SPDX-License-Identifier: MIT
// The library's version for C.
#include <simplealloc/version.h>

#include <cstdint>

std::uint32_t simplealloc_version() {
    return SIMPLEALLOC_VERSION;
}

const char* simplealloc_version_string() {
    return SIMPLEALLOC_VERSION_STRING;
}
