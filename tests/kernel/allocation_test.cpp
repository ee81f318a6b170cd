// SPDX-License-Identifier: MIT
// Every backend and every layout against the real kernel, in this process.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <simplealloc/simplealloc.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace simplealloc;

namespace {

/// Writes a pattern through one mapping and reads it back through another.
void check_memory(const Buffer& buffer) {
    for (std::size_t i = 0; i < buffer.dmabufs().size(); ++i) {
        {
            auto mapping = buffer.map(Access::write, i);
            INFO((mapping ? "" : mapping.error().message()));
            REQUIRE(mapping);
            REQUIRE(mapping->bytes().size() == buffer.dmabufs()[i].size);
            std::fill(mapping->bytes().begin(), mapping->bytes().end(), std::byte{0x5a});
            const auto finished = mapping->finish();
            REQUIRE(finished);
        }
        auto mapping = buffer.map(Access::read, i);
        REQUIRE(mapping);
        const auto bytes = mapping->bytes();
        CHECK(std::all_of(bytes.begin(), bytes.end(),
                          [](std::byte one) { return one == std::byte{0x5a}; }));
    }
}

/// Width, height, pixel format and stride that a V4L2 node is set to.
std::vector<std::uint32_t> current_format(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    v4l2_format format = {};
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    const int result = ioctl(fd, VIDIOC_G_FMT, &format);
    close(fd);
    REQUIRE(result == 0);
    return {format.fmt.pix.width, format.fmt.pix.height, format.fmt.pix.pixelformat,
            format.fmt.pix.bytesperline};
}

Buffer allocate(const Allocator& allocator, const Request& request) {
    auto buffer = allocator.allocate(request, {true, true});
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "heap and udmabuf memory is mapped, written and read back",
                 "[stock][full-32]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const std::string other : {"udmabuf", "dma-heap"}) {
        const Buffer buffer =
            allocate(*allocator, Request::bytes((1U << 20U) + 1)
                                     .cpu(CpuAccess::read_often)
                                     .name("a name that is longer than the kernel keeps")
                                     .without(other));
        CHECK(buffer.source() == (other == "udmabuf" ? "dma-heap:system" : "udmabuf"));
        CHECK(buffer.dmabufs()[0].size == (1U << 20U) + 4096);
        CHECK(buffer.info()->inode != 0);
        check_memory(buffer);
    }
}

TEST_CASE_METHOD(guest::NothingLeft, "a 32-bit program gets contiguous memory of the CMA heap",
                 "[full-32]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto camera = allocator->device(guest::video("vivid-000-vid-cap"));
    REQUIRE(camera);
    const Buffer buffer = allocate(*allocator, Request::image(1280, 720, fourcc::xrgb8888)
                                                   .use(*camera, Use::capture)
                                                   .cpu(CpuAccess::read_often));
    CHECK(buffer.source() == "dma-heap:reserved");
    REQUIRE(buffer.verified().size() == 1);
    CHECK(buffer.verified()[0].imported == true);
    check_memory(buffer);
}

TEST_CASE_METHOD(guest::NothingLeft, "dumb buffers of every card are mapped, written and read back",
                 "[stock][full-32]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const std::string driver : {"virtio_gpu", "bochs-drm", "vgem"}) {
        INFO(driver);
        const auto device = allocator->device(guest::card(driver));
        REQUIRE(device);
        for (const Fourcc format : {fourcc::xrgb8888, fourcc::nv12, fourcc::bytes}) {
            const Request request =
                format == fourcc::bytes ? Request::bytes(300000) : Request::image(322, 242, format);
            const Buffer buffer = allocate(*allocator, RequestBuilder(request)
                                                           .use(*device, Use::read)
                                                           .cpu(CpuAccess::write)
                                                           .without("dma-heap")
                                                           .without("udmabuf")
                                                           .without("ion"));
            CHECK(buffer.source().rfind("drm-dumb:", 0) == 0);
            check_memory(buffer);
        }
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "every layout is accepted by a real driver, whose format is put back", "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const std::string name : {"vivid-000-vid-cap", "vivid-001-vid-cap"}) {
        const std::string path = guest::video(name);
        const auto camera = allocator->device(path);
        REQUIRE(camera);
        const auto before = current_format(path);
        for (const Fourcc format : {fourcc::xrgb8888, fourcc::argb8888, fourcc::rgb565,
                                    fourcc::yuyv, fourcc::uyvy, fourcc::nv12, fourcc::nv21,
                                    fourcc::nv16, fourcc::yuv420, fourcc::yvu420, fourcc::yuv422}) {
            INFO(path << ' ' << to_string(format));
            const Buffer buffer = allocate(*allocator, Request::image(640, 360, format)
                                                           .use(*camera, Use::capture)
                                                           .cpu(CpuAccess::read_often));
            REQUIRE(buffer.verified().size() == 1);
            INFO(buffer.verified()[0].reason);
            CHECK(buffer.verified()[0].imported == std::optional(true));
            check_memory(buffer);
        }
        CHECK(current_format(path) == before);
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a memory-to-memory node gives memory that outlives the node, and is left alone",
                 "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const std::string path = guest::video("vim2m");
    const auto scaler = allocator->device(path);
    REQUIRE(scaler);
    const Buffer buffer = allocate(*allocator, Request::image(640, 480, fourcc::rgb565)
                                                   .use(*scaler, Use::m2m_out)
                                                   .cpu(CpuAccess::read_rarely)
                                                   .without("dma-heap")
                                                   .without("udmabuf"));
    CHECK(buffer.source() == "v4l2:" + path.substr(5));
    CHECK(buffer.info()->exporter == "videobuf2_vmalloc");
    REQUIRE(buffer.verified().size() == 1);
    INFO(buffer.verified()[0].reason);
    CHECK(buffer.verified()[0].imported == std::optional(true));
    check_memory(buffer);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a camera's own queue gives memory when the caller hands it over", "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const std::string path = guest::video("vivid-000-vid-cap");
    const auto before = current_format(path);
    const int fd = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fd >= 0);
    {
        const auto camera = allocator->device(fd, QueueAccess::lent);
        REQUIRE(camera);
        const Buffer buffer = allocate(*allocator, Request::image(640, 360, fourcc::xrgb8888)
                                                       .use(*camera, Use::capture)
                                                       .without("dma-heap")
                                                       .without("udmabuf"));
        CHECK(buffer.source() == "v4l2:" + path.substr(5));
        CHECK(buffer.info()->exporter == "videobuf2_dma_contig");
        CHECK(buffer.verified()[0].imported == std::optional(true));
    }
    close(fd);
    CHECK(current_format(path) == before);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a multi-planar camera gets one dma-buf for each plane where it wants that",
                 "[multiplanar]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto camera = allocator->device(guest::video("vivid-000-vid-cap"));
    REQUIRE(camera);
    for (const Fourcc format : {fourcc::nv12, fourcc::yuv420, fourcc::xrgb8888}) {
        INFO(to_string(format));
        const Buffer buffer =
            allocate(*allocator, Request::image(640, 360, format).use(*camera, Use::capture));
        INFO(buffer.verified()[0].reason);
        CHECK(buffer.verified()[0].imported == std::optional(true));
        const auto setup = buffer.setup(0);
        REQUIRE(setup);
        REQUIRE(setup->v4l2);
        CHECK(setup->v4l2->multiplanar);
        CHECK(setup->v4l2->planes.size() == buffer.dmabufs().size());
    }
}
