// SPDX-License-Identifier: MIT
// The v4l2 backend: contexts of our own, queues that are lent, and every failure.
#include "tests/support/backend_checks.hpp"

#include <cerrno>
#include <fcntl.h>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::OfferContiguity;

namespace {

const Backend& backend() {
    return *find_backend("v4l2");
}

/// What discovery makes of the fake node, as far as the backend looks at it.
DeviceRecord video_record(bool m2m = true) {
    DeviceRecord record;
    record.id = "/sys/devices/platform/vim2m.0";
    record.path = "/dev/video0";
    record.subsystem = "video4linux";
    record.driver = "vim2m";
    record.v4l2.emplace();
    record.v4l2->opened = true;
    record.v4l2->m2m = m2m;
    record.v4l2->memory = V4l2Memory::vmalloc;
    record.v4l2->memory_confidence = Confidence::known;
    record.v4l2->memory_origin = "quirk builtin [video4linux:vim2m]";
    V4l2Queue queue;
    queue.mmap = queue.capabilities_known = true;
    queue.buf_type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    record.v4l2->queues.push_back(queue);
    return record;
}

std::vector<SourceRecord> sources(DeviceRecord record) {
    return sources_of(backend(), std::move(record));
}

SourceRecord source(DeviceRecord record = video_record()) {
    return only_source_of(backend(), std::move(record));
}

DeviceRecord lent_camera(QueueAccess access = QueueAccess::lent) {
    DeviceRecord record = video_record(false);
    record.caller_fd = UniqueFd::adopt(kernel::open("/dev/video0", O_RDWR));
    record.queue_access = access;
    return record;
}

} // namespace

TEST_CASE("a memory-to-memory node is a source, a camera only with its queue") {
    FakeKernel fake;
    add_v4l2(fake, {.m2m = false});
    const SourceRecord found = source();
    CHECK(found.input.name == "v4l2:video0");
    CHECK(found.input.driver == "vim2m");
    CHECK(found.input.offer.device == "/sys/devices/platform/vim2m.0");
    CHECK(found.input.offer.side_effect == solver::SideEffect::takes_queue);
    CHECK(fake.count("open") == 0);
    CHECK(sources(video_record(false)).empty());
    CHECK(sources(lent_camera(QueueAccess::none)).empty());
    CHECK(sources(lent_camera()).size() == 1);
}

TEST_CASE("a driver that exports nothing is no source") {
    FakeKernel fake;
    add_v4l2(fake);
    DeviceRecord record = video_record();
    record.exports = {false, {Confidence::known, "quirk x"}};
    CHECK(sources(std::move(record)).empty());
}

TEST_CASE("a node that two uses name is one source") {
    FakeKernel fake;
    add_v4l2(fake);
    const auto first = std::make_shared<const DeviceRecord>(video_record());
    const auto second = std::make_shared<const DeviceRecord>(video_record());
    const std::vector<std::shared_ptr<const DeviceRecord>> devices{first, second};
    CHECK(backend().find(devices).size() == 1);
}

TEST_CASE("a queue that offers no MMAP is no source") {
    FakeKernel fake;
    add_v4l2(fake);
    DeviceRecord record = video_record();
    record.v4l2->queues[0].mmap = false;
    CHECK(sources(std::move(record)).empty());
}

TEST_CASE("buffers are made on the queue that their device uses them on") {
    FakeKernel fake;
    std::vector<std::uint32_t> made;
    const auto video = add_v4l2(fake);
    video->override = [&](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_CREATE_BUFS)
            made.push_back(static_cast<v4l2_create_buffers*>(argument)->format.type);
        return std::nullopt;
    };
    DeviceRecord record = video_record();
    record.v4l2->queues.push_back(record.v4l2->queues[0]);
    record.v4l2->queues[1].buf_type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    const SourceRecord found = source(std::move(record));
    const auto type_for = [&](std::vector<Use> own) -> std::uint32_t {
        AllocationSpec spec = bytes_spec(8192);
        spec.own_uses = std::move(own);
        made.clear();
        REQUIRE(backend().allocate(found, spec));
        return made.empty() ? 0 : made.front();
    };
    CHECK(type_for({}) == V4L2_BUF_TYPE_VIDEO_CAPTURE);
    CHECK(type_for({Use::encode}) == V4L2_BUF_TYPE_VIDEO_OUTPUT);
    CHECK(type_for({Use::m2m_in}) == V4L2_BUF_TYPE_VIDEO_OUTPUT);
    CHECK(type_for({Use::decode}) == V4L2_BUF_TYPE_VIDEO_CAPTURE);
    CHECK(type_for({Use::m2m_in, Use::m2m_out}) == V4L2_BUF_TYPE_VIDEO_CAPTURE);
}

TEST_CASE("a queue that refuses does not make the other one's memory its own") {
    FakeKernel fake;
    const auto video = add_v4l2(fake);
    video->override = [&](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_CREATE_BUFS &&
            V4L2_TYPE_IS_OUTPUT(static_cast<v4l2_create_buffers*>(argument)->format.type))
            return -EINVAL;
        return std::nullopt;
    };
    AllocationSpec spec = bytes_spec(8192);
    spec.own_uses = {Use::encode};
    DeviceRecord record = video_record();
    record.v4l2->queues.push_back(record.v4l2->queues[0]);
    record.v4l2->queues[1].buf_type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    const SourceRecord found = source(std::move(record));
    CHECK(backend().allocate(found, spec).error().cause == Cause::unsupported);
    spec.own_uses.clear();
    CHECK(backend().allocate(found, spec));
}

TEST_CASE("the kind of vb2 memory decides the offer") {
    FakeKernel fake;
    add_v4l2(fake);
    struct Row {
        V4l2Memory memory;
        bool translated;
        OfferContiguity contiguity;
        solver::CpuCaching caching;
        bool sync_effective;
    };
    const auto row = GENERATE(values<Row>({
        {V4l2Memory::vmalloc, false, OfferContiguity::scattered, solver::CpuCaching::cached, false},
        {V4l2Memory::dma_sg, false, OfferContiguity::scattered, solver::CpuCaching::cached, true},
        {V4l2Memory::dma_contig, false, OfferContiguity::physical, solver::CpuCaching::unknown,
         false},
        {V4l2Memory::dma_contig, true, OfferContiguity::device_domain, solver::CpuCaching::unknown,
         false},
        {V4l2Memory::unknown, false, OfferContiguity::unknown, solver::CpuCaching::unknown, false},
    }));
    DeviceRecord record = video_record();
    record.v4l2->memory = row.memory;
    record.reach.translated = row.translated;
    const SourceRecord found = source(std::move(record));
    CHECK(found.input.offer.contiguity == row.contiguity);
    CHECK(found.input.offer.caching == row.caching);
    CHECK(found.input.offer.sync_effective == row.sync_effective);
    CHECK(find_fact(found, "contiguity")->origin == "quirk builtin [video4linux:vim2m]");
    CHECK((find_fact(found, "memory")->confidence == Confidence::unknown) ==
          (row.memory == V4l2Memory::unknown));
}

TEST_CASE("memory of a node's own context stays when the node is closed") {
    FakeKernel fake;
    const bool multiplanar = GENERATE(false, true);
    const auto video = add_v4l2(fake, {.multiplanar = multiplanar});
    DeviceRecord record = video_record();
    record.v4l2->queues[0].buf_type =
        multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    auto buffer =
        backend().allocate(source(std::move(record)), nv12_spec(1280, 720, Placement::per_plane));
    REQUIRE(buffer);
    CHECK(buffer->layout->planes == nv12_spec(1280, 720, Placement::per_plane).layout.planes);
    CHECK(buffer->layout->dmabuf_sizes[0] >= 1280 * 720);
    CHECK(fake.census() == Census{.fds = 2, .dmabufs = 2});
    CHECK(fake.dmabuf(buffer->dmabufs[0].get())->flags == O_RDWR);
    buffer->dmabufs.clear();
    CHECK(video->pool->used == 0);
}

TEST_CASE("less than the driver's own size is asked as the driver's size") {
    FakeKernel fake;
    add_v4l2(fake);
    const auto buffer = backend().allocate(source(), bytes_spec(4096));
    REQUIRE(buffer);
    CHECK(buffer->layout->dmabuf_sizes == std::vector<std::uint64_t>{640 * 480 * 2});
}

TEST_CASE("a driver without CREATE_BUFS gives what its format needs") {
    FakeKernel fake;
    add_v4l2(fake, {.create_bufs = false});
    CHECK(backend().allocate(source(), nv12_spec(320, 240, Placement::per_plane)));
    const auto large = backend().allocate(source(), bytes_spec(1U << 20U));
    REQUIRE_FALSE(large);
    CHECK(large.error().cause == Cause::unsupported);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a driver that gives a shorter buffer is a mismatch, and nothing is left") {
    FakeKernel fake;
    add_v4l2(fake, {.max_length = 640 * 480 * 2});
    const auto buffer = backend().allocate(source(), bytes_spec(1U << 20U));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().stage == Stage::layout);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a size that sizeimage can't hold is a limit") {
    FakeKernel fake;
    add_v4l2(fake);
    const auto buffer = backend().allocate(source(), bytes_spec(std::uint64_t{1} << 33U));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
    CHECK(fake.census() == Census{});
}

TEST_CASE("where the capture queue can't the output queue is tried") {
    FakeKernel fake;
    add_v4l2(fake, {.override = [](unsigned long request, void* argument) -> std::optional<int> {
                 // As a stateful decoder before it has seen a stream.
                 if (request == VIDIOC_G_FMT &&
                     static_cast<v4l2_format*>(argument)->type == V4L2_BUF_TYPE_VIDEO_CAPTURE)
                     return -EINVAL;
                 return std::nullopt;
             }});
    DeviceRecord record = video_record();
    V4l2Queue output = record.v4l2->queues[0];
    output.buf_type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    record.v4l2->queues.push_back(output);
    CHECK(backend().allocate(source(std::move(record)), bytes_spec(4096)));
}

TEST_CASE("a v4l2 allocation leaves nothing, whichever system call fails") {
    FakeKernel fake;
    add_v4l2(fake, {.create_bufs = GENERATE(true, false)});
    fail_each_syscall(fake, source(), nv12_spec(320, 240, Placement::per_plane));
}

TEST_CASE("a lent queue is given back without buffers and with its format") {
    FakeKernel fake;
    const auto video = add_v4l2(fake, {.m2m = false});
    const SourceRecord found = source(lent_camera());
    const Census before = fake.census();
    {
        const auto buffer = backend().allocate(found, bytes_spec(1U << 20U));
        REQUIRE(buffer);
        const auto& queue = video->shared.at(V4L2_BUF_TYPE_VIDEO_CAPTURE);
        CHECK(queue.buffers.empty());
        CHECK(queue.owner == nullptr);
        CHECK(fake.count(VIDIOC_S_FMT) == 0);
        CHECK(fake.count("open") == 1);
    }
    CHECK(fake.census() == before);
}

TEST_CASE("a lent queue is given back, whichever system call fails") {
    FakeKernel fake;
    const auto video = add_v4l2(fake, {.m2m = false});
    const SourceRecord found = source(lent_camera());
    fail_each_syscall(fake, found, nv12_spec(320, 240, Placement::per_plane));
    CHECK(video->shared.at(V4L2_BUF_TYPE_VIDEO_CAPTURE).owner == nullptr);
}

TEST_CASE("a lent queue with buffers of its owner is left alone") {
    FakeKernel fake;
    const auto video = add_v4l2(fake, {.m2m = false});
    const SourceRecord found = source(lent_camera());
    v4l2_requestbuffers request = {};
    request.count = 2;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    REQUIRE(kernel::ioctl(found.device->caller_fd.get(), VIDIOC_REQBUFS, &request) == 0);
    const Census before = fake.census();
    const auto buffer = backend().allocate(found, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::unsupported);
    CHECK_FALSE(buffer.error().remedy.empty());
    CHECK(video->shared.at(V4L2_BUF_TYPE_VIDEO_CAPTURE).buffers.size() == 2);
    CHECK(fake.census() == before);
}

TEST_CASE("a lent queue of a kernel that can't orphan buffers is refused and given back") {
    FakeKernel fake;
    add_v4l2(fake, {.m2m = false, .capabilities = 0});
    const SourceRecord found = source(lent_camera());
    const Census before = fake.census();
    const auto buffer = backend().allocate(found, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::unsupported);
    // Known before it is tried, so no errno.
    CHECK(buffer.error().sys_errno == 0);
    CHECK(fake.census() == before);
}

TEST_CASE("a queue that somebody else owns says so") {
    FakeKernel fake;
    add_v4l2(fake);
    const SourceRecord found = source();
    fake.fail(VIDIOC_CREATE_BUFS, 1, EBUSY);
    const auto buffer = backend().allocate(found, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::unsupported);
    CHECK(buffer.error().detail.find("somebody else") != std::string::npos);
}

TEST_CASE("each errno of a queue has its cause") {
    FakeKernel fake;
    add_v4l2(fake);
    const SourceRecord found = source();
    const auto row = GENERATE(table<int, Cause>({
        {ENOMEM, Cause::exhausted},
        {EBUSY, Cause::unsupported},
        {EINVAL, Cause::unsupported},
        {ENODEV, Cause::gone},
        {EACCES, Cause::denied},
        {EMFILE, Cause::fd_limit},
    }));
    const auto [sys_errno, cause] = row;
    CHECK(cause_when(fake, found, bytes_spec(4096), VIDIOC_CREATE_BUFS, sys_errno) == cause);
    CHECK(cause_when(fake, found, bytes_spec(4096), VIDIOC_EXPBUF, sys_errno) == cause);
    CHECK(cause_when(fake, found, bytes_spec(4096), VIDIOC_G_FMT, sys_errno) == cause);
    CHECK(cause_when(fake, found, bytes_spec(4096), VIDIOC_EXPBUF, ENOTTY) == Cause::unsupported);
    CHECK(fake.census() == Census{});
}
