// SPDX-License-Identifier: MIT
// Imports into real drivers: whose handles are closed, and frames in imported memory.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <optional>
#include <poll.h>
#include <sys/ioctl.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

using namespace simplealloc;

namespace {

UniqueFd open_node(const std::string& path) {
    INFO(path);
    UniqueFd fd = UniqueFd::adopt(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    REQUIRE(fd);
    return fd;
}

Buffer picture(Fourcc format = fourcc::xrgb8888) {
    auto buffer = Allocator::open()->allocate(Request::image(640, 480, format));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

DrmImport import(const DrmImporter& importer, const Buffer& buffer) {
    auto import = importer.import(buffer);
    INFO((import ? "" : import.error().message()));
    REQUIRE(import);
    return *std::move(import);
}

/// The kernel gives the lowest number that is free, so a handle that comes again was closed.
void check_accounting(const std::string& path) {
    const auto importer = DrmImporter::open(open_node(path).get());
    INFO((importer ? "" : importer.error().message()));
    REQUIRE(importer);
    CHECK(importer->place() == DrmPlace::own_node);
    const Buffer buffer = picture();
    const Buffer same = *Buffer::import(std::array{buffer.dmabufs()[0].fd}, buffer.layout());
    const Buffer other = picture();
    std::optional<DrmImport> first = import(*importer, buffer);
    std::optional<DrmImport> second = import(*importer, same);
    const std::uint32_t handle = first->handles()[0];
    CHECK(second->handles()[0] == handle);
    first.reset();
    {
        const DrmImport beside = import(*importer, other);
        CHECK(beside.handles()[0] != handle); // the second has it still
    }
    second.reset();
    CHECK(import(*importer, other).handles()[0] == handle);
}

void must(int fd, unsigned long request, void* argument) {
    CAPTURE(request, errno);
    REQUIRE(::ioctl(fd, request, argument) == 0);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "vkms has one handle for a dma-buf, closed with the last use",
                 "[full]") {
    check_accounting(guest::card("vkms"));
}

TEST_CASE_METHOD(guest::NothingLeft, "vgem has one handle for a dma-buf, closed with the last use",
                 "[stock]") {
    check_accounting(guest::card("vgem"));
}

TEST_CASE_METHOD(
    guest::NothingLeft,
    "a display shows a framebuffer of the importer by its number, until the import ends",
    "[full]") {
    const UniqueFd card = open_node(guest::card("vkms"));
    const auto importer = DrmImporter::open(card.get());
    REQUIRE(importer);
    std::optional<DrmImport> imported = import(*importer, picture());
    const auto framebuffer = imported->framebuffer();
    INFO((framebuffer ? "" : framebuffer.error().message()));
    REQUIRE(framebuffer);
    const auto exists = [&] {
        drmModeFB* found = drmModeGetFB(card.get(), *framebuffer);
        const bool yes = found != nullptr;
        drmModeFreeFB(found);
        return yes;
    };
    CHECK(exists());
    imported.reset();
    CHECK_FALSE(exists());
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a handle that the caller has of its own memory survives the importer", "[full]") {
    const UniqueFd card = open_node(guest::card("vkms"));
    std::uint32_t handle = 0;
    std::uint32_t pitch = 0;
    std::uint64_t size = 0;
    REQUIRE(drmModeCreateDumbBuffer(card.get(), 640, 480, 32, 0, &handle, &pitch, &size) == 0);
    int exported = -1;
    REQUIRE(drmPrimeHandleToFD(card.get(), handle, DRM_CLOEXEC | DRM_RDWR, &exported) == 0);
    const UniqueFd dmabuf = UniqueFd::adopt(exported);
    {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::xrgb8888;
        layout.planes = {{0, 0, pitch, 0}};
        const auto buffer = Buffer::import(std::array{exported}, layout);
        REQUIRE(buffer);
        auto imported = import(*DrmImporter::open(card.get()), *buffer);
        CHECK(imported.framebuffer().has_value());
    }
    CHECK(drmModeDestroyDumbBuffer(card.get(), handle) == 0);
}

TEST_CASE_METHOD(guest::NothingLeft, "a driver without import refuses, and is not gone",
                 "[stock]") {
    const auto importer = DrmImporter::open(open_node(guest::card("virtio_gpu")).get());
    REQUIRE(importer);
    const auto refused = importer->import(picture());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::refused);
}

TEST_CASE_METHOD(guest::NothingLeft, "a camera streams into buffers of a heap by what is filled in",
                 "[full][multiplanar]") {
    const UniqueFd video = open_node(guest::video("vivid-000-vid-cap"));
    const auto allocator = Allocator::open();
    const auto device = allocator->device(video.get(), QueueAccess::ours);
    REQUIRE(device);
    std::vector<Buffer> buffers;
    for (int i = 0; i < 3; ++i) {
        auto buffer = allocator->allocate(Request::image(640, 360, fourcc::xrgb8888)
                                              .use(*device, Use::capture)
                                              .cpu(CpuAccess::read_often)
                                              .without("v4l2"));
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        buffers.push_back(*std::move(buffer));
    }
    auto queue = V4l2Import::create(*buffers[0].setup(0)->v4l2, Use::capture);
    REQUIRE(queue);
    for (std::uint32_t i = 0; i < buffers.size(); ++i)
        REQUIRE(*queue->add(buffers[i]) == i);

    v4l2_format format;
    queue->fill(format);
    must(video.get(), VIDIOC_S_FMT, &format);
    REQUIRE(queue->check(format));
    v4l2_requestbuffers request;
    queue->fill(request);
    must(video.get(), VIDIOC_REQBUFS, &request);
    v4l2_buffer buffer;
    for (std::uint32_t i = 0; i < buffers.size(); ++i) {
        REQUIRE(queue->fill(buffer, i));
        must(video.get(), VIDIOC_QBUF, &buffer);
    }
    std::uint32_t type = queue->type();
    must(video.get(), VIDIOC_STREAMON, &type);
    for (int frame = 0; frame < 6; ++frame) {
        pollfd ready = {video.get(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, 20000) == 1);
        queue->fill_dequeue(buffer);
        must(video.get(), VIDIOC_DQBUF, &buffer);
        const auto index = queue->index_of(buffer);
        REQUIRE(index);
        const auto pixels = buffers[*index].map(Access::read);
        REQUIRE(pixels);
        CHECK(std::ranges::any_of(pixels->bytes(), [](std::byte b) { return b != std::byte{0}; }));
        REQUIRE(queue->fill(buffer, *index));
        must(video.get(), VIDIOC_QBUF, &buffer);
    }
    must(video.get(), VIDIOC_STREAMOFF, &type);
    request.count = 0;
    must(video.get(), VIDIOC_REQBUFS, &request);
}
