// SPDX-License-Identifier: MIT
// Other people's frameworks on memory of this library.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <string>

TEST_CASE("GStreamer streams from a camera to a display through a pool of this library", "[full]") {
    const std::string format = GENERATE(as<std::string>(), "BGRx", "RGB16");
    CAPTURE(format);
    const std::string caps = "video/x-raw,width=640,height=480,format=" + format;
    // kmssink tells of the frames that it has to copy in this category.
    const auto shown = guest::run(
        {"gstreamer_camera", guest::video("vivid-000-vid-cap"), guest::card("vkms"), caps, "30"},
        {}, {{"GST_DEBUG", "GST_PERFORMANCE:4"}});
    INFO(shown.errors);
    CHECK(shown.status == 0);
    CHECK_THAT(shown.output,
               Catch::Matchers::StartsWith("30 frames, 0 in other memory than dma-heap:"));
    CHECK(shown.errors.find("frame copy") == std::string::npos);
}
