// SPDX-License-Identifier: MIT
// Images that only drivers can lay out: how drivers, planes and setups come together.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <functional>

using namespace simplealloc;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint32_t mm21_code = v4l2_fourcc('M', 'M', '2', '1');
constexpr Fourcc mm21 = Fourcc::v4l2(mm21_code);
constexpr Fourcc h264 = Fourcc::v4l2(V4L2_PIX_FMT_H264);

using TryFormat = std::function<void(v4l2_pix_format_mplane&)>;

struct Machine : test::FakeMachine {
    /// A memory-to-memory node whose both queues have this one format.
    std::string add(unsigned index, std::uint32_t pixelformat, const TryFormat& answer) {
        test::FakeVideo node;
        node.index = index;
        node.driver = "vicodec"; // takes any memory
        node.multiplanar = true;
        node.pixelformat = pixelformat;
        node.override =
            test::try_format([answer](v4l2_format& format) { answer(format.fmt.pix_mp); });
        return add_v4l2(kernel, node)->path();
    }
    Device device(const std::string& path) {
        auto found = allocator().device(path);
        REQUIRE(found);
        return *found;
    }
    Allocator& allocator() {
        if (!allocator_)
            allocator_ = *Allocator::open();
        return *allocator_;
    }

private:
    std::optional<Allocator> allocator_;
};

/// Luma and half as much chroma, each line at least as long as was asked, in multiples.
TryFormat two_planes(std::uint32_t multiple) {
    return [multiple](v4l2_pix_format_mplane& pixels) {
        const std::uint32_t wished = std::max(pixels.plane_fmt[0].bytesperline, pixels.width);
        const std::uint32_t stride = (wished + multiple - 1) / multiple * multiple;
        const std::uint32_t lines = (pixels.height + 63) / 64 * 64;
        pixels.num_planes = 2;
        pixels.plane_fmt[0].bytesperline = pixels.plane_fmt[1].bytesperline = stride;
        pixels.plane_fmt[0].sizeimage = stride * lines;
        pixels.plane_fmt[1].sizeimage = stride * lines / 2;
    };
}

/// At least 1 MiB, and what was asked where that is more.
void bitstream(v4l2_pix_format_mplane& pixels) {
    pixels.num_planes = 1;
    pixels.plane_fmt[0].bytesperline = 0;
    pixels.plane_fmt[0].sizeimage = std::max(pixels.plane_fmt[0].sizeimage, 1U << 20U);
}

} // namespace

TEST_CASE("an opaque image has the planes, strides and sizes that its driver says") {
    Machine machine;
    const Device decoder = machine.device(machine.add(0, mm21_code, two_planes(16)));
    const auto plan =
        machine.allocator().plan(Request::image(1920, 1080, mm21).use(decoder, Use::m2m_out));
    REQUIRE(plan);
    REQUIRE_FALSE(plan->candidates().empty());
    const Layout& layout = plan->candidates()[0].layout;
    CHECK(layout.fourcc == mm21);
    CHECK(layout.placement == Placement::per_plane);
    CHECK(layout.planes == std::vector<Plane>{{0, 0, 1920, 1920 * 1088}, {1, 0, 1920, 1920 * 544}});
    CHECK(layout.dmabuf_sizes == std::vector<std::uint64_t>{1920 * 1088, 1920 * 544});

    const auto setup = plan->setup(0);
    REQUIRE(setup);
    REQUIRE(setup->v4l2);
    CHECK(setup->v4l2->pixelformat == mm21_code);
    CHECK(setup->v4l2->multiplanar);
    REQUIRE(setup->v4l2->planes.size() == 2);
    CHECK(setup->v4l2->planes[0].bytesperline == 1920);
    CHECK(setup->v4l2->planes[0].sizeimage == 1920 * 1088);
    CHECK(setup->v4l2->planes[1].dmabuf == 1);
    CHECK(setup->v4l2->planes[1].bytesperline == 1920);
    CHECK(setup->v4l2->planes[1].sizeimage == 1920 * 544);
}

TEST_CASE("every device that names the code of an opaque image may use it") {
    Machine machine;
    const Device decoder = machine.device(machine.add(0, mm21_code, two_planes(16)));
    const Device scaler = machine.device(machine.add(1, mm21_code, two_planes(512)));
    // S_FMT of the fake nodes knows one size alone.
    AllocateOptions untested;
    untested.verify = false;
    const auto buffer = machine.allocator().allocate(
        Request::image(1920, 1080, mm21).use(decoder, Use::m2m_out).use(scaler, Use::m2m_in),
        untested);
    REQUIRE(buffer);
    REQUIRE(buffer->planes().size() == 2);
    CHECK(buffer->dmabufs().size() == 2);
    CHECK(buffer->planes()[0].stride == 2048);
    CHECK(buffer->planes()[1].stride == 2048);
    CHECK(buffer->planes()[1].size == 2048 * 544);
    for (const std::size_t use : {0U, 1U}) {
        const auto setup = buffer->setup(use);
        REQUIRE(setup);
        CHECK(setup->v4l2->planes[0].bytesperline == 2048);
    }

    // Another process gets the same image.
    const auto parcel = share::pack(*buffer);
    REQUIRE(parcel);
    std::vector<UniqueFd> fds;
    for (const int fd : parcel->fds)
        fds.push_back(*UniqueFd::dup(fd));
    const auto received = share::unpack(parcel->bytes, std::move(fds));
    REQUIRE(received);
    CHECK(received->layout() == buffer->layout());
}

TEST_CASE("a device that takes one dma-buf only is in conflict with an opaque image of two") {
    Machine machine;
    const Device decoder = machine.device(machine.add(0, mm21_code, two_planes(16)));
    const Device scaler = machine.device(machine.add(1, mm21_code, bitstream));
    CapabilitySet callers;
    callers.constraints.placements = Placements::of(Placement::single);
    const auto plan = machine.allocator().plan(Request::image(1920, 1080, mm21)
                                                   .use(decoder, Use::m2m_out)
                                                   .use({scaler, Use::m2m_in, {callers}}));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    const auto& conflicts = plan->conflict();
    const auto placement =
        std::find_if(conflicts.begin(), conflicts.end(), [](const Conflict& found) {
            return found.constraint == ConstraintKind::placement;
        });
    REQUIRE(placement != conflicts.end());
    CHECK(placement->parties == std::vector<std::string>{"/dev/video1 (m2m-in)"});
}

TEST_CASE("drivers that want other strides of an opaque image are in conflict") {
    Machine machine;
    const auto exactly = [](std::uint32_t stride) {
        return [stride](v4l2_pix_format_mplane& pixels) {
            pixels.num_planes = 1;
            pixels.plane_fmt[0].bytesperline = stride;
            pixels.plane_fmt[0].sizeimage = stride * pixels.height;
        };
    };
    const std::uint32_t code = v4l2_fourcc('N', 'C', '1', '2');
    const Device one = machine.device(machine.add(0, code, exactly(1024)));
    const Device other = machine.device(machine.add(1, code, exactly(1280)));
    const auto plan = machine.allocator().plan(Request::image(640, 480, Fourcc::v4l2(code))
                                                   .use(one, Use::m2m_out)
                                                   .use(other, Use::m2m_in));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    CHECK_FALSE(plan->conflict().empty());
}

TEST_CASE("a bitstream is as large as its driver says, or as the caller wants") {
    Machine machine;
    const Device decoder = machine.device(machine.add(0, V4L2_PIX_FMT_H264, bitstream));
    const std::uint64_t wanted = GENERATE(0U, 100U, 3U << 20U);
    CapabilitySet callers;
    callers.constraints.min_size = wanted;
    const auto plan = machine.allocator().plan(
        Request::image(1920, 1080, h264).use({decoder, Use::m2m_in, {callers}}));
    REQUIRE(plan);
    REQUIRE_FALSE(plan->candidates().empty());
    const std::uint64_t size = std::max<std::uint64_t>(wanted, 1U << 20U);
    const Layout& layout = plan->candidates()[0].layout;
    CHECK(layout.planes == std::vector<Plane>{{0, 0, 0, size}});
    CHECK(layout.dmabuf_sizes == std::vector{size});
    const auto setup = plan->setup(0);
    REQUIRE(setup);
    CHECK(setup->v4l2->pixelformat == V4L2_PIX_FMT_H264);
    CHECK(setup->v4l2->planes[0].bytesperline == 0);
    CHECK(setup->v4l2->planes[0].sizeimage == size);
}

TEST_CASE("a driver is told the size that the caller wants, and may want more for it") {
    Machine machine;
    constexpr std::uint32_t block = 65536;
    const auto in_blocks = [](v4l2_pix_format_mplane& pixels) {
        bitstream(pixels);
        pixels.plane_fmt[0].sizeimage = (pixels.plane_fmt[0].sizeimage + block - 1) / block * block;
    };
    const Device decoder = machine.device(machine.add(0, V4L2_PIX_FMT_H264, in_blocks));
    CapabilitySet callers;
    callers.constraints.min_size = (3U << 20U) + 1;
    const auto plan = machine.allocator().plan(
        Request::image(1920, 1080, h264).use({decoder, Use::m2m_in, {callers}}));
    REQUIRE(plan);
    REQUIRE_FALSE(plan->candidates().empty());
    CHECK(plan->candidates()[0].layout.dmabuf_sizes ==
          std::vector<std::uint64_t>{(3U << 20U) + block});
}

TEST_CASE("a codec may round the size of a bitstream's picture to its blocks") {
    Machine machine;
    const auto blocks = [](v4l2_pix_format_mplane& pixels) {
        pixels.height = (pixels.height + 15) / 16 * 16;
        bitstream(pixels);
    };
    const Device decoder = machine.device(machine.add(0, V4L2_PIX_FMT_H264, blocks));
    const auto plan =
        machine.allocator().plan(Request::image(1920, 1080, h264).use(decoder, Use::m2m_in));
    REQUIRE(plan);
    REQUIRE_FALSE(plan->candidates().empty());
    CHECK(plan->candidates()[0].layout.height == 1080);
    CHECK(plan->setup(0)->v4l2->height == 1088);
}

TEST_CASE("nobody but a V4L2 driver or the caller knows how large an opaque image is") {
    Machine machine;
    const auto alone =
        machine.allocator().plan(Request::image(1920, 1080, h264).cpu(CpuAccess::write));
    REQUIRE_FALSE(alone);
    CHECK(alone.error().cause == Cause::invalid);
    CHECK(alone.error().object == "v4l2:H264");
    CHECK(alone.error().detail == "nobody says how many bytes an image of 1920x1080 takes");
    CHECK_FALSE(alone.error().remedy.empty());

    Constraints needs;
    needs.min_size = 5000;
    const Device parser = test::described("parser", needs);
    const auto told =
        machine.allocator().plan(Request::image(1920, 1080, h264).use(parser, Use::read));
    REQUIRE(told);
    REQUIRE_FALSE(told->candidates().empty());
    CHECK(told->candidates()[0].layout.planes == std::vector<Plane>{{0, 0, 0, 5000}});
}

TEST_CASE("an opaque image has no modifier, and no DRM device takes it") {
    Machine machine;
    add_drm_card(machine.kernel, {});
    const Device decoder = machine.device(machine.add(0, mm21_code, two_planes(16)));
    const auto tiled = machine.allocator().plan(
        Request::image(640, 480, mm21).modifier(Modifier::named(7)).use(decoder, Use::m2m_out));
    REQUIRE_FALSE(tiled);
    CHECK(tiled.error().object == "modifier");

    const Device card = machine.device("/dev/dri/card0");
    const auto shown = machine.allocator().plan(
        Request::image(640, 480, mm21).use(decoder, Use::m2m_out).use(card, Use::scanout));
    REQUIRE_FALSE(shown);
    CHECK(shown.error().cause == Cause::unsupported);
    CHECK_THAT(shown.error().message(),
               Contains("v4l2:MM21 is a code that only V4L2 devices know"));
    CHECK_THAT(shown.error().message(), Contains("request NV12:0x0b00000000000001"));
}

TEST_CASE("who lacks a format is told what the device offers instead, bitstreams too") {
    Machine machine;
    const Device decoder = machine.device(machine.add(0, V4L2_PIX_FMT_H264, bitstream));
    for (const Fourcc lacking : {Fourcc::v4l2(V4L2_PIX_FMT_VP8), fourcc::nv12}) {
        CAPTURE(to_string(lacking));
        const auto plan =
            machine.allocator().plan(Request::image(640, 480, lacking).use(decoder, Use::m2m_in));
        REQUIRE(plan);
        CHECK(plan->candidates().empty());
        REQUIRE_FALSE(plan->rejections().empty());
        CHECK(to_string(plan->rejections()[0].remedies) == "request v4l2:H264, which it takes");
    }
}
