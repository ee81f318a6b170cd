// SPDX-License-Identifier: MIT
// How a plan and the strides of V4L2 drivers come together, before and after the allocation.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.hpp>

#include <functional>

using namespace simplealloc;
using test::FakeKernel;

namespace {

/// A camera of 640x480 YUYV that makes its own stride out of the one that it is asked for.
struct Machine {
    FakeKernel kernel;
    std::shared_ptr<test::FakeVideo> video;
    Allocator allocator;

    explicit Machine(std::function<std::uint32_t(std::uint32_t)> stride)
        : allocator(prepare(std::move(stride))) {}

    Allocator prepare(std::function<std::uint32_t(std::uint32_t)> stride) {
        kernel.add_file("/proc/meminfo", "MemAvailable:   2097152 kB\n");
        test::FakeHeap heap;
        heap.name = "system";
        add_dma_heap(kernel, heap);
        test::FakeVideo camera;
        camera.m2m = false;
        camera.driver = "uvcvideo"; // takes any memory
        camera.override = [stride](unsigned long request, void* argument) -> std::optional<int> {
            if (request != VIDIOC_TRY_FMT)
                return std::nullopt;
            auto& pixels = static_cast<v4l2_format*>(argument)->fmt.pix;
            pixels.bytesperline = stride(pixels.bytesperline);
            pixels.sizeimage = pixels.bytesperline * pixels.height;
            return 0;
        };
        video = add_v4l2(kernel, camera);
        return *Allocator::open();
    }

    Request request(Constraints other = {}) {
        const auto camera = allocator.device("/dev/video0");
        REQUIRE(camera);
        DeviceDescription display;
        display.name = "display";
        display.alternatives.emplace_back().constraints = other;
        return Request::image(640, 480, fourcc::yuyv)
            .use(*camera, Use::capture)
            .use(Device::described(display), Use::read);
    }
};

std::uint32_t up_to(std::uint32_t value, std::uint32_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

} // namespace

TEST_CASE("a driver that rounds strides up meets a device with another alignment") {
    Machine machine([](std::uint32_t asked) { return up_to(std::max(asked, 1280U), 96); });
    Constraints aligned;
    aligned.stride_align = 64;
    const auto plan = machine.allocator.plan(machine.request(aligned));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 1);
    CHECK(plan->candidates()[0].layout.planes[0].stride == 1344); // 14 * 96 = 21 * 64
}

TEST_CASE("a driver that takes no padding is in conflict with a device that needs some") {
    Machine machine([](std::uint32_t) { return 1288U; });
    Constraints aligned;
    aligned.stride_align = 64;
    const auto plan = machine.allocator.plan(machine.request(aligned));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    CHECK(!plan->conflict().empty());
    const auto alone = machine.allocator.plan(machine.request());
    REQUIRE(alone);
    REQUIRE(alone->candidates().size() == 1);
    CHECK(alone->candidates()[0].layout.planes[0].stride == 1288);
}

TEST_CASE("a driver that never agrees gets no buffer") {
    Machine machine([](std::uint32_t asked) { return asked + 64; });
    const auto before = machine.kernel.census();
    const auto buffer = machine.allocator.allocate(machine.request());
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("a real pitch is put to a driver whose queue is not ours") {
    Machine machine([](std::uint32_t) { return 1280U; });
    test::FakeCard padded;
    padded.pitch = [](std::uint32_t width, std::uint32_t bpp) { return width * bpp / 8 + 256; };
    add_drm_card(machine.kernel, padded);
    const auto card = machine.allocator.device("/dev/dri/card0");
    REQUIRE(card);
    const auto before = machine.kernel.census();
    const auto buffer = machine.allocator.allocate(
        machine.request().use(*card, Use::read).without("dma-heap").without("udmabuf"));
    REQUIRE(!buffer);
    REQUIRE(buffer.error().attempts.size() == 1);
    CHECK(buffer.error().attempts[0].source == "drm-dumb:card0");
    CHECK(buffer.error().attempts[0].cause == Cause::mismatch);
    CHECK_THAT(buffer.error().attempts[0].message, Catch::Matchers::Contains("/dev/video0"));
    CHECK(machine.kernel.census() == before);
}
