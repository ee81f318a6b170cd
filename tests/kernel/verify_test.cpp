// SPDX-License-Identifier: MIT
// Test imports beside a caller who owns the display: by commits that only test, on a lease, on the
// caller's own description; and that nothing of them stays there.
#include "tests/kernel/drm_caller.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <simplealloc/simplealloc.hpp>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

using namespace simplealloc;

namespace {

using guest::create_dumb;
using guest::destroy_dumb;
using guest::next_handle;
using guest::OrdinaryUser;

/// A program that shows a picture on the vkms card, as DRM master.
class Compositor {
public:
    explicit Compositor(bool atomic) : fd(open(guest::card("vkms").c_str(), O_RDWR | O_CLOEXEC)) {
        REQUIRE(fd >= 0);
        REQUIRE(drmSetMaster(fd) == 0);
        if (atomic)
            REQUIRE(drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0);
        drmModeRes* resources = drmModeGetResources(fd);
        REQUIRE(resources != nullptr);
        crtc = resources->crtcs[0];
        for (int i = 0; i < resources->count_connectors && mode.hdisplay == 0; ++i) {
            drmModeConnector* found = drmModeGetConnector(fd, resources->connectors[i]);
            if (found->connector_type == DRM_MODE_CONNECTOR_VIRTUAL && found->count_modes > 0) {
                mode = found->modes[0];
                connector = found->connector_id;
            }
            drmModeFreeConnector(found);
        }
        drmModeFreeResources(resources);
        REQUIRE(mode.hdisplay != 0);
        const auto dumb = create_dumb(fd, mode.hdisplay, mode.vdisplay);
        handle_ = dumb.handle;
        REQUIRE(drmModeAddFB(fd, mode.hdisplay, mode.vdisplay, 24, 32, dumb.pitch, handle_,
                             &framebuffer) == 0);
        REQUIRE(drmModeSetCrtc(fd, crtc, framebuffer, 0, 0, &connector, 1, &mode) == 0);
    }
    Compositor(const Compositor&) = delete;
    Compositor& operator=(const Compositor&) = delete;
    ~Compositor() {
        drmModeRmFB(fd, framebuffer);
        destroy_dumb(fd, handle_);
        close(fd);
    }

    [[nodiscard]] std::uint32_t shown() const {
        drmModeCrtc* current = drmModeGetCrtc(fd, crtc);
        REQUIRE(current != nullptr);
        const std::uint32_t id = current->buffer_id;
        drmModeFreeCrtc(current);
        return id;
    }

    const int fd;
    std::uint32_t crtc = 0;
    std::uint32_t framebuffer = 0;
    drmModeModeInfo mode = {};

private:
    std::uint32_t handle_ = 0;
    std::uint32_t connector = 0;
};

/// Allocates a picture for the compositor's screen, and returns how that was tested.
Verification verify(const Compositor& compositor) {
    const std::uint32_t handle = next_handle(compositor.fd);
    Verification result;
    {
        const auto allocator = Allocator::open();
        REQUIRE(allocator);
        const auto display = allocator->device(compositor.fd);
        REQUIRE(display);
        const auto buffer = allocator->allocate(
            Request::image(compositor.mode.hdisplay, compositor.mode.vdisplay, fourcc::xrgb8888)
                .use(*display, Use::scanout)
                .without("drm-dumb"));
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        REQUIRE(buffer->verified().size() == 1);
        result = buffer->verified()[0];
        CHECK(next_handle(compositor.fd) == handle);
    }
    CHECK(next_handle(compositor.fd) == handle);
    CHECK(compositor.shown() == compositor.framebuffer);
    return result;
}

bool starts_with(const std::string& text, const std::string& beginning) {
    return text.rfind(beginning, 0) == 0;
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "a master's display tests the buffer by a commit, and shows what it showed",
                 "[full]") {
    const Compositor compositor(true);
    const Verification result = verify(compositor);
    INFO(result.how << "; " << result.reason);
    CHECK(result.imported == std::optional(true));
    CHECK(starts_with(result.how, "PRIME import, AddFB2, GETFB2, TEST_ONLY commit on plane "));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a master that did not enable atomic is not made to, and that is said", "[full]") {
    const Compositor compositor(false);
    const Verification result = verify(compositor);
    INFO(result.how << "; " << result.reason);
    CHECK(result.imported == std::optional(true));
    CHECK(result.how == "PRIME import, AddFB2, GETFB2");
    CHECK(result.reason.find("DRM_CLIENT_CAP_ATOMIC") != std::string::npos);
    drm_mode_atomic nothing = {};
    nothing.flags = DRM_MODE_ATOMIC_TEST_ONLY;
    CHECK(drmIoctl(compositor.fd, DRM_IOCTL_MODE_ATOMIC, &nothing) != 0);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a master who may not open the card is tested on a lease, else on his own "
                 "description, without a GEM handle more",
                 "[full]") {
    const Compositor compositor(true);
    const OrdinaryUser user;
    const Verification leased = verify(compositor);
    INFO(leased.how << "; " << leased.reason);
    CHECK(leased.imported == std::optional(true));
    CHECK(starts_with(leased.how,
                      "PRIME import on a lease, AddFB2, GETFB2, TEST_ONLY commit on plane "));

    REQUIRE(drmDropMaster(compositor.fd) == 0);
    const Verification borrowed = verify(compositor);
    INFO(borrowed.how << "; " << borrowed.reason);
    CHECK(borrowed.imported == std::optional(true));
    CHECK(borrowed.how == "PRIME import on the caller's descriptor, AddFB2, GETFB2");
    CHECK(borrowed.reason.find("not DRM master") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "allocating and testing leaves no GEM handle on a caller's descriptor",
                 "[stock]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const std::string driver : {"virtio_gpu", "bochs-drm", "vgem"}) {
        INFO(driver);
        const int fd = open(guest::card(driver).c_str(), O_RDWR | O_CLOEXEC);
        REQUIRE(fd >= 0);
        const std::uint32_t handle = next_handle(fd);
        {
            const auto card = allocator->device(fd);
            REQUIRE(card);
            const auto buffer = allocator->allocate(Request::image(640, 480, fourcc::xrgb8888)
                                                        .use(*card, Use::read)
                                                        .without("dma-heap")
                                                        .without("udmabuf"));
            INFO((buffer ? "" : buffer.error().message()));
            REQUIRE(buffer);
            CHECK(buffer->verified()[0].imported == std::optional(true));
        }
        CHECK(next_handle(fd) == handle);
        close(fd);
    }
}
