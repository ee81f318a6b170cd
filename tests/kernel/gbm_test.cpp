// SPDX-License-Identifier: MIT
// GBM with Mesa's software driver on cards without a GPU: linear and implicit buffers, and the
// explicit modifiers that this driver does not know.
#include "tests/kernel/command.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm_mode.h>
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include <drm.h>

using namespace simplealloc;

namespace {

constexpr std::uint32_t width = 640;
constexpr std::uint32_t height = 480;

/// Everything else is left out, so that GBM has to serve.
RequestBuilder gbm_alone() {
    return Request::image(width, height, fourcc::xrgb8888)
        .without("dma-heap")
        .without("udmabuf")
        .without("drm-dumb")
        .without("v4l2");
}

Device device(const Allocator& allocator, const std::string& path) {
    auto found = allocator.device(path);
    INFO(path);
    REQUIRE(found);
    return *found;
}

/// A mode setting client of its own: becomes master, imports, shows, and puts everything back.
class Screen {
public:
    explicit Screen(const std::string& path) : fd_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        REQUIRE(fd_ >= 0);
        REQUIRE(ioctl(fd_, DRM_IOCTL_SET_MASTER, 0) == 0);
    }
    ~Screen() { close(fd_); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// Shows the buffer; 0 or an errno.
    int show(const Buffer& buffer, const DrmSetup& setup) {
        drm_prime_handle import = {};
        import.fd = buffer.dmabufs()[0].fd;
        if (ioctl(fd_, DRM_IOCTL_PRIME_FD_TO_HANDLE, &import) != 0)
            return errno;
        drm_mode_fb_cmd2 add = {};
        add.width = setup.width;
        add.height = setup.height;
        add.pixel_format = setup.fourcc.value;
        add.handles[0] = import.handle;
        add.pitches[0] = setup.pitches[0];
        add.offsets[0] = setup.offsets[0];
        if (ioctl(fd_, DRM_IOCTL_MODE_ADDFB2, &add) != 0)
            return errno;
        const int shown = set_crtc(add.fb_id);
        ioctl(fd_, DRM_IOCTL_MODE_RMFB, &add.fb_id);
        drm_gem_close gone = {};
        gone.handle = import.handle;
        ioctl(fd_, DRM_IOCTL_GEM_CLOSE, &gone);
        return shown;
    }

private:
    template <typename Element>
    static std::uint64_t address(std::vector<Element>& list) {
        return reinterpret_cast<std::uintptr_t>(list.data());
    }

    int set_crtc(std::uint32_t framebuffer) const {
        std::vector<std::uint32_t> crtcs(8);
        std::vector<std::uint32_t> connectors(8);
        drm_mode_card_res resources = {};
        resources.crtc_id_ptr = address(crtcs);
        resources.count_crtcs = static_cast<std::uint32_t>(crtcs.size());
        resources.connector_id_ptr = address(connectors);
        resources.count_connectors = static_cast<std::uint32_t>(connectors.size());
        if (ioctl(fd_, DRM_IOCTL_MODE_GETRESOURCES, &resources) != 0)
            return errno;
        std::vector<drm_mode_modeinfo> modes(256);
        drm_mode_get_connector connector = {};
        connector.connector_id = connectors[0];
        connector.modes_ptr = address(modes);
        connector.count_modes = static_cast<std::uint32_t>(modes.size());
        if (ioctl(fd_, DRM_IOCTL_MODE_GETCONNECTOR, &connector) != 0)
            return errno;
        modes.resize(std::min<std::size_t>(modes.size(), connector.count_modes));
        drm_mode_crtc crtc = {};
        for (const drm_mode_modeinfo& mode : modes)
            if (mode.hdisplay == width && mode.vdisplay == height)
                crtc.mode = mode;
        crtc.crtc_id = crtcs[0];
        crtc.fb_id = framebuffer;
        crtc.set_connectors_ptr = reinterpret_cast<std::uintptr_t>(connectors.data());
        crtc.count_connectors = 1;
        crtc.mode_valid = 1;
        return ioctl(fd_, DRM_IOCTL_MODE_SETCRTC, &crtc) == 0 ? 0 : errno;
    }

    int fd_;
};

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "GBM gives the display a linear buffer that it scans out, though the driver knows "
                 "no modifiers",
                 "[full]") {
    const std::string card = guest::card("vkms");
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer =
        allocator->allocate(gbm_alone().use(device(*allocator, card), Use::scanout));
    INFO((buffer ? std::string() : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->source() == "gbm:" + card.substr(card.rfind('/') + 1));
    CHECK(buffer->modifier() == Modifier::linear());
    REQUIRE(buffer->verified().size() == 1);
    CHECK(buffer->verified()[0].imported == true);
    CHECK(buffer->verified()[0].how == "PRIME import, AddFB2, GETFB2");
    REQUIRE(buffer->planes().size() == 1);
    CHECK(buffer->planes()[0].stride >= width * 4);

    const auto setup = buffer->setup(0);
    REQUIRE(setup);
    CHECK_FALSE(setup->drm->pass_modifier);
    // Nobody was left as master, so this program can be.
    Screen screen(card);
    CHECK(screen.show(*buffer, *setup->drm) == 0);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a device that draws for itself gets an implicit layout by its card node, as the "
                 "render node refuses",
                 "[full]") {
    const std::string card = guest::card("vgem");
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const Device gpu = device(*allocator, card);
    const auto buffer = allocator->allocate(gbm_alone().use(gpu, Use::render));
    INFO((buffer ? std::string() : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->source().rfind("gbm:renderD", 0) == 0);
    CHECK(buffer->modifier() == Modifier::implicit());
    CHECK(buffer->verified()[0].imported == true);

    // With another device in the chain the layout has to be linear.
    const auto shared =
        allocator->allocate(gbm_alone()
                                .use(gpu, Use::render)
                                .use(device(*allocator, guest::card("vkms")), Use::scanout));
    INFO((shared ? std::string() : shared.error().message()));
    REQUIRE(shared);
    CHECK(shared->modifier() == Modifier::linear());
    for (const Verification& verified : shared->verified())
        CHECK(verified.imported == true);
}

TEST_CASE_METHOD(guest::NothingLeft, "the CPU writes into and reads from a GBM buffer", "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer =
        allocator->allocate(gbm_alone()
                                .use(device(*allocator, guest::card("vkms")), Use::scanout)
                                .cpu(CpuAccess::read_often));
    INFO((buffer ? std::string() : buffer.error().message()));
    REQUIRE(buffer);
    const auto mapping = buffer->map(Access::read_write);
    INFO((mapping ? std::string() : mapping.error().message()));
    REQUIRE(mapping);
    mapping->bytes()[4095] = std::byte{0x5a};
    CHECK(mapping->bytes()[4095] == std::byte{0x5a});
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a use that needs its modifier by name makes GBM's attempt fail with ENOSYS and "
                 "the reason",
                 "[full]") {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    for (const char* driver : {"vkms", "vgem"}) {
        CAPTURE(driver);
        const bool shows = std::string(driver) == "vkms";
        const std::string card = guest::card(driver);
        const auto buffer = allocator->allocate(gbm_alone().use(device(*allocator, card),
                                                                shows ? Use::scanout : Use::render,
                                                                {{fourcc::xrgb8888, {0}, false}}));
        REQUIRE_FALSE(buffer);
        REQUIRE(buffer.error().attempts.size() == 1);
        const Attempt& attempt = buffer.error().attempts[0];
        CHECK(attempt.source.rfind("gbm:", 0) == 0);
        CHECK(attempt.sys_errno == ENOSYS);
        CHECK(attempt.cause == Cause::unsupported);
        CHECK(attempt.stage == Stage::allocate);
        CHECK(attempt.message.find("its driver knows no modifiers") != std::string::npos);
        CHECK_FALSE(attempt.remedy.empty());
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "another source serves where GBM can't name the modifier that the request names",
                 "[full]") {
    const auto asked =
        command::alloc({"--image", "640x480:XR24:LINEAR", "--use", guest::card("vkms") + ":scanout",
                        "--without", "dma-heap", "--without", "udmabuf"});
    INFO(asked.output << asked.errors);
    REQUIRE(asked.status == 0);
    CHECK(command::buffer(asked).at("source").get<std::string>().rfind("drm-dumb:", 0) == 0);

    const auto listed = guest::run({"simplealloc", "sources", "--json"});
    REQUIRE(listed.status == 0);
    std::set<std::string> names;
    const nlohmann::json sources = listed.json().at("sources");
    for (const auto& source : sources)
        if (source.at("backend") == "gbm")
            names.insert(source.at("source").get<std::string>());
    CHECK(names.size() == 4); // vgem, virtio-gpu, bochs, vkms
}
