// SPDX-License-Identifier: MIT
// Test imports into V4L2 queues: whose queue is touched, and what counts as a refusal.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <thread>

using namespace simplealloc;

namespace {

/// A system heap and a camera that the caller has open.
struct Camera : test::FakeMachine {
    std::shared_ptr<test::FakeVideo> video;
    UniqueFd fd;
    Allocator allocator;

    explicit Camera(test::FakeVideo wanted = {}) : allocator(prepare(wanted)) {
        fd = UniqueFd::adopt(kernel::open(video->path().c_str(), O_RDWR));
    }

    Allocator prepare(test::FakeVideo wanted) {
        wanted.driver = "uvcvideo"; // takes any memory
        video = add_camera(wanted);
        return test::open_allocator();
    }

    RequestBuilder request(QueueAccess access = QueueAccess::lent) {
        const auto camera = allocator.device(fd.get(), access);
        REQUIRE(camera);
        return Request::image(640, 480, fourcc::yuyv).use(*camera, Use::capture).without("v4l2");
    }
    Buffer allocate(AllocateOptions options = {}) {
        return test::allocate(allocator, request(), options);
    }
    test::FakeVideo::Queue& queue() { return video->shared.at(V4L2_BUF_TYPE_VIDEO_CAPTURE); }
};

/// Answers one ioctl with an errno.
test::Override answers(unsigned long which, int sys_errno) {
    return [=](unsigned long request, void*) {
        return request == which ? std::optional(-sys_errno) : std::nullopt;
    };
}

} // namespace

TEST_CASE("a lent queue is tested and given back as it was") {
    Camera camera;
    camera.queue().format.fmt.pix.bytesperline = 2048;
    const Buffer buffer = camera.allocate();
    REQUIRE(buffer.verified().size() == 1);
    CHECK(buffer.verified()[0].imported == std::optional(true));
    CHECK(camera.queue().format.fmt.pix.bytesperline == 2048);
    CHECK(camera.queue().buffers.empty());
}

TEST_CASE("buffers of a lent queue's owner are not freed") {
    Camera camera;
    v4l2_requestbuffers request = {};
    request.count = 2;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    REQUIRE(kernel::ioctl(camera.fd.get(), VIDIOC_REQBUFS, &request) == 0);
    const Buffer buffer = camera.allocate();
    CHECK(camera.queue().buffers.size() == 2);
    CHECK(buffer.verified()[0].imported == std::nullopt);
    CHECK_THAT(buffer.verified()[0].reason, Catch::Matchers::Contains("has buffers"));
}

TEST_CASE("what says nothing of the buffer is no refusal of it") {
    const auto [which, sys_errno] = GENERATE(table<unsigned long, int>({
        {VIDIOC_PREPARE_BUF, ENOTTY}, // optional for drivers
        {VIDIOC_PREPARE_BUF, ENOMEM},
        {VIDIOC_S_FMT, EBUSY},
        {VIDIOC_REQBUFS, EBUSY},
        {VIDIOC_REQBUFS, ENOMEM},
        {VIDIOC_G_FMT, EIO},
    }));
    Camera camera;
    camera.video->override = answers(which, sys_errno);
    CAPTURE(which, sys_errno);
    const Buffer buffer = camera.allocate();
    CHECK(buffer.attempts().empty());
    CHECK(buffer.verified()[0].imported == std::nullopt);
    CHECK(!buffer.verified()[0].reason.empty());
}

TEST_CASE("what the driver has against the buffer is a refusal") {
    const auto [which, sys_errno] = GENERATE(table<unsigned long, int>({
        {VIDIOC_PREPARE_BUF, EFAULT},
        {VIDIOC_PREPARE_BUF, EINVAL},
        {VIDIOC_S_FMT, EINVAL},
        {VIDIOC_REQBUFS, EINVAL},
    }));
    Camera camera;
    camera.video->override = answers(which, sys_errno);
    CAPTURE(which, sys_errno);
    const auto buffer = camera.allocator.allocate(camera.request());
    REQUIRE(!buffer);
    REQUIRE(buffer.error().attempts.size() == 1);
    CHECK(buffer.error().attempts[0].cause == Cause::refused);
}

TEST_CASE("tests from several threads put back what the queue had, not each other's format",
          "[threads]") {
    Camera camera;
    camera.queue().format.fmt.pix.bytesperline = 2048;
    const RequestBuilder request = camera.request();
    camera.kernel.lets_others_run = true;
    std::atomic<int> ready = 0;
    std::atomic<int> passed = 0;
    const auto work = [&] {
        ++ready;
        while (ready < 2)
            std::this_thread::yield();
        for (int i = 0; i < 20; ++i)
            if (const auto buffer = camera.allocator.allocate(request);
                buffer && buffer->verified()[0].imported == std::optional(true))
                ++passed;
    };
    std::thread other(work);
    work();
    other.join();
    CHECK(passed == 40);
    CHECK(camera.queue().format.fmt.pix.bytesperline == 2048);
    CHECK(camera.queue().buffers.empty());
    CHECK(camera.kernel.errors().empty());
}
