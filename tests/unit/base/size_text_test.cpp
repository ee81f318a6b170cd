// SPDX-License-Identifier: MIT
// Amounts of memory read the same wherever they are written, and never the same for two sizes.
#include "lib/base/size_text.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using simplealloc::size_text;

TEST_CASE("a size is a number of its largest unit, and of bytes where that is not all") {
    CHECK(size_text(0) == "0 bytes");
    CHECK(size_text(1) == "1 byte");
    CHECK(size_text(1023) == "1023 bytes");
    CHECK(size_text(1024) == "1 KiB");
    CHECK(size_text(1025) == "1.0 KiB (1025 bytes)");
    CHECK(size_text(65536) == "64 KiB");
    CHECK(size_text(3686400) == "3.5 MiB (3686400 bytes)");
    CHECK(size_text(4194303) == "3.9 MiB (4194303 bytes)");
    CHECK(size_text(4194304) == "4 MiB");
    CHECK(size_text(std::numeric_limits<std::uint64_t>::max()) ==
          "15.9 EiB (18446744073709551615 bytes)");
}
