// SPDX-License-Identifier: MIT
// Functions of C while memory runs out: each allocation in turn fails, alone or with all after it,
// until there is enough. Nothing is left behind, whatever the library was doing.
#pragma once

#include "tests/support/c_objects.hpp"

#include <cstddef>
#include <functional>

namespace simplealloc::test {

/// A C function, and the end of what it made. Allocates nothing itself.
using StarvingCall = std::function<int(simplealloc_error**)>;

/// With the log off, and on for every line. `expected` is what it says where no allocation fails.
/// Returns how often it said -ENOMEM.
std::size_t check_starving(const char* name, const StarvingCall& call, int expected = 0);

/// The same of a function that hands out an object.
template <typename T, typename Make>
std::size_t check_starving(const char* name, void (*free)(T*), Make make) {
    return check_starving(name, [&](simplealloc_error** error) {
        T* made = nullptr;
        const int code = make(&made, error);
        free(made);
        return code;
    });
}

} // namespace simplealloc::test
