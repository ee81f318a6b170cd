// SPDX-License-Identifier: MIT
// Objects of the C API in tests.
#pragma once

#include "tests/support/c_owned.hpp"
#include "tests/support/catch.hpp"

namespace simplealloc::test {

/// Fails the test with the error's text where there is one.
inline void expect(int code, const CError& error) {
    INFO((error ? error->message : ""));
    REQUIRE(code >= 0);
    REQUIRE(error == nullptr);
}

} // namespace simplealloc::test
