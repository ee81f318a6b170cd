// SPDX-License-Identifier: MIT
// Test imports into DRM devices: on whose file description, and what a caller's one is used for.
#include "lib/discovery/discovery.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <set>
#include <sys/sysmacros.h>

using namespace simplealloc;

namespace {

/// A system heap, and a display whose card the caller has open.
struct Display : test::FakeMachine {
    std::shared_ptr<test::FakeScreen> screen = std::make_shared<test::FakeScreen>();
    std::shared_ptr<test::FakeCard> card;
    UniqueFd fd;
    Allocator allocator;
    test::Census idle;

    Display() : allocator(prepare()) {
        fd = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
        idle = kernel.census();
    }

    Allocator prepare() {
        test::FakeCard wanted; // vkms: takes any memory
        wanted.screen = screen;
        card = add_drm_card(kernel, wanted);
        return *Allocator::open();
    }

    /// As in a sandbox that was given the descriptor alone.
    void hide_node() {
        const auto node = udev::by_devnum(makedev(226, 0));
        REQUIRE(node);
        kernel.remove(node->devnode);
        kernel.add_udev(*node);
        kernel.proc = false;
    }
    void enable_atomic() const {
        drm_set_client_cap request = {DRM_CLIENT_CAP_ATOMIC, 1};
        REQUIRE(kernel::ioctl(fd.get(), DRM_IOCTL_SET_CLIENT_CAP, &request) == 0);
    }
    void drop_master() const {
        REQUIRE(kernel::ioctl(fd.get(), DRM_IOCTL_DROP_MASTER, nullptr) == 0);
    }

    Result<Buffer> try_allocate(const char* without = "drm-dumb", std::uint32_t width = 640) {
        const auto display = allocator.device(fd.get());
        if (!display)
            return display.error();
        return allocator.allocate(Request::image(width, 480, fourcc::xrgb8888)
                                      .use(*display, Use::scanout)
                                      .without(without)
                                      .without("gbm"));
    }
    /// Its verification; nothing of it is left afterwards, and the caller's description is as
    /// before.
    Verification verify(const char* without = "drm-dumb", std::uint32_t width = 640) {
        const std::size_t caps = kernel.count(DRM_IOCTL_SET_CLIENT_CAP);
        Verification result;
        {
            const auto buffer = try_allocate(without, width);
            INFO((buffer ? "" : buffer.error().message()));
            REQUIRE(buffer);
            REQUIRE(buffer->verified().size() == 1);
            result = buffer->verified()[0];
        }
        CHECK(kernel.census() == idle);
        CHECK(kernel.errors().empty());
        CHECK(card->framebuffers == 0);
        CHECK(card->lessees == 0);
        // Discovery asks for all planes on a description of its own, and only there.
        CHECK(kernel.count(DRM_IOCTL_SET_CLIENT_CAP) - caps <= 1);
        return result;
    }
};

} // namespace

TEST_CASE("a master's screen is asked by a commit that only tests") {
    Display display;
    display.enable_atomic();
    const Verification result = display.verify();
    CHECK(result.imported == std::optional(true));
    CHECK(result.how == "PRIME import, AddFB2, GETFB2, TEST_ONLY commit on plane 31 of CRTC 41");
    CHECK(result.reason.empty());
    REQUIRE(display.screen->commits.size() == 1);
    auto& set = display.screen->commits[0];
    CHECK(set["FB_ID"] != 0);
    CHECK(set["SRC_W"] == 640U << 16U);
    CHECK(set["CRTC_H"] == 480);
}

TEST_CASE("a larger framebuffer is tested by the part that fits the screen") {
    Display display;
    display.enable_atomic();
    CHECK(display.verify("drm-dumb", 1280).imported == std::optional(true));
    REQUIRE(display.screen->commits.size() == 1);
    CHECK(display.screen->commits[0]["CRTC_W"] == 640);
}

TEST_CASE("a commit that the screen refuses is a refusal of the buffer") {
    Display display;
    display.enable_atomic();
    display.screen->commit_errno = ERANGE;
    const auto buffer = display.try_allocate();
    REQUIRE(!buffer);
    REQUIRE(buffer.error().attempts.size() == 1);
    CHECK(buffer.error().attempts[0].cause == Cause::refused);
    CHECK_THAT(buffer.error().attempts[0].message, Catch::Matchers::Contains("TEST_ONLY"));
    CHECK(display.kernel.census() == display.idle);
    CHECK(display.card->framebuffers == 0);
}

TEST_CASE("what no commit can test is said, and is no refusal") {
    Display display;
    std::string reason;
    SECTION("the caller did not enable atomic, and nobody does it for him") {
        reason = "has not enabled DRM_CLIENT_CAP_ATOMIC";
    }
    SECTION("the caller is not master") {
        display.enable_atomic();
        display.drop_master();
        reason = "not DRM master";
    }
    SECTION("the driver has none") {
        display.screen->atomic = false;
        reason = "no atomic mode setting";
    }
    SECTION("no screen is on") {
        display.enable_atomic();
        display.screen->active = false;
        reason = "no active CRTC";
    }
    SECTION("the planes want another size") {
        display.enable_atomic();
        display.screen->width = 1920;
        reason = "planes refuse its size";
    }
    SECTION("there is no memory for it") {
        display.enable_atomic();
        display.screen->commit_errno = ENOMEM;
        reason = "Cannot allocate memory";
    }
    const Verification result = display.verify();
    CHECK(result.imported == std::optional(true));
    CHECK_THAT(result.reason, Catch::Matchers::Contains(reason));
}

TEST_CASE("a display that keeps longer lines than it was given gets such lines") {
    Display display;
    display.card->keep = [](drm_mode_fb_cmd2& kept) {
        kept.pitches[0] = (kept.pitches[0] + 4095) / 4096 * 4096;
    };
    const auto buffer = display.try_allocate();
    REQUIRE(buffer);
    CHECK(buffer->planes()[0].stride == 4096);
}

TEST_CASE("a framebuffer that the driver keeps otherwise than it was given is refused") {
    Display display;
    std::string what;
    SECTION("with another pitch each time") {
        display.card->keep = [](drm_mode_fb_cmd2& kept) { kept.pitches[0] += 4; };
        what = "pitch 2564 instead of 2560";
    }
    SECTION("with another offset") {
        display.card->keep = [](drm_mode_fb_cmd2& kept) { kept.offsets[0] += 64; };
        what = "offset 64 instead of 0";
    }
    const auto buffer = display.try_allocate();
    REQUIRE(!buffer);
    REQUIRE(buffer.error().attempts.size() == 1);
    CHECK(buffer.error().attempts[0].cause == Cause::refused);
    CHECK_THAT(buffer.error().attempts[0].message,
               Catch::Matchers::Contains("AddFB2") && Catch::Matchers::Contains(what));
    CHECK(display.kernel.census() == display.idle);
    CHECK(display.card->framebuffers == 0);
}

TEST_CASE("a framebuffer is read back, and the handles that come with it are closed") {
    Display display;
    display.card->new_handles = GENERATE(true, false);
    const Verification result = display.verify();
    CHECK(result.imported == std::optional(true));
    CHECK_THAT(result.how, Catch::Matchers::StartsWith("PRIME import, AddFB2, GETFB2"));
}

TEST_CASE("a kernel without GETFB2 reads nothing back, and refuses nothing") {
    Display display;
    display.card->getfb2 = false;
    const Verification result = display.verify();
    CHECK(result.imported == std::optional(true));
    CHECK_THAT(result.how, !Catch::Matchers::Contains("GETFB2"));
}

TEST_CASE("where the node can't be opened a lease of the caller's serves") {
    Display display;
    display.hide_node();
    const std::string without = GENERATE("drm-dumb", "dma-heap");
    const Verification result = display.verify(without.c_str());
    CHECK(result.imported == std::optional(true));
    CHECK_THAT(result.how, Catch::Matchers::StartsWith("PRIME import on a lease, AddFB2"));
    CHECK(display.card->ended_leases == 1);
}

TEST_CASE("a fresh buffer is tested on the caller's description, which is left without it") {
    Display display;
    display.hide_node();
    SECTION("not master") {
        display.drop_master();
    }
    SECTION("leased itself, or an old kernel") {
        display.card->leases = false;
    }
    // Of a heap, and of this very device.
    const std::string without = GENERATE("drm-dumb", "dma-heap");
    const Verification result = display.verify(without.c_str());
    CHECK(result.imported == std::optional(true));
    CHECK_THAT(result.how,
               Catch::Matchers::StartsWith("PRIME import on the caller's descriptor, AddFB2"));
}

TEST_CASE("a buffer that somebody may have seen is not tested on the caller's description") {
    Display display;
    display.hide_node();
    display.drop_master();
    const auto device = display.allocator.device(display.fd.get());
    REQUIRE(device);
    const auto made = display.try_allocate();
    REQUIRE(made);
    CHECK(made->verified()[0].imported == std::optional(true));
    const auto received = Buffer::import(std::vector{made->dmabufs()[0].fd}, made->layout());
    REQUIRE(received);
    display.kernel.clear_calls();
    for (const Buffer* buffer : {&*made, &*received}) {
        const auto checked = display.allocator.check(*buffer, {*device, Use::read, {}});
        INFO((checked ? checked->reason : checked.error().message()));
        REQUIRE(checked);
        REQUIRE(checked->verified);
        CHECK(checked->verified->imported == std::nullopt);
        CHECK_THAT(checked->verified->reason,
                   Catch::Matchers::Contains("no description of the device but the caller's"));
    }
    CHECK(display.kernel.count(DRM_IOCTL_PRIME_FD_TO_HANDLE) == 0);
}

TEST_CASE("an import that fails for want of memory is no refusal") {
    Display display;
    const int sys_errno = GENERATE(ENOMEM, EMFILE, EACCES, ENOSPC, EIO, ETIMEDOUT, EBUSY, ENXIO);
    display.kernel.fail(DRM_IOCTL_PRIME_FD_TO_HANDLE, 1, sys_errno);
    const Verification result = display.verify();
    CHECK(result.imported == std::nullopt);
    CHECK_THAT(result.reason, Catch::Matchers::StartsWith("import: "));
}

TEST_CASE("only what says that a driver takes no such framebuffer is a refusal") {
    Display display;
    const std::set<int> refusals{EINVAL, EOPNOTSUPP, ENOSYS, ERANGE, EFBIG, E2BIG};
    for (int sys_errno = 1; sys_errno < 134; ++sys_errno) {
        CAPTURE(sys_errno);
        display.kernel.fail(DRM_IOCTL_MODE_ADDFB2, 0, sys_errno);
        const auto buffer = display.try_allocate();
        display.kernel.clear_failures();
        REQUIRE(buffer.has_value() == !refusals.contains(sys_errno));
        if (buffer)
            CHECK(buffer->verified()[0].imported == std::nullopt);
        else
            CHECK(buffer.error().cause == Cause::refused);
        // It is asked anew, so that each errno is seen.
        display.allocator = *Allocator::open();
    }
}

TEST_CASE("a path that leads to another device by now is not taken for it") {
    Display display;
    display.hide_node();
    test::FakeNode other;
    other.path = "/dev/dri/card0";
    other.devnum = makedev(226, 7);
    other.open = [](int) { return [](int, unsigned long, void*) { return -EINVAL; }; };
    display.kernel.add_node(other);
    const Verification result = display.verify();
    CHECK_THAT(result.how, Catch::Matchers::StartsWith("PRIME import on a lease"));
}

TEST_CASE("whatever fails in a test commit, nothing of it is left") {
    Display display;
    display.enable_atomic();
    for (std::uint64_t nth = 1;; ++nth) {
        display.kernel.clear_failures();
        display.kernel.fail_nth_syscall(nth, EIO);
        static_cast<void>(display.try_allocate().has_value());
        const bool reached = display.kernel.failed();
        display.kernel.clear_failures();
        INFO("syscall " << nth);
        REQUIRE(display.kernel.census() == display.idle);
        if (!reached)
            break;
        REQUIRE(nth < 1000);
    }
    CHECK(!display.screen->commits.empty());
}
