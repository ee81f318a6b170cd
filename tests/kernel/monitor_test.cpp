// SPDX-License-Identifier: MIT
// Devices and heaps that come and go under a running program, on real drivers.
#include "tests/kernel/command.hpp"
#include "tests/kernel/expect.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <poll.h>
#include <set>
#include <simplealloc/simplealloc.hpp>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace simplealloc;
using guest::expect;

namespace {

constexpr int patience_ms = 20000;

Allocator open_allocator() {
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    return *std::move(allocator);
}

/// The next event that is asked for, others are passed over; fails when none comes.
HotplugEvent wait_for(Monitor& monitor, const std::function<bool(const HotplugEvent&)>& wanted) {
    for (;;) {
        auto event = monitor.next();
        REQUIRE(event);
        if (event->has_value()) {
            if (wanted(**event))
                return **std::move(event);
            continue;
        }
        pollfd waits{monitor.fd(), POLLIN, 0};
        REQUIRE(poll(&waits, 1, patience_ms) == 1);
    }
}

auto is(HotplugKind kind, const std::string& path) {
    return [=](const HotplugEvent& event) { return event.kind == kind && event.path == path; };
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    REQUIRE(file);
}

/// A platform driver's only device, bound again at the end.
class Binding {
public:
    Binding(std::string driver, std::string device)
        : folder_("/sys/bus/platform/drivers/" + driver + "/"), device_(std::move(device)) {}
    ~Binding() {
        if (!bound_)
            bind();
    }
    Binding(const Binding&) = delete;
    Binding& operator=(const Binding&) = delete;

    void unbind() {
        write_text(folder_ + "unbind", device_);
        bound_ = false;
    }
    void bind() {
        std::ofstream(folder_ + "bind") << device_ << std::flush;
        bound_ = true;
        guest::run({"udevadm", "settle"});
    }

private:
    std::string folder_;
    std::string device_;
    bool bound_ = true;
};

std::set<std::string> candidates(const Plan& plan) {
    std::set<std::string> sources;
    for (const Candidate& candidate : plan.candidates())
        sources.insert(candidate.source);
    return sources;
}

/// Hides udevd's socket, as in a container without it.
class WithoutUdev {
public:
    WithoutUdev() { CHECK(std::rename(path, hidden) == 0); }
    ~WithoutUdev() { CHECK(std::rename(hidden, path) == 0); }
    WithoutUdev(const WithoutUdev&) = delete;
    WithoutUdev& operator=(const WithoutUdev&) = delete;

private:
    static constexpr const char* path = "/run/udev/control";
    static constexpr const char* hidden = "/run/udev/hidden";
};

void check_camera_goes(const char* origin) {
    const Allocator allocator = open_allocator();
    auto monitor = allocator.monitor();
    REQUIRE(monitor);
    CHECK(monitor->origin() == origin);
    const std::string path = guest::video("vivid-000-vid-cap");
    const auto camera = allocator.device(path);
    REQUIRE(camera);
    const auto plan = allocator.plan(Request::image(640, 480, fourcc::yuyv)
                                         .use(*camera, Use::capture)
                                         .cpu(CpuAccess::read_often));
    REQUIRE(plan);
    const auto buffer = allocator.allocate(*plan);
    REQUIRE(buffer);
    CHECK(allocator.is_current(*plan).value());
    // Only the owner of a camera's queue gets memory from it.
    auto node = std::make_optional<VideoNode>(path);
    const auto ours = allocator.device(node->fd(), QueueAccess::lent);
    REQUIRE(ours);
    const auto own = allocator.allocate(Request::image(640, 480, fourcc::yuyv)
                                            .use(*ours, Use::capture)
                                            .without("dma-heap")
                                            .without("udmabuf"));
    REQUIRE(own);
    CHECK(own->source().rfind("v4l2:", 0) == 0);

    Binding vivid("vivid", "vivid.0");
    vivid.unbind();
    const HotplugEvent gone = wait_for(*monitor, is(HotplugKind::removed, path));
    CHECK(gone.subject == HotplugSubject::device);
    CHECK(gone.subsystem == "video4linux");
    CHECK(gone.id == camera->id());
    CHECK(!allocator.is_current(*plan).value());
    const auto refused = allocator.allocate(*plan);
    REQUIRE(!refused);
    CHECK(refused.error().cause == Cause::gone);
    CHECK(refused.error().object == path);
    CHECK(!allocator.device(path));

    for (const Buffer* left : {&*buffer, &*own}) {
        CAPTURE(left->source());
        const auto mapping = left->map(Access::read_write);
        REQUIRE(mapping);
        std::fill(mapping->bytes().begin(), mapping->bytes().end(), std::byte{0x5a});
        CHECK(left->setup(0));
    }

    node.reset();
    vivid.bind();
    const HotplugEvent back = wait_for(*monitor, [](const HotplugEvent& event) {
        return event.kind == HotplugKind::added && event.subsystem == "video4linux";
    });
    const auto again = allocator.device(back.path);
    REQUIRE(again);
    CHECK(allocator.allocate(Request::image(640, 480, fourcc::yuyv).use(*again, Use::capture)));
    // It is no longer the device that was planned with, even if it has its number.
    const auto old = allocator.allocate(*plan);
    REQUIRE(!old);
    CHECK(old.error().cause == Cause::gone);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "a camera that is unbound is gone, its buffers are not",
                 "[full]") {
    check_camera_goes("udev");
}

TEST_CASE_METHOD(guest::NothingLeft, "the same is seen where no udevd runs", "[full]") {
    const WithoutUdev without;
    check_camera_goes("kernel");
}

TEST_CASE_METHOD(guest::NothingLeft, "a camera that is added later is used by the next plan",
                 "[full]") {
    // The test modules' first camera needs contiguous memory.
    Binding vivid("vivid", "vivid.0");
    vivid.unbind();
    guest::run({"udevadm", "settle"});
    const Allocator allocator = open_allocator();
    auto monitor = expect(allocator.monitor());
    const Device display = expect(allocator.device(guest::card("vkms")));
    const RequestBuilder alone =
        Request::image(640, 360, fourcc::xrgb8888).use(display, Use::scanout);
    const Plan before = expect(allocator.plan(alone));
    CHECK(candidates(before).count("dma-heap:system") == 1);

    vivid.bind();
    const HotplugEvent added = wait_for(monitor, [](const HotplugEvent& event) {
        return event.kind == HotplugKind::added && event.subsystem == "video4linux" &&
               event.path == guest::video("vivid-000-vid-cap");
    });
    CHECK(added.subject == HotplugSubject::device);
    const auto devices = expect(allocator.devices());
    CHECK(std::any_of(devices.begin(), devices.end(),
                      [&](const auto& device) { return device.path() == added.path; }));
    const VideoNode node(added.path);
    const Device camera = expect(allocator.device(node.fd(), QueueAccess::lent));
    CHECK(camera.id() == added.id);
    const Plan after = expect(allocator.plan(RequestBuilder(alone).use(camera, Use::capture)));
    CHECK(candidates(after).count("dma-heap:system") == 0);
    REQUIRE(candidates(after).count("dma-heap:reserved") == 1);

    // It fills what was planned for it.
    const Buffer buffer = expect(allocator.allocate(after));
    VideoQueue queue(node, *expect(buffer.setup(1)).v4l2, Use::capture);
    const std::uint32_t index = queue.add(buffer);
    queue.request();
    queue.queue(index);
    queue.start();
    node.wait(POLLIN);
    CHECK(queue.take() == index);
}

TEST_CASE_METHOD(guest::NothingLeft, "a node that is added later is used by the next plan",
                 "[full]") {
    const Allocator allocator = open_allocator();
    auto monitor = allocator.monitor();
    REQUIRE(monitor);
    const Request request =
        Request::bytes(1U << 20U).cpu(CpuAccess::write).without("dma-heap").without("udmabuf");
    const auto before = allocator.plan(request);
    REQUIRE(before);
    CHECK(before->candidates().empty());
    {
        const guest::Driver driver("simple_allocator");
        const HotplugEvent added = wait_for(*monitor, is(HotplugKind::added, "/dev/cma0"));
        CHECK(added.subject == HotplugSubject::heap);
        CHECK(std::count(added.sources_added.begin(), added.sources_added.end(),
                         "simple-allocator:cma0") == 1);
        CHECK(!allocator.is_current(*before).value());
        const auto buffer = allocator.allocate(request);
        REQUIRE(buffer);
        CHECK(buffer->source() == "simple-allocator:cma0");
    }
    const HotplugEvent removed = wait_for(*monitor, is(HotplugKind::removed, "/dev/cma0"));
    CHECK(std::count(removed.sources_removed.begin(), removed.sources_removed.end(),
                     "simple-allocator:cma0") == 1);
    CHECK(allocator.is_current(*before).value());
}

TEST_CASE_METHOD(guest::NothingLeft, "events for which there was no room end in a rescan",
                 "[full]") {
    auto without = std::make_optional<WithoutUdev>();
    const Allocator allocator = open_allocator();
    auto monitor = allocator.monitor();
    REQUIRE(monitor);
    // libudev makes room for more events than a test can wait for.
    const int room = 4096;
    REQUIRE(setsockopt(monitor->fd(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
    const std::string uevent = "/sys/class/misc/udmabuf/uevent";
    for (int i = 0; i < 100; ++i)
        write_text(uevent, "change");
    wait_for(*monitor, [](const HotplugEvent& event) { return event.kind == HotplugKind::rescan; });
    // udevd heard them all as well, and is not to tell them in the middle of the next test.
    without.reset();
    CHECK(guest::run({"udevadm", "settle"}).status == 0);
}

TEST_CASE("the command shows what comes and goes, a line each", "[full]") {
    guest::Background monitor({"simplealloc", "monitor", "--json", "--timeout", "60"});
    const auto first = nlohmann::json::parse(monitor.next_line());
    CHECK(first.at("event") == "listening");
    CHECK(first.at("origin") == "udev");
    const guest::Driver driver("simple_allocator");
    // What else happens on the machine is told too, and is not ours to forbid.
    auto added = nlohmann::json::parse(monitor.next_line());
    while (added.at("path") != "/dev/cma0")
        added = nlohmann::json::parse(monitor.next_line());
    CHECK(added.at("event") == "added");
    CHECK(added.at("sources_added") == nlohmann::json({"simple-allocator:cma0"}));
}

TEST_CASE("the command ends in failure when fewer events came than were asked for", "[full]") {
    const auto late = guest::run({"simplealloc", "monitor", "--count", "1", "--timeout", "1"});
    CHECK(late.status == 1);
    CHECK(late.output == "listening to udev\n");
    CHECK(late.errors.empty());
    CHECK(guest::run({"simplealloc", "monitor", "--timeout", "1"}).status == 0);
    const auto interrupted =
        guest::run({"timeout", "--signal=INT", "--preserve-status", "2", "simplealloc", "monitor"});
    CHECK(interrupted.status == 0);
}
