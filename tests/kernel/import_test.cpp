// SPDX-License-Identifier: MIT
// Imports into real drivers: whose handles are closed, and frames in imported memory.
#include "tests/kernel/drm_caller.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
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

/// A buffer of the caller's on its own description, and as it comes back from a peer.
class OwnBuffer {
public:
    explicit OwnBuffer(int card) : card_(card), dumb_(guest::create_dumb(card, 640, 480)) {
        int exported = -1;
        REQUIRE(drmPrimeHandleToFD(card, dumb_.handle, DRM_CLOEXEC | DRM_RDWR, &exported) == 0);
        dmabuf_ = UniqueFd::adopt(exported);
    }
    OwnBuffer(const OwnBuffer&) = delete;
    OwnBuffer& operator=(const OwnBuffer&) = delete;
    ~OwnBuffer() { guest::destroy_dumb(card_, dumb_.handle); }

    [[nodiscard]] Buffer received() const {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::xrgb8888;
        layout.modifier = Modifier::linear();
        layout.planes = {{0, 0, dumb_.pitch, 0}};
        auto buffer = Buffer::import(std::array{dmabuf_.get()}, layout);
        REQUIRE(buffer);
        return *std::move(buffer);
    }
    [[nodiscard]] bool is_there() const {
        drm_mode_map_dumb request = {};
        request.handle = dumb_.handle;
        return drmIoctl(card_, DRM_IOCTL_MODE_MAP_DUMB, &request) == 0;
    }

private:
    int card_;
    drm_mode_create_dumb dumb_;
    UniqueFd dmabuf_;
};

/// A node that a sandbox does not show.
class Hidden {
public:
    explicit Hidden(std::string path) : path_(std::move(path)) {
        REQUIRE(std::rename(path_.c_str(), (path_ + ".hidden").c_str()) == 0);
    }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;
    ~Hidden() { CHECK(std::rename((path_ + ".hidden").c_str(), path_.c_str()) == 0); }

private:
    std::string path_;
};

/// In each place where an importer can be.
void check_coming_back(const std::string& driver) {
    INFO(driver);
    const std::string path = guest::card(driver);
    const UniqueFd card = open_node(path);
    const OwnBuffer own(card.get());
    const std::uint32_t next = guest::next_handle(card.get());
    const auto check_untouched = [&] {
        CHECK(own.is_there());
        CHECK(guest::next_handle(card.get()) == next);
    };
    const auto check_apart = [&](DrmPlace place) {
        const auto importer = DrmImporter::open(card.get());
        INFO((importer ? "" : importer.error().message()));
        REQUIRE(importer);
        CHECK(importer->place() == place);
        auto imported = import(*importer, own.received());
        if (driver == "vkms")
            CHECK(imported.framebuffer().has_value());
    };
    check_apart(DrmPlace::own_node);
    check_untouched();
    {
        const Hidden hidden(path);
        check_apart(DrmPlace::own_node);
    }
    check_untouched();
    if (drmModeRes* resources = drmModeGetResources(card.get())) {
        drmModeFreeResources(resources);
        REQUIRE(drmSetMaster(card.get()) == 0);
        {
            const guest::OrdinaryUser user;
            check_apart(DrmPlace::lease);
        }
        check_untouched();
        REQUIRE(drmDropMaster(card.get()) == 0);
    }
    {
        const guest::OrdinaryUser user;
        const auto refused = DrmImporter::open(card.get());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().cause == Cause::denied);
    }
    const auto importer = DrmImporter::open(card.get(), DrmHandles::callers);
    REQUIRE(importer);
    CHECK(importer->place() == DrmPlace::caller);
    const auto refused = importer->import(own.received());
    REQUIRE_FALSE(refused);
    INFO(refused.error().message());
    CHECK(refused.error().cause == Cause::unsupported);
    check_untouched();
}

/// On the caller's description, what nobody had there comes and goes.
void check_beside_caller(const std::string& driver) {
    INFO(driver);
    const UniqueFd card = open_node(guest::card(driver));
    const OwnBuffer own(card.get());
    const std::uint32_t next = guest::next_handle(card.get());
    const auto importer = DrmImporter::open(card.get(), DrmHandles::callers);
    REQUIRE(importer);
    const Buffer other = picture();
    {
        const DrmImport first = import(*importer, other);
        const DrmImport second = import(*importer, other);
        CHECK(first.handles()[0] == next);
        CHECK(second.handles()[0] == next);
        CHECK(guest::next_handle(card.get()) != next);
    }
    CHECK(guest::next_handle(card.get()) == next);
    CHECK(own.is_there());
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
                 "in every place a buffer of the caller's that comes back leaves its handle alone",
                 "[stock]") {
    for (const char* driver : {"vgem", "bochs-drm", "virtio_gpu"})
        check_coming_back(driver);
    check_beside_caller("vgem");
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "on vkms a buffer of the caller's that comes back leaves its handle alone",
                 "[full]") {
    check_coming_back("vkms");
    check_beside_caller("vkms");
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
    const auto device = allocator->device(video.get(), QueueAccess::lent);
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
