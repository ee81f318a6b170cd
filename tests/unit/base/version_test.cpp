// SPDX-License-Identifier: MIT
// The library's version, in both languages.
#include "tests/support/catch.hpp"

#include <simplealloc/version.h>
#include <simplealloc/version.hpp>

#include <string>

using namespace simplealloc;

TEST_CASE("library and headers of one build have one version, in C and C++") {
    CHECK(version() == header_version);
    CHECK(version() ==
          Version{SIMPLEALLOC_VERSION_MAJOR, SIMPLEALLOC_VERSION_MINOR, SIMPLEALLOC_VERSION_PATCH});
    CHECK(to_string(version()) == SIMPLEALLOC_VERSION_STRING);
    CHECK(simplealloc_version() == SIMPLEALLOC_VERSION);
    CHECK(simplealloc_version_string() == to_string(version()));
}

TEST_CASE("a later version is greater, as a struct, as a number, and for the preprocessor") {
#if SIMPLEALLOC_VERSION < SIMPLEALLOC_VERSION_ENCODE(0, 1, 0) ||                                   \
    SIMPLEALLOC_VERSION_ENCODE(1, 0, 0) <= SIMPLEALLOC_VERSION_ENCODE(0, 999, 999)
#error "the preprocessor can't compare versions"
#endif
    CHECK(Version{0, 2, 0} > Version{0, 1, 9});
    CHECK(Version{1, 0, 0} > Version{0, 99, 99});
    CHECK(SIMPLEALLOC_VERSION_ENCODE(0, 2, 0) > SIMPLEALLOC_VERSION_ENCODE(0, 1, 9));
    CHECK(to_string(Version{1, 20, 3}) == "1.20.3");
}
