// SPDX-License-Identifier: MIT
// GEM handles and framebuffers of imported buffers: each closed once, and nobody else's.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/drm_import.hpp>
#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <vector>

using namespace simplealloc;
using test::FakeKernel;

namespace {

/// A card that the caller has open, and dma-bufs from somewhere.
struct Display {
    FakeKernel kernel;
    std::shared_ptr<test::FakeCard> card;
    UniqueFd fd;
    std::vector<UniqueFd> own;

    explicit Display(test::FakeCard wanted = {}) {
        card = add_drm_card(kernel, std::move(wanted));
        fd = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
    }

    int make(std::uint64_t size = 640 * 480 * 4) {
        own.push_back(UniqueFd::adopt(kernel.install(kernel.make_dmabuf(size, "x", O_RDWR))));
        return own.back().get();
    }
    Buffer picture(int dmabuf) {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::xrgb8888;
        layout.planes = {{0, 0, 2560, 0}};
        auto buffer = Buffer::import(std::vector{dmabuf}, layout);
        REQUIRE(buffer);
        return *std::move(buffer);
    }
    Buffer picture() { return picture(make()); }
    Buffer nv12() {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::nv12;
        layout.planes = {{0, 0, 640, 0}, {0, 640 * 480, 640, 0}};
        auto buffer = Buffer::import(std::vector{make()}, layout);
        REQUIRE(buffer);
        return *std::move(buffer);
    }
    DrmImporter importer(DrmHandles handles = DrmHandles::apart) const {
        auto opened = DrmImporter::open(fd.get(), handles);
        INFO((opened ? "" : opened.error().message()));
        REQUIRE(opened);
        return *std::move(opened);
    }
    /// As in a sandbox that was given the descriptor alone.
    void hide_node() {
        const auto node = udev::by_devnum(makedev(226, 0));
        REQUIRE(node);
        kernel.remove(node->devnode);
        kernel.add_udev(*node);
    }
    /// A buffer of the caller's own, by handle, and as it comes back from a peer.
    std::uint32_t make_own() {
        drm_mode_create_dumb dumb = {};
        dumb.width = 640;
        dumb.height = 480;
        dumb.bpp = 32;
        REQUIRE(kernel::ioctl(fd.get(), DRM_IOCTL_MODE_CREATE_DUMB, &dumb) == 0);
        drm_prime_handle exported = {};
        exported.handle = dumb.handle;
        exported.flags = DRM_CLOEXEC | DRM_RDWR;
        REQUIRE(kernel::ioctl(fd.get(), DRM_IOCTL_PRIME_HANDLE_TO_FD, &exported) == 0);
        own.push_back(UniqueFd::adopt(exported.fd));
        return dumb.handle;
    }
    /// Whether it is still there; it is not afterwards.
    [[nodiscard]] bool close_own(std::uint32_t handle) const {
        drm_gem_close close = {};
        close.handle = handle;
        return kernel::ioctl(fd.get(), DRM_IOCTL_GEM_CLOSE, &close) == 0;
    }
    [[nodiscard]] std::size_t handles() const { return kernel.census().gem_handles; }
};

} // namespace

TEST_CASE("each plane has a handle, the framebuffer is made on demand, and all goes in order") {
    Display display;
    const auto before = display.kernel.census();
    {
        const DrmImporter importer = display.importer();
        CHECK(importer.place() == DrmPlace::own_node);
        auto import = importer.import(display.nv12());
        REQUIRE(import);
        REQUIRE(import->handles().size() == 2);
        CHECK(import->handles()[0] == import->handles()[1]);
        CHECK(display.card->framebuffers == 0);
        const auto framebuffer = import->framebuffer();
        REQUIRE(framebuffer);
        CHECK(*import->framebuffer() == *framebuffer);
        CHECK(display.card->framebuffers == 1);
        display.kernel.clear_calls();
    }
    // RMFB comes first, then the handle, once.
    std::vector<unsigned long> ends;
    for (const auto& call : display.kernel.calls())
        if (call.name == "ioctl")
            ends.push_back(call.request);
    CHECK(ends == std::vector<unsigned long>{DRM_IOCTL_MODE_RMFB, DRM_IOCTL_GEM_CLOSE});
    display.own.clear();
    CHECK(display.kernel.census() == before);
    CHECK(display.kernel.errors().empty());
}

TEST_CASE("two buffers over the same dma-buf share a handle, which the last one closes") {
    Display display;
    const DrmImporter importer = display.importer();
    const DrmImporter copy = importer;
    const int dmabuf = display.make();
    std::optional<DrmImport> first = *importer.import(display.picture(dmabuf));
    std::optional<DrmImport> second = *copy.import(display.picture(dmabuf));
    std::optional<DrmImport> other = *importer.import(display.picture());
    CHECK(first->handles()[0] == second->handles()[0]);
    CHECK(first->handles()[0] != other->handles()[0]);
    CHECK(display.handles() == 2);
    SECTION("whichever comes first") {
        first.reset();
    }
    SECTION("or second") {
        std::swap(first, second);
        first.reset();
    }
    CHECK(display.handles() == 2);
    CHECK(second->framebuffer().has_value());
    second.reset();
    CHECK(display.handles() == 1);
    *other = *importer.import(display.picture());
    CHECK(display.handles() == 1);
    other.reset();
    CHECK(display.handles() == 0);
    CHECK(display.kernel.errors().empty());
}

TEST_CASE("in every place a buffer of the caller's that comes back leaves its handle alone") {
    Display display;
    DrmHandles handles = DrmHandles::apart;
    DrmPlace place = DrmPlace::own_node;
    SECTION("on the node, opened once more") {}
    SECTION("on what the descriptor is of, whatever its name leads to") {
        display.hide_node();
    }
    SECTION("on a lease") {
        display.hide_node();
        display.kernel.proc = false;
        place = DrmPlace::lease;
    }
    SECTION("on the caller's own description") {
        handles = DrmHandles::callers;
        place = DrmPlace::caller;
    }
    const std::uint32_t handle = display.make_own();
    const std::uint32_t other = display.make_own();
    const int dmabuf = display.own[0].get();
    {
        const DrmImporter importer = display.importer(handles);
        CHECK(importer.place() == place);
        auto import = importer.import(display.picture(dmabuf));
        if (place == DrmPlace::caller) {
            REQUIRE_FALSE(import);
            CHECK(import.error().cause == Cause::unsupported);
            CHECK_THAT(import.error().detail, Catch::Matchers::Contains("has a handle of it"));
        } else {
            REQUIRE(import);
            CHECK(import->framebuffer().has_value());
        }
        // Nor is a number that was free in between taken for the same.
        CHECK(display.close_own(other));
        CHECK(importer.import(display.picture(dmabuf)).has_value() == (place != DrmPlace::caller));
    }
    CHECK(display.close_own(handle));
    CHECK(display.kernel.errors().empty());
    CHECK(display.handles() == 0);
}

TEST_CASE("without a description of its own an importer that is to be apart is refused") {
    Display display;
    display.hide_node();
    display.kernel.proc = false;
    CHECK(display.importer().place() == DrmPlace::lease);
    CHECK(display.card->lessees == 0); // it was closed with the importer
    REQUIRE(kernel::ioctl(display.fd.get(), DRM_IOCTL_DROP_MASTER, nullptr) == 0);
    const auto refused = DrmImporter::open(display.fd.get());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::denied);
    CHECK_THAT(refused.error().detail,
               Catch::Matchers::Contains("no description of the device but the caller's"));
    CHECK(refused.error().remedy != "");
}

TEST_CASE("on the caller's description an import is closed that nobody else has made") {
    Display display;
    SECTION("as the number shows that a dumb buffer had before") {}
    SECTION("as the number shows that memory of the system heap had before") {
        display.card->dumb = false;
        test::FakeHeap heap;
        heap.name = "system";
        add_dma_heap(display.kernel, heap);
    }
    const std::uint32_t before = display.card->dumb ? display.make_own() : 0;
    const DrmImporter importer = display.importer(DrmHandles::callers);
    CHECK(importer.place() == DrmPlace::caller);
    CHECK(importer.fd() != display.fd.get());
    const std::size_t idle = display.handles();
    const int dmabuf = display.make();
    {
        auto first = importer.import(display.picture(dmabuf));
        INFO((first ? "" : first.error().message()));
        REQUIRE(first);
        auto again = importer.import(display.picture(dmabuf));
        REQUIRE(again);
        CHECK(again->handles()[0] == first->handles()[0]);
        auto other = importer.import(display.picture());
        REQUIRE(other);
        CHECK(other->handles()[0] != first->handles()[0]);
        CHECK(display.handles() == idle + 2);
        // Another account does not know whose it is.
        CHECK_FALSE(display.importer(DrmHandles::callers).import(display.picture(dmabuf)));
        CHECK(display.handles() == idle + 2);
        CHECK(first->framebuffer().has_value());
    }
    CHECK(display.handles() == idle);
    if (before != 0)
        CHECK(display.close_own(before));
    CHECK(display.kernel.errors().empty());
}

TEST_CASE("where nothing shows whose a handle is, nothing is imported") {
    test::FakeCard wanted;
    wanted.dumb = false;
    Display display(wanted);
    const DrmImporter importer = display.importer(DrmHandles::callers);
    const auto refused = importer.import(display.picture());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::unsupported);
    CHECK_THAT(refused.error().detail, Catch::Matchers::Contains("can't be known"));
    CHECK(refused.error().remedy != "");
    CHECK(display.kernel.count(DRM_IOCTL_PRIME_FD_TO_HANDLE) == 0);
}

TEST_CASE("whatever fails of an import on the caller's description, its handles stay") {
    Display display;
    const std::uint32_t handle = display.make_own();
    const DrmImporter importer = display.importer(DrmHandles::callers);
    const Buffer back = display.picture(display.own[0].get());
    const Buffer other = display.picture();
    for (std::uint64_t nth = 1;; ++nth) {
        display.kernel.fail_nth_syscall(nth, EIO);
        CHECK_FALSE(importer.import(back));
        static_cast<void>(importer.import(other).has_value());
        const bool reached = display.kernel.failed();
        display.kernel.clear_failures();
        CAPTURE(nth);
        if (!reached)
            break;
        REQUIRE(nth < 100);
    }
    CHECK(display.close_own(handle));
    CHECK(display.kernel.errors().empty());
}

TEST_CASE("what a driver refuses, lacks or has lost is told apart") {
    Display display;
    const DrmImporter importer = display.importer();
    const Buffer buffer = display.picture();
    const auto [sys_errno, unplugged, cause] = GENERATE(table<int, bool, Cause>({
        {EINVAL, false, Cause::refused},
        {ENODEV, false, Cause::refused}, // virtio-gpu
        {ENODEV, true, Cause::gone},
        {ENOMEM, false, Cause::exhausted},
    }));
    display.kernel.fail(DRM_IOCTL_PRIME_FD_TO_HANDLE, 1, sys_errno);
    if (unplugged)
        display.kernel.fail(DRM_IOCTL_VERSION, 1, ENODEV);
    const auto refused = importer.import(buffer);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == cause);
    CHECK(refused.error().stage == Stage::import_fd);
    CHECK(refused.error().sys_errno == sys_errno);
    CHECK(refused.error().object == "/dev/dri/card0");
    CHECK(display.handles() == 0);
}

TEST_CASE("a framebuffer that can't be leaves the import as it is") {
    Display display;
    const DrmImporter importer = display.importer();
    auto import = importer.import(display.picture());
    REQUIRE(import);
    display.kernel.fail(DRM_IOCTL_MODE_ADDFB2, 1, EINVAL);
    const auto refused = import->framebuffer();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::refused);
    CHECK(refused.error().sys_errno == EINVAL);
    CHECK(import->framebuffer().has_value());
    Layout bytes;
    bytes.planes = {{0, 0, 0, 0}};
    auto plain = importer.import(*Buffer::import(std::vector{display.make()}, bytes));
    REQUIRE(plain);
    CHECK(plain->framebuffer().error().cause == Cause::invalid);
}

TEST_CASE("a render node imports, but has no framebuffers") {
    test::FakeCard wanted;
    wanted.render_node = true;
    Display display(wanted);
    display.fd = UniqueFd::adopt(kernel::open("/dev/dri/renderD128", O_RDWR));
    auto import = display.importer().import(display.picture());
    REQUIRE(import);
    CHECK(import->handles().size() == 1);
    CHECK(import->framebuffer().error().cause == Cause::unsupported);
}

TEST_CASE("a second dma-buf that is refused gives the first one's handle back") {
    Display display;
    Layout layout;
    layout.width = 640;
    layout.height = 480;
    layout.fourcc = fourcc::nv12;
    layout.planes = {{0, 0, 640, 0}, {1, 0, 640, 0}};
    const auto buffer = Buffer::import(std::vector{display.make(), display.make()}, layout);
    REQUIRE(buffer);
    const DrmImporter importer = display.importer();
    display.kernel.fail(DRM_IOCTL_PRIME_FD_TO_HANDLE, 2, EINVAL);
    CHECK_FALSE(importer.import(*buffer));
    CHECK(display.handles() == 0);
    const auto import = importer.import(*buffer);
    REQUIRE(import);
    CHECK(import->handles()[0] != import->handles()[1]);
}

TEST_CASE("only DRM devices import into DRM") {
    Display display;
    add_v4l2(display.kernel, {});
    const UniqueFd video = UniqueFd::adopt(kernel::open("/dev/video0", O_RDWR));
    CHECK(DrmImporter::open(video.get()).error().cause == Cause::invalid);
    CHECK_FALSE(DrmImporter::open(77));
    const auto device = Allocator::open()->device("/dev/dri/card0");
    CHECK(DrmImporter::open(*device, DrmHandles::callers).error().cause == Cause::invalid);
    Buffer empty = display.picture();
    (void)empty.release();
    CHECK(display.importer().import(empty).error().cause == Cause::invalid);
}
