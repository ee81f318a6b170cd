// SPDX-License-Identifier: MIT
// What a peer sends changes nothing for anybody else: plans, memory, the caller's descriptors.
#include "lib/share/wire/buffer_form.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/fence.hpp>
#include <simplealloc/share.hpp>
#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <sstream>

using namespace simplealloc;

namespace {

constexpr std::uint64_t picture_size = 640 * 480 * 4;

Layout picture() {
    Layout layout;
    layout.width = 640;
    layout.height = 480;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = Modifier::linear();
    layout.planes = {{0, 0, 2560, picture_size}};
    layout.dmabuf_sizes = {picture_size};
    return layout;
}

/// Everything that a plan says.
std::string words(const Plan& plan) {
    std::ostringstream out;
    for (const Candidate& one : plan.candidates()) {
        out << one.source << ' ' << one.exact;
        for (const Plane& plane : one.layout.planes)
            out << ' ' << plane.dmabuf << '@' << plane.offset << '/' << plane.stride << '/'
                << plane.size;
        for (const Criterion& criterion : one.criteria)
            out << ' ' << to_string(criterion.kind) << '=' << criterion.value << '/'
                << criterion.rank;
        out << '\n';
    }
    for (const Rejection& one : plan.rejections())
        out << one.source << ": " << to_string(one.constraint) << ", " << one.reason << '\n';
    return out.str();
}

template <typename T>
std::optional<Cause> cause(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error().cause);
}

/// A compositor: heaps, a display that it has open, and peers that send it buffers.
struct Host : test::FakeMachine {
    std::shared_ptr<test::FakeCard> card;
    Allocator allocator;
    Device display;

    Host()
        : FakeMachine({"system", "reserved"}), allocator(prepare()),
          display(*allocator.device("/dev/dri/card0")) {}

    Allocator prepare() {
        kernel.add_file("/sys/kernel/uevent_seqnum", "100\n");
        test::FakeCard wanted;
        wanted.screen = std::make_shared<test::FakeScreen>();
        card = add_drm_card(kernel, wanted);
        return *Allocator::open();
    }
    [[nodiscard]] std::string plan() const {
        const auto made =
            allocator.plan(Request::image(640, 480, fourcc::xrgb8888).use(display, Use::scanout));
        REQUIRE(made);
        return words(*made);
    }
    UniqueFd memory() {
        return UniqueFd::adopt(kernel.install(kernel.make_dmabuf(picture_size, "udmabuf", O_RDWR)));
    }
    /// Of a peer that may write what it likes.
    Buffer receive(const wire::BufferForm& form) {
        const auto bytes = wire::encode_buffer(form);
        REQUIRE(bytes);
        std::vector<UniqueFd> fds;
        fds.push_back(memory());
        auto buffer = share::unpack(*bytes, std::move(fds));
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        return *std::move(buffer);
    }
    Check check(const Buffer& buffer, const DeviceUse& use) const {
        auto checked = allocator.check(buffer, use);
        INFO((checked ? "" : checked.error().message()));
        REQUIRE(checked);
        return *std::move(checked);
    }
};

} // namespace

TEST_CASE("whatever a display refuses of a peer's memory, the host's own plan stays as it was") {
    Host host;
    const std::string before = host.plan();
    REQUIRE_THAT(before, Catch::Matchers::Contains("dma-heap:system") &&
                             Catch::Matchers::Contains("drm-dumb:card0"));
    const auto source = GENERATE(as<std::string>{}, "", "foreign", "dma-heap:system",
                                 "dma-heap:reserved", "drm-dumb:card0", "udmabuf", "cpu");
    const unsigned long call = GENERATE(static_cast<unsigned long>(DRM_IOCTL_PRIME_FD_TO_HANDLE),
                                        static_cast<unsigned long>(DRM_IOCTL_MODE_ADDFB2));
    const int sys_errno = GENERATE(EINVAL, ENOSPC, ENODEV);
    CAPTURE(source, call, sys_errno);
    wire::BufferForm form;
    form.layout = picture();
    form.source = source;
    form.aliases = {"dma-heap:system", "drm-dumb:card0"};
    form.offer.contiguity = solver::OfferContiguity::physical;
    for (int again = 0; again < 2; ++again) {
        const Buffer buffer = host.receive(form);
        host.kernel.fail(call, 1, sys_errno);
        const Check checked = host.check(buffer, {host.display, Use::scanout, {}});
        host.kernel.clear_failures();
        REQUIRE(checked.verified);
        if (sys_errno == EINVAL)
            CHECK(checked.verified->imported == std::optional(false));
        CHECK(host.plan() == before);
    }
    CHECK(host.allocator
              .allocate(Request::image(640, 480, fourcc::xrgb8888)
                            .use(host.display, Use::scanout)
                            .without("drm-dumb"))
              ->source() == "dma-heap:system");
}

TEST_CASE("what one peer's memory is refused for is nothing that another peer hears of") {
    Host host;
    wire::BufferForm form;
    form.layout = picture();
    form.offer.contiguity = solver::OfferContiguity::physical;
    const DeviceUse scanout{host.display, Use::scanout, {}};
    host.kernel.fail(DRM_IOCTL_MODE_ADDFB2, 1, EINVAL);
    CHECK(host.check(host.receive(form), scanout).verdict != Verdict::import_as_is);
    CHECK(host.check(host.receive(form), scanout).verdict == Verdict::import_as_is);
    ForeignBuffer foreign;
    foreign.layout = picture();
    foreign.layout.dmabuf_sizes.clear();
    foreign.source = "dma-heap:system";
    const std::string before = host.plan();
    const UniqueFd memory = host.memory();
    foreign.dmabufs = {memory.get()};
    host.kernel.fail(DRM_IOCTL_MODE_ADDFB2, 1, EINVAL);
    CHECK(host.check(*host.allocator.adopt(foreign), scanout).verdict != Verdict::import_as_is);
    CHECK(host.plan() == before);
    const auto imported = Buffer::import(std::vector{memory.get()}, foreign.layout);
    REQUIRE(imported);
    host.kernel.fail(DRM_IOCTL_PRIME_FD_TO_HANDLE, 1, EINVAL);
    CHECK(host.check(*imported, scanout).verdict != Verdict::import_as_is);
    CHECK(host.plan() == before);
}

TEST_CASE("what a client's own test says is not taken for a device's of the same name") {
    Host host;
    const std::string before = host.plan();
    DeviceDescription client;
    client.name = "/dev/dri/card0"; // as it calls itself
    client.verify = [](const Buffer&) -> Result<void> {
        Error error;
        error.cause = Cause::refused;
        error.detail = "no";
        return error;
    };
    const auto refused = host.allocator.allocate(
        Request::image(640, 480, fourcc::xrgb8888).use(Device::described(client), Use::scanout));
    CHECK_FALSE(refused);
    CHECK(host.plan() == before);
}

TEST_CASE("a descriptor that is only a path is the peer's mistake, whoever takes it") {
    Host host;
    const auto path_of = [](int fd) {
        return UniqueFd::adopt(
            kernel::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_PATH));
    };
    const UniqueFd memory = host.memory();
    const UniqueFd path = path_of(memory.get());
    REQUIRE(path);
    Layout layout = picture();
    CHECK(cause(Buffer::import(std::vector{path.get()}, layout)) == Cause::invalid);
    ForeignBuffer foreign;
    foreign.layout = layout;
    foreign.dmabufs = {path.get()};
    CHECK(cause(host.allocator.adopt(foreign)) == Cause::invalid);
    wire::BufferForm form;
    form.layout = layout;
    std::vector<UniqueFd> fds;
    fds.push_back(*UniqueFd::dup(path.get()));
    CHECK(cause(share::unpack(*wire::encode_buffer(form), std::move(fds))) == Cause::invalid);
    CHECK(cause(Fence::adopt(*UniqueFd::dup(path.get()))) == Cause::invalid);
    const UniqueFd card = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
    const UniqueFd card_path = path_of(card.get());
    REQUIRE(card_path);
    CHECK(cause(host.allocator.device(card_path.get())) == Cause::invalid);
    CHECK(cause(DrmImporter::open(card_path.get())) == Cause::invalid);
    CHECK(cause(share::Channel::open(*UniqueFd::dup(path.get()))) == Cause::invalid);
}
