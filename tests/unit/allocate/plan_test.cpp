// SPDX-License-Identifier: MIT
// How a plan and the strides of V4L2 drivers come together, before and after the allocation.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <functional>

using namespace simplealloc;

namespace {

std::uint32_t up_to(std::uint32_t value, std::uint32_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// A camera of 640x480 YUYV that makes its own stride out of the one that it is asked for.
struct Machine : test::FakeMachine {
    std::shared_ptr<test::FakeVideo> video;
    Allocator allocator;

    explicit Machine(std::function<std::uint32_t(std::uint32_t)> stride)
        : video(add_camera({.driver = "uvcvideo", // takes any memory
                            .override = test::try_format([stride](v4l2_format& format) {
                                auto& pixels = format.fmt.pix;
                                pixels.bytesperline = stride(pixels.bytesperline);
                                pixels.sizeimage = pixels.bytesperline * pixels.height;
                            })})),
          allocator(test::open_allocator()) {}

    RequestBuilder request(Constraints other = {}) {
        const auto camera = allocator.device("/dev/video0");
        REQUIRE(camera);
        return Request::image(640, 480, fourcc::yuyv)
            .use(*camera, Use::capture)
            .use(test::described("display", other), Use::read);
    }
};

/// A multi-planar camera that lists NM12 before NV12; `answer` is its TRY_FMT, which has no say
/// where it returns nothing: then the format is taken as it is asked for.
struct TwoWays : test::FakeMachine {
    Allocator allocator;

    explicit TwoWays(std::function<void(v4l2_pix_format_mplane&)> answer)
        : allocator(prepare(std::move(answer))) {}

    Allocator prepare(std::function<void(v4l2_pix_format_mplane&)> answer) {
        test::FakeVideo camera;
        camera.multiplanar = true;
        camera.driver = "uvcvideo"; // takes any memory
        camera.override = [answer](unsigned long request, void* argument) -> std::optional<int> {
            if (request == VIDIOC_ENUM_FMT)
                return list(*static_cast<v4l2_fmtdesc*>(argument));
            if (request != VIDIOC_TRY_FMT)
                return std::nullopt;
            auto& pixels = static_cast<v4l2_format*>(argument)->fmt.pix_mp;
            const bool apart = pixels.pixelformat == V4L2_PIX_FMT_NV12M;
            const std::uint32_t luma = pixels.plane_fmt[0].bytesperline * pixels.height;
            pixels.plane_fmt[0].sizeimage = apart ? luma : luma * 3 / 2;
            pixels.plane_fmt[1].sizeimage = apart ? luma / 2 : 0;
            answer(pixels);
            return 0;
        };
        add_camera(camera);
        return test::open_allocator();
    }

    static int list(v4l2_fmtdesc& out) {
        if (out.index > 1)
            return -EINVAL;
        out.pixelformat = out.index == 0 ? V4L2_PIX_FMT_NV12M : V4L2_PIX_FMT_NV12;
        return 0;
    }

    Plan plan(RequestBuilder request = Request::image(640, 480, fourcc::nv12)) {
        const auto camera = allocator.device("/dev/video0");
        REQUIRE(camera);
        const auto plan = allocator.plan(request.use(*camera, Use::capture));
        INFO((plan ? "" : plan.error().message()));
        REQUIRE(plan);
        return *plan;
    }
};

} // namespace

TEST_CASE("strides and sizes of planes in dma-bufs of their own are agreed on one by one") {
    TwoWays machine([](v4l2_pix_format_mplane& pixels) {
        // NV12 in one buffer is none of its formats.
        if (pixels.pixelformat == V4L2_PIX_FMT_NV12)
            pixels.height = 1;
        pixels.plane_fmt[0].bytesperline = up_to(pixels.plane_fmt[0].bytesperline, 256);
        pixels.plane_fmt[0].sizeimage = pixels.plane_fmt[0].bytesperline * pixels.height;
        pixels.plane_fmt[1].bytesperline = up_to(pixels.plane_fmt[1].bytesperline, 512);
        pixels.plane_fmt[1].sizeimage = pixels.plane_fmt[1].bytesperline * 250;
    });
    const Plan plan = machine.plan();
    REQUIRE(plan.candidates().size() == 1);
    const Layout& layout = plan.candidates()[0].layout;
    REQUIRE(layout.planes.size() == 2);
    CHECK(layout.planes[0].stride == 768);
    CHECK(layout.planes[1].stride == 1024);
    CHECK(layout.dmabuf_sizes == std::vector<std::uint64_t>{768 * 480, up_to(1024 * 250, 4096)});
}

TEST_CASE("a way that its driver does not take gives way to the next one, and is told") {
    // The same with a driver that never settles: it has a stride of its own each time.
    const bool changes = GENERATE(true, false);
    TwoWays machine([=](v4l2_pix_format_mplane& pixels) {
        if (pixels.pixelformat != V4L2_PIX_FMT_NV12M)
            return;
        if (changes)
            pixels.width = 320;
        else
            pixels.plane_fmt[1].bytesperline += 64;
    });
    const Plan plan = machine.plan();
    REQUIRE(plan.candidates().size() == 1);
    CHECK(plan.candidates()[0].layout.dmabuf_sizes.size() == 1);
    REQUIRE(plan.rejections().size() == 1);
    CHECK(plan.rejections()[0].source == "/dev/video0 (capture) as NM12");
    CHECK(plan.rejections()[0].constraint == ConstraintKind::format);
    CHECK_THAT(
        plan.rejections()[0].reason,
        Catch::Matchers::Contains(changes ? "offers 320x480 instead of 640x480" : "never settles"));
    CHECK(plan.rejections()[0].required_by == std::vector<std::string>{"/dev/video0 (capture)"});
}

TEST_CASE("planes whose sizes nobody tells are unproven, and strict rejects them") {
    const bool both = GENERATE(true, false);
    TwoWays machine([=](v4l2_pix_format_mplane& pixels) {
        if (both || pixels.pixelformat == V4L2_PIX_FMT_NV12M)
            pixels.plane_fmt[0].sizeimage = pixels.plane_fmt[1].sizeimage = 0;
    });
    const Plan plan = machine.plan();
    REQUIRE(plan.candidates().size() == 1);
    CHECK(plan.candidates()[0].unproven == both);
    // A way that is proven comes first.
    CHECK(plan.candidates()[0].layout.dmabuf_sizes.size() == (both ? 2 : 1));
    CHECK((plan.candidates()[0].criteria.front().value ==
           "unproven: nobody says how many bytes /dev/video0 (capture) wants of each plane") ==
          both);
    const Plan strict = machine.plan(Request::image(640, 480, fourcc::nv12).strict());
    CHECK(strict.candidates().empty() == both);
    if (!both)
        return;
    REQUIRE(!strict.rejections().empty());
    CHECK(strict.rejections()[0].constraint == ConstraintKind::min_size);
    CHECK_THAT(to_string(strict.rejections()[0].remedies),
               Catch::Matchers::Contains("plane-padding"));
    REQUIRE(strict.conflict().size() == 1);
    CHECK(strict.conflict()[0].constraint == ConstraintKind::min_size);
    REQUIRE(!strict.relaxations().empty());
    CHECK(strict.relaxations()[0].kind == RelaxationKind::strict);
}

TEST_CASE("an image that its driver makes in no way is a conflict, and what it offers is told") {
    TwoWays machine([](v4l2_pix_format_mplane& pixels) { pixels.height = 360; });
    const Plan plan = machine.plan();
    CHECK(plan.candidates().empty());
    REQUIRE(plan.conflict().size() == 1);
    CHECK(plan.conflict()[0].constraint == ConstraintKind::format);
    CHECK(plan.conflict()[0].parties == std::vector<std::string>{"/dev/video0 (capture)"});
    REQUIRE(plan.conflict()[0].contributors.size() == 1);
    CHECK(plan.conflict()[0].contributors[0].value == "offers 640x360 instead of 640x480");
    CHECK(plan.conflict()[0].contributors[0].origin == "VIDIOC_TRY_FMT");
    REQUIRE(!plan.rejections().empty());
    CHECK(plan.rejections()[0].source == "dma-heap:system");
    CHECK_THAT(
        plan.rejections()[0].reason,
        Catch::Matchers::Contains("/dev/video0 (capture) offers 640x360 instead of 640x480"));
    CHECK_THAT(to_string(plan.rejections()[0].remedies), Catch::Matchers::Contains("640x360"));
}

TEST_CASE("as many buffers as a codec needs are planned and pooled, unless the caller counts") {
    test::FakeMachine machine;
    test::FakeVideo codec;
    codec.override = [](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_QUERYCTRL)
            return static_cast<v4l2_queryctrl*>(argument)->id == V4L2_CID_MIN_BUFFERS_FOR_OUTPUT
                       ? 0
                       : -EINVAL;
        if (request != VIDIOC_G_CTRL)
            return std::nullopt;
        static_cast<v4l2_control*>(argument)->value = 3;
        return 0;
    };
    add_v4l2(machine.kernel, codec);
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto device = allocator->device("/dev/video0");
    REQUIRE(device);
    const auto asked = [&](Use use) {
        return Request::image(640, 480, fourcc::yuyv).use(*device, use);
    };
    const auto planned = [&](const Request& request) {
        const auto plan = allocator->plan(request);
        REQUIRE(plan);
        return plan->request().count;
    };
    CHECK(planned(asked(Use::m2m_in)) == 3);
    CHECK(planned(asked(Use::m2m_out)) == 1);
    CHECK(planned(asked(Use::m2m_in).count(2)) == 2);
    CHECK(planned(asked(Use::m2m_in).count(1)) == 1);

    auto pool = Pool::create(*allocator, asked(Use::m2m_in), {});
    REQUIRE(pool);
    CHECK(pool->stats().allocated == 3);
    pool->trim();
    CHECK(pool->stats().idle == 3);
    PoolOptions few;
    few.max_buffers = 2;
    auto small = Pool::create(*allocator, asked(Use::m2m_in), few);
    REQUIRE(small);
    CHECK(small->stats().allocated == 2);
    PoolOptions own;
    own.min_buffers = 1;
    auto lazy = Pool::create(*allocator, asked(Use::m2m_in), own);
    REQUIRE(lazy);
    CHECK(lazy->stats().allocated == 1);
}

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

TEST_CASE("what could not be asked for want of memory or descriptors is not taken for a no") {
    Machine machine([](std::uint32_t stride) { return stride; });
    const auto plan = machine.allocator.plan(machine.request());
    REQUIRE(plan);
    const std::string call = GENERATE("read_file", "list_directory", "real_path", "stat");
    const int sys_errno = GENERATE(ENOMEM, EMFILE);
    const Cause cause = sys_errno == ENOMEM ? Cause::exhausted : Cause::fd_limit;
    CAPTURE(call, sys_errno);
    const auto fails = [&](auto ask) {
        unsigned failures = 0;
        for (unsigned nth = 1;; ++nth) {
            machine.kernel.clear_failures();
            machine.kernel.fail(call, nth, sys_errno);
            const auto answer = ask();
            const bool failed = machine.kernel.failed();
            machine.kernel.clear_failures();
            CAPTURE(nth);
            REQUIRE(answer.has_value() != failed);
            if (!failed)
                return failures;
            ++failures;
            CHECK(answer.error().cause == cause);
            CHECK(answer.error().sys_errno == sys_errno);
        }
    };
    const auto request = machine.request();
    fails([&] { return machine.allocator.devices(); });
    CHECK(fails([&] { return machine.allocator.device("/dev/video0"); }) > 0);
    CHECK(fails([&] { return machine.allocator.sources(); }) > 0);
    CHECK(fails([&] { return machine.allocator.plan(request); }) > 0);
    CHECK(fails([&] { return machine.allocator.is_current(*plan); }) > 0);
}
