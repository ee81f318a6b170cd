// SPDX-License-Identifier: MIT
// main() of every Catch2 program; one translation unit, as it is the slow one to compile.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include "tests/support/catch.hpp"

int main(int argc, char** argv) {
    return Catch::Session().run(argc, argv);
}
