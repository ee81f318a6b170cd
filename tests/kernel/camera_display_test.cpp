// SPDX-License-Identifier: MIT
// Camera to display: which memory is chosen for which pair of devices, and that frames really
// arrive.
#include "tests/kernel/command.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/picture.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>

using command::Words;

namespace {

const Words image{"--image", "1280x720:XR24"};

Words pair_of(const std::string& camera, const std::string& display) {
    return command::join(image, {"--use", camera + ":capture", "--use", display + ":scanout"});
}

guest::Outcome stream(const std::string& camera, const std::string& display,
                      const Words& more = {}) {
    return guest::run(command::join({"camera_to_display", "--camera", camera, "--display", display,
                                     "--size", "1280x720", "--frames", "8"},
                                    more));
}

std::string node_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "a display that imports nothing gets its own dumb buffers, filled by the camera",
                 "[stock]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("virtio_gpu");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const auto plan = planned.json();
    // GBM is another way to the card's own memory.
    CHECK(command::sources(plan).front() == "drm-dumb:" + node_name(display));
    for (const std::string& source : command::sources(plan))
        CHECK((source.rfind("drm-dumb:", 0) == 0 || source.rfind("gbm:", 0) == 0));
    CHECK(plan.at("candidates")[0].at("driver") == "virtio_gpu");
    const auto heap = command::rejection(plan, "dma-heap:system", "exporter");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("parties") == nlohmann::json{display + " (scanout)"});

    const auto streamed = stream(camera, display, {"--exec", "lane-screendump camera-to-virtio"});
    INFO(streamed.output << streamed.errors);
    REQUIRE(streamed.status == 0);
    CHECK(streamed.output.find("8 frames, 0 copies, memory from drm-dumb:") != std::string::npos);

    const Picture screen = read_ppm(std::string(std::getenv("LANE_OUT")) + "/camera-to-virtio.ppm");
    CHECK(screen.width == 1280);
    CHECK(screen.height == 720);
    CHECK(colour_bars(screen, screen.height * 3 / 4) ==
          "white yellow cyan green magenta red blue black");
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a camera that needs contiguous memory gets the CMA heap, and the system heap is "
                 "rejected in its name",
                 "[full]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("vkms");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const auto plan = planned.json();
    REQUIRE(!command::sources(plan).empty());
    CHECK(command::sources(plan).front() == "dma-heap:reserved");
    const auto heap = command::rejection(plan, "dma-heap:system", "contiguity");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("parties") == nlohmann::json{camera + " (capture)"});
    CHECK(!heap.at("remedy").get<std::string>().empty());

    const auto allocated = command::alloc(pair_of(camera, display));
    INFO(allocated.output << allocated.errors);
    REQUIRE(allocated.status == 0);
    const auto buffer = command::buffer(allocated);
    CHECK(buffer.at("source") == "dma-heap:reserved");
    REQUIRE(buffer.at("verified").size() == 2);
    CHECK(buffer.at("verified")[0].at("imported") == true);
    CHECK(buffer.at("verified")[1].at("imported") == true);

    const auto streamed = stream(camera, display);
    INFO(streamed.output << streamed.errors);
    REQUIRE(streamed.status == 0);
    CHECK(streamed.output.find("8 frames, 0 copies, memory from dma-heap:reserved") !=
          std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a camera that takes anything gets plentiful memory before the scarce CMA heap",
                 "[full]") {
    const std::string camera = guest::video("vivid-001-vid-cap");
    const std::string display = guest::card("vkms");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const Words sources = command::sources(planned.json());
    REQUIRE(sources.size() >= 2);
    CHECK(sources.front() == "dma-heap:system");
    CHECK(std::find(sources.begin(), sources.end(), "dma-heap:reserved") != sources.end());

    const auto allocated = command::alloc(pair_of(camera, display));
    INFO(allocated.output << allocated.errors);
    REQUIRE(allocated.status == 0);
    for (const auto& verified : command::buffer(allocated).at("verified"))
        CHECK(verified.at("imported") == true);

    const auto streamed = stream(camera, display);
    INFO(streamed.output << streamed.errors);
    REQUIRE(streamed.status == 0);
    CHECK(streamed.output.find("memory from dma-heap:system") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a contiguous camera and a display that imports nothing and can't be attached to "
                 "are a conflict of both",
                 "[stock-contiguous]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("bochs-drm");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    CHECK(planned.status == 1);
    const auto plan = planned.json();
    CHECK(plan.at("candidates").empty());
    CHECK(command::conflict_parties(plan).count(camera + " (capture)") == 1);
    CHECK(command::conflict_parties(plan).count(display + " (scanout)") == 1);
    CHECK(!command::rejection(plan, "drm-dumb:" + node_name(display), "attach").is_null());
    CHECK(!command::rejection(plan, "dma-heap:system", "exporter").is_null());
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a contiguous camera and a display that imports nothing and has scattered memory "
                 "are a conflict of both",
                 "[stock-contiguous]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("virtio_gpu");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    CHECK(planned.status == 1);
    const auto plan = planned.json();
    CHECK(plan.at("candidates").empty());
    CHECK(command::conflict_parties(plan).count(camera + " (capture)") == 1);
    CHECK(command::conflict_parties(plan).count(display + " (scanout)") == 1);
    CHECK(!command::rejection(plan, "drm-dumb:" + node_name(display), "contiguity").is_null());
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a camera that copies through a kernel mapping is kept off memory that scanout "
                 "moves",
                 "[stock]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("bochs-drm");
    const auto planned = command::plan(pair_of(camera, display));
    INFO(planned.output << planned.errors);
    CHECK(planned.status == 1);
    const auto plan = planned.json();
    CHECK(plan.at("candidates").empty());
    CHECK(command::conflict_parties(plan).count(camera + " (capture)") == 1);
    CHECK(command::conflict_parties(plan).count(display + " (scanout)") == 1);
    const auto own = command::rejection(plan, "drm-dumb:" + node_name(display), "attach");
    REQUIRE(!own.is_null());
    CHECK(own.at("parties") == nlohmann::json{camera + " (capture)"});

    const auto streamed = stream(camera, display);
    CHECK(streamed.status == 1);
    CHECK(streamed.output.find("frames") == std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "memory that is contiguous by luck does not count as contiguous", "[full]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    // The system heap's largest chunk is 1 MiB, so such a buffer is one run, today.
    const auto planned = command::plan({"--bytes", "1M", "--use", camera + ":capture"});
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const auto plan = planned.json();
    CHECK(!command::rejection(plan, "dma-heap:system", "contiguity").is_null());
    CHECK(command::sources(plan).front() == "dma-heap:reserved");
}
