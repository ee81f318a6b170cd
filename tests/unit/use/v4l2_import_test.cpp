// SPDX-License-Identifier: MIT
// What is filled in for the ioctls of a V4L2 queue.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/v4l2_import.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <vector>

using namespace simplealloc;
using test::FakeKernel;

namespace {

struct Machine {
    FakeKernel kernel;
    std::vector<UniqueFd> own;

    int make(std::uint64_t size) {
        own.push_back(UniqueFd::adopt(kernel.install(kernel.make_dmabuf(size, "x", O_RDWR))));
        return own.back().get();
    }
    Buffer import(const std::vector<int>& fds, std::uint64_t chroma_offset, std::uint64_t stride) {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::nv12;
        layout.planes = {{0, 0, stride, 0},
                         {static_cast<std::uint32_t>(fds.size() - 1), chroma_offset, stride, 0}};
        auto buffer = Buffer::import(fds, layout);
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        return *std::move(buffer);
    }
    Buffer one() { return import({make(640 * 720)}, 640 * 480, 640); }
    Buffer two() { return import({make(640 * 480), make(640 * 240)}, 0, 640); }
};

V4l2Setup single() {
    V4l2Setup setup;
    setup.pixelformat = V4L2_PIX_FMT_NV12;
    setup.width = 640;
    setup.height = 480;
    setup.planes = {{0, 640, 640 * 720, 640 * 720}};
    return setup;
}

V4l2Setup multi() {
    V4l2Setup setup = single();
    setup.pixelformat = V4L2_PIX_FMT_NV12M;
    setup.multiplanar = true;
    setup.planes = {{0, 640, 640 * 480, 640 * 480}, {1, 640, 640 * 240, 640 * 240}};
    return setup;
}

/// Whatever was in the caller's memory must not reach the kernel.
template <typename Structure>
Structure dirty() {
    Structure out;
    std::memset(static_cast<void*>(&out), 0xa5, sizeof out);
    return out;
}

V4l2Import create(const V4l2Setup& setup, Use use) {
    auto made = V4l2Import::create(setup, use);
    REQUIRE(made);
    return *std::move(made);
}

} // namespace

TEST_CASE("the use tells the queue") {
    const auto [use, type, planes_type] = GENERATE(table<Use, unsigned, unsigned>({
        {Use::capture, V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE},
        {Use::decode, V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE},
        {Use::m2m_out, V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE},
        {Use::encode, V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE},
        {Use::m2m_in, V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE},
    }));
    CHECK(create(single(), use).type() == type);
    CHECK(create(multi(), use).type() == planes_type);
    CHECK(V4l2Import::create(single(), Use::scanout).error().cause == Cause::invalid);
}

TEST_CASE("a setup that can't be queued is refused") {
    V4l2Setup setup = single();
    SECTION("no planes") {
        setup.planes.clear();
    }
    SECTION("a length of 0, which would stand for the whole dma-buf") {
        setup.planes[0].length = 0;
    }
    SECTION("more memory planes than a single-planar queue has") {
        setup = multi();
        setup.multiplanar = false;
    }
    CHECK(V4l2Import::create(setup, Use::capture).error().cause == Cause::invalid);
}

TEST_CASE("a single-planar buffer is queued with its length, and with its payload for output") {
    Machine machine;
    const Use use = GENERATE(Use::capture, Use::encode);
    V4l2Import queue = create(single(), use);
    REQUIRE(*queue.add(machine.one()) == 0);
    const Buffer second = machine.one();
    REQUIRE(*queue.add(second) == 1);
    auto buffer = dirty<v4l2_buffer>();
    REQUIRE(queue.fill(buffer, 1));
    CHECK(buffer.index == 1);
    CHECK(buffer.type == queue.type());
    CHECK(buffer.memory == V4L2_MEMORY_DMABUF);
    CHECK(machine.kernel.dmabuf(buffer.m.fd) == machine.kernel.dmabuf(second.dmabufs()[0].fd));
    CHECK(buffer.length == 640 * 720);
    CHECK(buffer.bytesused == (use == Use::encode ? 640 * 720 : 0));
    CHECK(buffer.flags == 0);
    CHECK(buffer.request_fd == 0);
}

TEST_CASE("a multiplanar buffer has a descriptor and a length for each memory plane") {
    Machine machine;
    const Use use = GENERATE(Use::capture, Use::m2m_in);
    V4l2Import queue = create(multi(), use);
    const Buffer own = machine.two();
    REQUIRE(queue.add(own));
    auto buffer = dirty<v4l2_buffer>();
    REQUIRE(queue.fill(buffer, 0));
    REQUIRE(buffer.length == 2);
    for (unsigned i = 0; i < 2; ++i) {
        const v4l2_plane& plane = buffer.m.planes[i];
        CHECK(machine.kernel.dmabuf(plane.m.fd) == machine.kernel.dmabuf(own.dmabufs()[i].fd));
        CHECK(plane.length == 640U * (i == 0 ? 480 : 240));
        CHECK(plane.bytesused == (use == Use::m2m_in ? plane.length : 0));
        CHECK(plane.data_offset == 0);
    }
    buffer = dirty<v4l2_buffer>();
    queue.fill_dequeue(buffer);
    CHECK(buffer.type == queue.type());
    CHECK(buffer.length == VIDEO_MAX_PLANES);
    CHECK(buffer.m.planes != nullptr);
}

TEST_CASE("the format has what the setup says, and a driver's change of it is noticed") {
    const bool multiplanar = GENERATE(false, true);
    const V4l2Import queue = create(multiplanar ? multi() : single(), Use::capture);
    auto format = dirty<v4l2_format>();
    queue.fill(format);
    CHECK(format.type == queue.type());
    CHECK(queue.check(format));
    if (multiplanar) {
        CHECK(format.fmt.pix_mp.num_planes == 2);
        CHECK(format.fmt.pix_mp.plane_fmt[1].sizeimage == 640 * 240);
        CHECK(format.fmt.pix_mp.flags == 0);
        const int what = GENERATE(0, 1, 2, 3);
        if (what == 0)
            format.fmt.pix_mp.plane_fmt[1].bytesperline += 64;
        else if (what == 1)
            format.fmt.pix_mp.plane_fmt[1].sizeimage += 1;
        else if (what == 2)
            format.fmt.pix_mp.num_planes = 1;
        else
            format.fmt.pix_mp.height -= 2;
    } else {
        CHECK(format.fmt.pix.bytesperline == 640);
        CHECK(format.fmt.pix.sizeimage == 640 * 720);
        CHECK(format.fmt.pix.field == V4L2_FIELD_NONE);
        CHECK(format.fmt.pix.priv == 0);
        const int what = GENERATE(0, 1, 2, 3);
        if (what == 0)
            format.fmt.pix.bytesperline += 64;
        else if (what == 1)
            format.fmt.pix.sizeimage += 1;
        else if (what == 2)
            format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
        else
            format.fmt.pix.width -= 2;
    }
    const auto checked = queue.check(format);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().cause == Cause::mismatch);
}

TEST_CASE("the same dma-buf keeps its index, so that the kernel keeps its import") {
    Machine machine;
    V4l2Import queue = create(single(), Use::capture);
    const int dmabuf = machine.make(640 * 720);
    CHECK(*queue.add(machine.import({dmabuf}, 640 * 480, 640)) == 0);
    CHECK(*queue.add(machine.one()) == 1);
    CHECK(*queue.add(machine.import({dmabuf}, 640 * 480, 640)) == 0);
    v4l2_requestbuffers request = dirty<v4l2_requestbuffers>();
    queue.fill(request);
    CHECK(request.count == 2);
    CHECK(request.memory == V4L2_MEMORY_DMABUF);
    CHECK(request.type == queue.type());
}

TEST_CASE("a dequeued buffer is told by its index, another queue's is not one") {
    Machine machine;
    V4l2Import queue = create(single(), Use::capture);
    REQUIRE(queue.add(machine.one()));
    v4l2_buffer buffer;
    queue.fill_dequeue(buffer);
    CHECK(*queue.index_of(buffer) == 0);
    buffer.index = 1;
    CHECK(queue.index_of(buffer).error().cause == Cause::invalid);
    buffer.index = 0;
    buffer.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    CHECK(queue.index_of(buffer).error().cause == Cause::invalid);
    CHECK(queue.fill(buffer, 1).error().cause == Cause::invalid);
}

TEST_CASE("a buffer that the queue would read elsewhere is not added") {
    Machine machine;
    V4l2Import queue = create(single(), Use::capture);
    V4l2Import planes = create(multi(), Use::capture);
    CHECK(queue.add(machine.import({machine.make(1 << 20)}, 768 * 480, 768)).error().cause ==
          Cause::invalid);
    CHECK(planes.add(machine.one()).error().cause == Cause::invalid);
    CHECK(planes.add(machine.import({machine.make(640 * 480), machine.make(1 << 20)}, 4096, 640))
              .error()
              .cause == Cause::invalid);
    V4l2Setup larger = single();
    larger.planes[0].length = 1 << 20;
    V4l2Import large = create(larger, Use::capture);
    CHECK(large.add(machine.one()).error().cause == Cause::invalid);
}

TEST_CASE("the queue has descriptors of its own, and gives them back") {
    Machine machine;
    const Buffer buffer = machine.two();
    const auto before = machine.kernel.census();
    {
        V4l2Import queue = create(multi(), Use::capture);
        REQUIRE(queue.add(buffer));
        CHECK(machine.kernel.census().fds == before.fds + 2);
        V4l2Import moved = std::move(queue);
        const Buffer other = machine.two();
        machine.kernel.fail("dup", 2, EMFILE);
        CHECK(moved.add(other).error().cause == Cause::fd_limit);
        machine.own.resize(2);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}
