// SPDX-License-Identifier: MIT
// Programs in C on real kernels.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <string>

TEST_CASE_METHOD(guest::NothingLeft,
                 "a program in C allocates, writes, imports, lends and shares a buffer",
                 "[stock][full]") {
    const std::string source = GENERATE("dma-heap:system", "udmabuf");
    const auto ran = guest::run({"c-lifecycle", source});
    INFO(ran.output << ran.errors);
    CHECK(ran.status == 0);
    CHECK(ran.output.find("the source is as ordered\n") == 0);
    CHECK(ran.output.find("\nit has what the other process wrote\n") != std::string::npos);
    CHECK(ran.output.find("\nit lends the same buffer again\n") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft, "the example in C serves a camera and a display", "[full]") {
    const auto ran = guest::run({"c_allocate", guest::video("vivid-000-vid-cap"), "capture",
                                 guest::card("vkms"), "scanout"});
    INFO(ran.output << ran.errors);
    CHECK(ran.status == 0);
    CHECK(ran.output.find("candidate: dma-heap:") != std::string::npos);
    CHECK(ran.output.find(", stride 5120\n") != std::string::npos);

    const auto missing = guest::run({"c_allocate", "/dev/no-such-camera", "capture"});
    CHECK(missing.status == 1);
    CHECK(missing.errors == "/dev/no-such-camera: look up device: No such file or directory\n");
}
