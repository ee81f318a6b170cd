// SPDX-License-Identifier: MIT
// A device that has gone, or was replaced, is noticed where a buffer for it is asked for; buffers
// that are there live on.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm.h>

using namespace simplealloc;

namespace {

/// A heap, a camera without memory of its own, and a display.
struct Machine : test::FakeMachine {
    Machine() {
        add_camera();
        test::add_drm_card(kernel);
    }

    std::string sysfs_folder() {
        int error = 0;
        return udev::enumerate("video4linux", error).at(0).syspath;
    }
    void unplug_camera() {
        kernel.remove(sysfs_folder());
        kernel.remove("/dev/video0");
    }
};

RequestBuilder capture(const Device& camera) {
    return Request::image(640, 480, fourcc::yuyv).use(camera, Use::capture).cpu(CpuAccess::write);
}

void check_gone(const Error& error, const std::string& detail) {
    CHECK(error.cause == Cause::gone);
    CHECK(error.stage == Stage::discover);
    CHECK(error.object == "/dev/video0");
    CHECK(error.detail == detail);
    CHECK(error.remedy.find("plan again") != std::string::npos);
}

struct Fixture {
    Machine machine;
    Allocator allocator = Allocator::open().value();
    Device camera = allocator.device("/dev/video0").value();
    Plan plan = allocator.plan(capture(camera)).value();
};

} // namespace

TEST_CASE_METHOD(Fixture, "after a device has gone its plan and requests fail clearly") {
    CHECK(allocator.allocate(plan));
    machine.unplug_camera();
    const auto buffer = allocator.allocate(plan);
    REQUIRE(!buffer);
    check_gone(buffer.error(), "the device is gone");
    CHECK(buffer.error().sys_errno == ENOENT);
    const auto planned = allocator.plan(capture(camera));
    REQUIRE(!planned);
    check_gone(planned.error(), "the device is gone");
}

TEST_CASE_METHOD(Fixture, "another device in the place of one that is gone is not taken for it") {
    SECTION("under another number") {
        machine.kernel.remove("/dev/video0");
        test::FakeNode other;
        other.path = "/dev/video0";
        other.devnum = 4711;
        machine.kernel.add_node(other);
    }
    SECTION("under the same number") {
        machine.kernel.replace(machine.sysfs_folder());
    }
    const auto buffer = allocator.allocate(plan);
    REQUIRE(!buffer);
    check_gone(buffer.error(), "another device has taken its place");
}

TEST_CASE_METHOD(Fixture, "a buffer lives on when a device has gone, and serves the others") {
    auto buffer = allocator.allocate(plan);
    REQUIRE(buffer);
    const auto before = buffer->setup(0);
    REQUIRE(before);
    machine.unplug_camera();
    const auto after = buffer->setup(0);
    REQUIRE(after);
    CHECK(after->v4l2->pixelformat == before->v4l2->pixelformat);
    CHECK(after->v4l2->planes.at(0).bytesperline == before->v4l2->planes.at(0).bytesperline);
    CHECK(buffer->map(Access::read_write));
    CHECK(buffer->dup_fd());

    const auto joins = allocator.check(*buffer, {camera, Use::capture, {}});
    REQUIRE(!joins);
    check_gone(joins.error(), "the device is gone");
    const auto display = allocator.device("/dev/dri/card0");
    REQUIRE(display);
    const auto check = allocator.check(*buffer, {*display, Use::read, {}});
    REQUIRE(check);
    CHECK(check->verdict == Verdict::import_as_is);
}

TEST_CASE_METHOD(Fixture, "who joins late is answered without the users that have gone") {
    const auto buffer = allocator.allocate(plan);
    REQUIRE(buffer);
    machine.unplug_camera();
    Constraints needs;
    needs.stride_align = 1024;
    const Device npu = test::described("npu", needs);
    const auto check = allocator.check(*buffer, {npu, Use::read, {}});
    INFO((check ? "" : check.error().message()));
    REQUIRE(check);
    CHECK(check->verdict == Verdict::reallocate);
    REQUIRE(check->reallocate);
    const auto& uses = check->reallocate->request().uses;
    REQUIRE(uses.size() == 1);
    CHECK(uses[0].device.path() == "npu");
    CHECK(check->reallocate->request().cpu == CpuAccess::write);
    CHECK(check->reason.ends_with("; /dev/video0 (capture) is gone"));
    CHECK(allocator.allocate(*check->reallocate));
}

TEST_CASE_METHOD(Fixture, "a handed-over descriptor needs no node, but its device in sysfs") {
    const int fd = kernel::open("/dev/video0", 2);
    REQUIRE(fd >= 0);
    const auto handed = allocator.device(fd);
    kernel::close(fd);
    REQUIRE(handed);
    const auto planned = allocator.plan(capture(*handed));
    REQUIRE(planned);
    const std::string folder = machine.sysfs_folder();
    machine.kernel.remove("/dev/video0");
    CHECK(allocator.allocate(*planned));
    machine.kernel.remove(folder);
    const auto buffer = allocator.allocate(*planned);
    REQUIRE(!buffer);
    check_gone(buffer.error(), "the device is gone");
}

TEST_CASE_METHOD(Fixture, "what can't be looked up counts as present") {
    machine.kernel.fail("stat", 0, EACCES);
    CHECK(allocator.allocate(plan));
}

TEST_CASE_METHOD(Fixture, "a card that took the name of the planned one is not allocated from") {
    const auto planned =
        allocator.plan(Request::bytes(4096).any_device().without("dma-heap").without("udmabuf"));
    REQUIRE(planned);
    REQUIRE(planned->candidates().size() == 1);
    REQUIRE(planned->candidates()[0].source == "drm-dumb:card0");
    const Prepared prepared = allocator.prepare(*planned);
    machine.kernel.remove("/dev/dri/card0");
    test::FakeNode other;
    other.path = "/dev/dri/card0";
    other.devnum = 4711;
    machine.kernel.add_node(other);
    const auto buffer = prepared.allocate();
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::gone);
    CHECK(buffer.error().attempts.at(0).message.find("another device") != std::string::npos);
    CHECK(machine.kernel.count(DRM_IOCTL_MODE_CREATE_DUMB) == 0);
}

TEST_CASE_METHOD(Fixture, "a source that has gone is an attempt that says to plan again") {
    machine.kernel.remove("/dev/dma_heap/system");
    const auto buffer = allocator.allocate(plan);
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::gone);
    CHECK(buffer.error().remedy.find("plan again") != std::string::npos);
    REQUIRE(!buffer.error().attempts.empty());
    CHECK(buffer.error().attempts[0].cause == Cause::gone);
}

TEST_CASE_METHOD(Fixture, "a prepared plan that verifies looks at each allocation") {
    const Prepared prepared = allocator.prepare(plan);
    CHECK(prepared.allocate());
    machine.unplug_camera();
    const auto buffer = prepared.allocate();
    REQUIRE(!buffer);
    check_gone(buffer.error(), "the device is gone");
}

TEST_CASE_METHOD(Fixture, "one that does not verify looks once, and again after an event") {
    auto monitor = allocator.monitor();
    REQUIRE(monitor);
    AllocateOptions options;
    options.verify = false;
    const Prepared prepared = allocator.prepare(plan, options);
    CHECK(prepared.allocate());
    int error = 0;
    const udev::Node node = udev::enumerate("video4linux", error).at(0);
    machine.unplug_camera();
    machine.kernel.clear_calls();
    CHECK(prepared.allocate());
    CHECK(machine.kernel.count("stat") == 0);
    machine.kernel.send({"remove", node});
    REQUIRE(monitor->next().value());
    const auto buffer = prepared.allocate();
    REQUIRE(!buffer);
    check_gone(buffer.error(), "the device is gone");
}
