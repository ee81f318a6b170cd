// SPDX-License-Identifier: MIT
// A device's own memory on machines where nobody else's will do.
#include "tests/kernel/command.hpp"
#include "tests/support/catch.hpp"

TEST_CASE_METHOD(guest::NothingLeft, "a display that reaches 4 GiB of 5 shows its own memory",
                 "[cirrus]") {
    const std::string display = guest::card("cirrus");
    const command::Words request{"--image", "1024x768:RG16", "--use", display + ":scanout",
                                 "--cpu",   "write"};
    const auto plan = guest::run(command::join({"simplealloc", "plan"}, request));
    INFO(plan.output << plan.errors);
    CHECK(plan.output.find("chosen: drm-dumb:") != std::string::npos);
    CHECK(plan.output.find("dma-heap:system, udmabuf     address-window") != std::string::npos);
    const auto buffer = guest::run(command::join({"simplealloc", "alloc"}, request));
    INFO(buffer.output << buffer.errors);
    CHECK(buffer.status == 0);
    CHECK_THAT(buffer.output, Catch::Matchers::StartsWith("allocated from drm-dumb:"));
    CHECK(buffer.output.find("works   PRIME import, AddFB2, GETFB2") != std::string::npos);
}
