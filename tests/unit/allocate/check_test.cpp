// SPDX-License-Identifier: MIT
// A device that joins late: each answer, why it is given, and what it costs (nothing).
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

using namespace simplealloc;
using test::allocate;

namespace {

constexpr std::uint64_t tiled = 0x0100000000000001; // I915_FORMAT_MOD_X_TILED

struct Machine : test::FakeMachine {
    std::optional<Allocator> allocator;

    Machine() : FakeMachine({"system", "reserved"}) {
        kernel.add_file("/sys/kernel/uevent_seqnum", "100\n");
    }

    const Allocator& open() { return allocator.emplace(test::open_allocator()); }
};

DeviceUse described(const std::string& name, Use use, const Constraints& constraints = {},
                    std::vector<FormatSupport> formats = {},
                    std::function<Result<void>(const Buffer&)> verify = {}) {
    DeviceDescription description;
    description.name = name;
    CapabilitySet set;
    set.constraints = constraints;
    set.formats = std::move(formats);
    description.alternatives = {std::move(set)};
    description.verify = std::move(verify);
    return {Device::described(std::move(description)), use, {}};
}

Constraints contiguous() {
    Constraints constraints;
    constraints.contiguity = Contiguity::required;
    return constraints;
}

RequestBuilder picture(const DeviceUse& use) {
    return Request::image(640, 480, fourcc::xrgb8888).use(use);
}

Check check(const Allocator& allocator, const Buffer& buffer, const DeviceUse& use,
            CheckOptions options = {}) {
    auto answer = allocator.check(buffer, use, options);
    INFO((answer ? "" : answer.error().message()));
    REQUIRE(answer);
    return *std::move(answer);
}

std::string best_source(const std::optional<Plan>& plan) {
    return plan ? plan->candidates().front().source : "";
}

/// 640x480 XR24 in one dma-buf.
Layout picture_layout(Modifier modifier) {
    Layout layout;
    layout.width = 640;
    layout.height = 480;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = modifier;
    layout.planes = {{0, 0, 2560, 1228800}};
    layout.dmabuf_sizes = {1228800};
    return layout;
}

} // namespace

TEST_CASE("a use that the buffer was made for is kept") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const DeviceUse camera = described("camera", Use::capture);
    const Buffer buffer = allocate(allocator, picture(camera));
    const Check answer = check(allocator, buffer, camera);
    CHECK(answer.verdict == Verdict::keep);
    CHECK(answer.reason == "camera (capture) uses it already");
    CHECK_FALSE(answer.reallocate);
    CHECK_FALSE(answer.copy);
}

TEST_CASE("a device that takes the buffer imports it as it is, and a test import shows it") {
    Machine machine;
    add_drm_card(machine.kernel);
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    const DeviceUse reader{*card, Use::read, {}};
    const auto before = machine.kernel.census();

    const Check answer = check(allocator, buffer, reader);
    CHECK(answer.verdict == Verdict::import_as_is);
    CHECK(answer.reason == "/dev/dri/card0 (read) can take it as it is, as a test import shows");
    REQUIRE(answer.verified);
    CHECK(answer.verified->how == "PRIME import");
    REQUIRE(answer.setup);
    REQUIRE(answer.setup->drm);
    CHECK(answer.setup->drm->pitches[0] == 2560);
    CHECK(answer.objections.empty());
    CHECK(machine.kernel.census() == before);

    CheckOptions untested;
    untested.verify = false;
    const Check guess = check(allocator, buffer, reader, untested);
    CHECK(guess.verdict == Verdict::import_as_is);
    CHECK(guess.reason == "/dev/dri/card0 (read) can take it as it is");
    CHECK_FALSE(guess.verified);
}

TEST_CASE("a device that needs other memory has the buffer reallocated for all uses") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    CHECK(buffer.source() == "dma-heap:system");
    const Check answer = check(allocator, buffer, described("display", Use::scanout, contiguous()));
    CHECK(answer.verdict == Verdict::reallocate);
    CHECK(best_source(answer.reallocate) == "dma-heap:reserved");
    CHECK(answer.reallocate->request().uses.size() == 2);
    REQUIRE(answer.objections.size() == 1);
    CHECK(answer.objections[0].source == "dma-heap:system");
    CHECK(answer.objections[0].constraint == ConstraintKind::contiguity);
    CHECK(answer.objections[0].required_by == std::vector<std::string>{"display (scanout)"});
    CHECK(answer.reason == "pages are scattered; display (scanout) needs contiguous memory; a "
                           "buffer from dma-heap:reserved serves all uses");
    CHECK(allocator.allocate(*answer.reallocate).has_value());
}

TEST_CASE("a device that needs another stride has the buffer reallocated with it") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    Constraints aligned;
    aligned.stride_align = 1024;
    const Check answer = check(allocator, buffer, described("gpu", Use::sample, aligned));
    CHECK(answer.verdict == Verdict::reallocate);
    CHECK(answer.objections.at(0).constraint == ConstraintKind::stride_align);
    CHECK(answer.objections.at(0).reason ==
          "the stride of plane 0 is 2560 bytes, no multiple of 1024");
    CHECK(answer.reallocate->candidates().front().layout.planes[0].stride == 3072);
}

TEST_CASE("a buffer that can't be replaced is copied by the CPU into memory for the new use") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    CheckOptions options;
    options.replaceable = false;
    const Check answer =
        check(allocator, buffer, described("display", Use::scanout, contiguous()), options);
    CHECK(answer.verdict == Verdict::copy);
    CHECK(best_source(answer.copy) == "dma-heap:reserved");
    CHECK(answer.copy->request().uses.size() == 1);
    CHECK(answer.copy->request().cpu == CpuAccess::write);
    CHECK(answer.reallocate.has_value());
    CHECK(answer.reason == "pages are scattered; display (scanout) needs contiguous memory; the "
                           "buffer can't be replaced; the CPU can copy into a buffer from "
                           "dma-heap:reserved");
}

TEST_CASE("uses that can't share memory get a copy") {
    Machine machine;
    const Allocator& allocator = machine.open();
    Constraints wide;
    wide.min_stride = 4096;
    const Buffer buffer = allocate(allocator, picture(described("dsp", Use::write, wide)));
    Constraints narrow;
    narrow.max_stride = 2560;
    const Check answer = check(allocator, buffer, described("panel", Use::scanout, narrow));
    CHECK(answer.verdict == Verdict::copy);
    CHECK_FALSE(answer.reallocate);
    CHECK(answer.copy->candidates().front().layout.planes[0].stride == 2560);
    CHECK(answer.conflict.empty());
}

TEST_CASE("a tiled buffer of a GPU is not given up for a recorder: the GPU copies") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const DeviceUse gpu = described("gpu", Use::render, {}, {{fourcc::xrgb8888, {tiled, 0}, true}});
    const DeviceUse encoder =
        described("encoder", Use::encode, contiguous(), {{fourcc::xrgb8888, {}, true}});
    ForeignBuffer foreign;
    foreign.layout = picture_layout(Modifier::named(tiled));
    foreign.uses = {gpu};
    const auto buffer = allocator.adopt(foreign);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);

    const Check answer = check(allocator, *buffer, encoder);
    CHECK(answer.verdict == Verdict::copy);
    CHECK(answer.objections.at(0).constraint == ConstraintKind::format);
    CHECK(best_source(answer.reallocate) == "dma-heap:reserved");
    REQUIRE(answer.copy);
    REQUIRE(answer.copy->request().uses.size() == 2);
    CHECK(answer.copy->request().uses[0].device.path() == "gpu");
    CHECK_THAT(answer.reason, Catch::Matchers::Contains(
                                  "would serve the present ones worse; gpu (render) can copy"));

    const DeviceUse sampler =
        described("other-gpu", Use::sample, {}, {{fourcc::xrgb8888, {tiled}, false}});
    CHECK(check(allocator, *buffer, sampler).verdict == Verdict::import_as_is);
}

TEST_CASE("a buffer that nobody can read or replace leaves nothing") {
    Machine machine;
    const Allocator& allocator = machine.open();
    ForeignBuffer foreign;
    foreign.layout = picture_layout(Modifier::named(tiled));
    foreign.uses = {described("decoder", Use::decode)};
    const auto buffer = allocator.adopt(foreign);
    REQUIRE(buffer);
    CheckOptions options;
    options.replaceable = false;
    const Check answer = check(allocator, *buffer, described("panel", Use::scanout), options);
    CHECK(answer.verdict == Verdict::none);
    CHECK_THAT(answer.reason,
               Catch::Matchers::Contains("the buffer can't be replaced, and nobody can copy it"));
}

TEST_CASE("a use that no memory serves gets the conflict") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    Constraints impossible;
    impossible.max_stride = 100;
    const Check answer = check(allocator, buffer, described("npu", Use::read, impossible));
    CHECK(answer.verdict == Verdict::none);
    CHECK_FALSE(answer.reallocate);
    CHECK_FALSE(answer.copy);
    REQUIRE_FALSE(answer.conflict.empty());
    CHECK(answer.conflict[0].constraint == ConstraintKind::max_stride);
}

TEST_CASE("a refused test import is an objection, and is remembered") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    int asked = 0;
    const DeviceUse npu =
        described("npu", Use::read, {}, {}, [&](const Buffer& tested) -> Result<void> {
            ++asked;
            if (tested.source() != "dma-heap:system")
                return {};
            Error error;
            error.detail = "can't map it";
            return error;
        });
    for (int i = 0; i < 2; ++i) {
        const Check answer = check(allocator, buffer, npu);
        CHECK(answer.verdict == Verdict::reallocate);
        CHECK(answer.objections.at(0).constraint == ConstraintKind::attach);
        CHECK_THAT(answer.objections.at(0).reason, Catch::Matchers::Contains("can't map it"));
        CHECK(best_source(answer.reallocate) == "dma-heap:reserved");
    }
    CHECK(asked == 1);
}

TEST_CASE("a V4L2 driver that wants another stride than the buffer has does not get it") {
    Machine machine;
    test::FakeVideo stubborn;
    stubborn.override = [](unsigned long request, void* argument) -> std::optional<int> {
        if (request != VIDIOC_TRY_FMT)
            return std::nullopt;
        v4l2_pix_format& pixels = static_cast<v4l2_format*>(argument)->fmt.pix;
        pixels.bytesperline = 1280;
        pixels.sizeimage = 1280 * 480;
        return 0;
    };
    add_v4l2(machine.kernel, stubborn);
    const Allocator& allocator = machine.open();
    Constraints wide;
    wide.stride_align = 4096;
    const DeviceUse dsp = described("dsp", Use::write, wide);
    const auto yuyv = Fourcc::parse("YUYV");
    const Buffer buffer = allocate(allocator, Request::image(640, 480, *yuyv).use(dsp));
    const auto codec = allocator.device("/dev/video0");
    REQUIRE(codec);
    const Check answer = check(allocator, buffer, {*codec, Use::m2m_in, {}});
    INFO(answer.reason);
    REQUIRE(answer.verdict == Verdict::copy);
    CHECK(answer.copy->candidates().front().layout.planes[0].stride == 1280);
    CHECK_THAT(answer.objections.at(0).reason,
               Catch::Matchers::Contains("makes a stride of 1280 bytes out of 4096"));
}

TEST_CASE("of memory that nobody knows nothing is taken for granted") {
    Machine machine;
    const Allocator& allocator = machine.open();
    ForeignBuffer foreign;
    foreign.layout = picture_layout(Modifier::linear());
    const DeviceUse display = described("display", Use::scanout, contiguous());
    const auto unknown = allocator.adopt(foreign);
    REQUIRE(unknown);
    CHECK(unknown->source() == "foreign");
    CHECK(check(allocator, *unknown, display).verdict == Verdict::reallocate);
    foreign.contiguous = true;
    CHECK(check(allocator, *allocator.adopt(foreign), display).verdict == Verdict::import_as_is);

    Constraints low;
    low.max_address = 0xffffffff;
    const DeviceUse camera = described("camera", Use::capture, low);
    CHECK(check(allocator, *allocator.adopt(foreign), camera).objections.at(0).constraint ==
          ConstraintKind::address_window);
    foreign.max_address = 0x3fffffff;
    CHECK(check(allocator, *allocator.adopt(foreign), camera).verdict == Verdict::import_as_is);

    foreign.contiguous = false;
    foreign.source = "dma-heap:reserved";
    CHECK(check(allocator, *allocator.adopt(foreign), display).verdict == Verdict::import_as_is);
}

TEST_CASE("an adopted buffer is mapped and tested like one's own, and has no share of a quota") {
    Machine machine;
    add_drm_card(machine.kernel);
    const Allocator& allocator = machine.open();
    const auto before = machine.kernel.census();
    {
        const Buffer own = allocate(allocator, picture(described("camera", Use::capture)));
        ForeignBuffer foreign;
        foreign.layout = own.layout();
        foreign.layout.dmabuf_sizes.clear();
        foreign.dmabufs = {own.dmabufs()[0].fd};
        const auto buffer = allocator.adopt(foreign);
        REQUIRE(buffer);
        CHECK(buffer->layout() == own.layout());
        CHECK(buffer->map(Access::read).has_value());
        CHECK(allocator.held() == own.dmabufs()[0].size);
        const auto card = allocator.device("/dev/dri/card0");
        REQUIRE(card);
        const Check answer = check(allocator, *buffer, {*card, Use::read, {}});
        CHECK(answer.verdict == Verdict::import_as_is);
        CHECK(answer.verified->imported == std::optional(true));
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("what does not fit together is not adopted") {
    Machine machine;
    const Allocator& allocator = machine.open();
    const Buffer own = allocate(allocator, Request::bytes(4096));
    ForeignBuffer foreign;
    SECTION("a layout without planes") {
        foreign.layout.dmabuf_sizes = {4096};
    }
    SECTION("neither sizes nor descriptors") {
        foreign.layout = picture_layout(Modifier::linear());
        foreign.layout.dmabuf_sizes.clear();
    }
    SECTION("more descriptors than dma-bufs") {
        foreign.layout = picture_layout(Modifier::linear());
        foreign.dmabufs = {own.dmabufs()[0].fd, own.dmabufs()[0].fd};
    }
    SECTION("a dma-buf that is too small") {
        foreign.layout = picture_layout(Modifier::linear());
        foreign.dmabufs = {own.dmabufs()[0].fd};
    }
    SECTION("a source that is not there") {
        foreign.layout = picture_layout(Modifier::linear());
        foreign.source = "dma-heap:nothing";
    }
    const auto buffer = allocator.adopt(foreign);
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::invalid);
}

TEST_CASE("a use that the device does not have is an error, not an answer") {
    Machine machine;
    add_drm_card(machine.kernel);
    const Allocator& allocator = machine.open();
    const Buffer buffer = allocate(allocator, picture(described("camera", Use::capture)));
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    const auto answer = allocator.check(buffer, {*card, Use::encode, {}});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cause == Cause::unsupported);
}
