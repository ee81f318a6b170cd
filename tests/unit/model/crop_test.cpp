// SPDX-License-Identifier: MIT
// A codec that pads lines: a larger image of which a part counts.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>

using namespace simplealloc;

namespace {

/// A camera of NV12 without padding, and an encoder of macroblocks: it counts 368 lines for 360.
struct Recorder : test::FakeMachine {
    std::vector<std::uint32_t> heights; ///< that the camera makes
    Allocator allocator = prepare();

    static void lay_out(v4l2_pix_format& pixels) {
        pixels.bytesperline = pixels.width;
        pixels.sizeimage = pixels.width * pixels.height * 3 / 2;
    }
    Allocator prepare() {
        test::FakeVideo camera;
        camera.driver = "uvcvideo"; // takes any memory
        camera.pixelformat = V4L2_PIX_FMT_NV12;
        camera.override = test::try_format([this](v4l2_format& format) {
            auto& pixels = format.fmt.pix;
            if (std::find(heights.begin(), heights.end(), pixels.height) == heights.end())
                pixels.height = 360;
            lay_out(pixels);
        });
        add_camera(camera);
        test::FakeVideo encoder;
        encoder.index = 1;
        encoder.pixelformat = V4L2_PIX_FMT_NV12;
        encoder.override = test::try_format([](v4l2_format& format) {
            auto& pixels = format.fmt.pix;
            pixels.height = (pixels.height + 15) / 16 * 16;
            lay_out(pixels);
        });
        add_v4l2(kernel, encoder);
        return test::open_allocator();
    }
    RequestBuilder request(std::uint32_t height) {
        const auto camera = allocator.device("/dev/video0");
        const auto encoder = allocator.device("/dev/video1");
        REQUIRE(camera);
        REQUIRE(encoder);
        return Request::image(640, height, fourcc::nv12)
            .use(*camera, Use::capture)
            .use(*encoder, Use::encode);
    }
};

} // namespace

TEST_CASE(
    "a codec that pads lines: a taller image and a crop come first, where the camera makes it") {
    Recorder recorder;
    recorder.heights = {360, 368};
    const auto plan = recorder.allocator.plan(recorder.request(360));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    REQUIRE(!plan->relaxations().empty());
    const Relaxation& first = plan->relaxations().front();
    CHECK(to_string(first.kind) == "crop");
    CHECK(first.what == "request 640x368 and crop to 640x360");
    CHECK(first.layout.height == 368);

    const auto cropped = recorder.allocator.plan(recorder.request(368).crop(640, 360));
    REQUIRE(cropped);
    REQUIRE(!cropped->candidates().empty());
    for (const std::size_t use : {0U, 1U}) {
        const auto setup = cropped->setup(use);
        REQUIRE(setup);
        CHECK(setup->v4l2->height == 368);
        CHECK(setup->v4l2->crop.width == 640);
        CHECK(setup->v4l2->crop.height == 360);
    }
    // A crop that is larger than the image is none.
    CHECK(recorder.allocator.plan(recorder.request(360).crop(640, 368)).error().cause ==
          Cause::invalid);
}

TEST_CASE("a camera that makes no taller image is offered none") {
    Recorder recorder;
    recorder.heights = {360};
    const auto plan = recorder.allocator.plan(recorder.request(360));
    REQUIRE(plan);
    for (const Relaxation& offer : plan->relaxations())
        CHECK(to_string(offer.kind) != "crop");
}
