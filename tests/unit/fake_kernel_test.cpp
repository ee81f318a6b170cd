// SPDX-License-Identifier: MIT
// The fake kernel notices what other tests rely on it to notice.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <drm.h>
#include <drm_mode.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

int heap_buffer(std::uint64_t size, std::uint32_t flags = O_RDWR | O_CLOEXEC) {
    const int heap = kernel::open("/dev/dma_heap/system", O_RDONLY);
    dma_heap_allocation_data request = {};
    request.len = size;
    request.fd_flags = flags;
    const int result = kernel::ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request);
    kernel::close(heap);
    return result < 0 ? result : static_cast<int>(request.fd);
}

int set_sync(int fd, std::uint64_t flags) {
    dma_buf_sync request = {flags};
    return kernel::ioctl(fd, DMA_BUF_IOCTL_SYNC, &request);
}

} // namespace

TEST_CASE("the census notices a descriptor and a dma-buf that are left open") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const Census before = fake.census();
    const int fd = heap_buffer(4096);
    REQUIRE(fd >= 0);
    CHECK(fake.census() != before);
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
    CHECK(fake.open_fds() == std::vector<int>{fd});
    kernel::close(fd);
    CHECK(fake.census() == before);
    CHECK(fake.errors().empty());
}

TEST_CASE("the census notices a mapping that is left, and that it keeps the dma-buf alive") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const int fd = heap_buffer(4096);
    void* address = nullptr;
    REQUIRE(kernel::map(fd, 4096, PROT_READ | PROT_WRITE, &address) == 0);
    kernel::close(fd);
    CHECK(fake.census() == Census{.mappings = 1, .dmabufs = 1});
    CHECK(kernel::unmap(address, 4096) == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a double close and a double unmap are errors of the test") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const int fd = heap_buffer(4096);
    CHECK(kernel::close(fd) == 0);
    CHECK(kernel::close(fd) == -EBADF);
    int nothing = 0;
    CHECK(kernel::unmap(&nothing, 4096) == -EINVAL);
    CHECK(fake.errors().size() == 2);
}

TEST_CASE("descriptor numbers are not used again, so that a stale one is noticed") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const int first = heap_buffer(4096);
    kernel::close(first);
    CHECK(heap_buffer(4096) > first);
}

TEST_CASE("scripted failures hit the nth call, the nth system call, or all of a kind") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    SECTION("the nth of a function") {
        fake.fail("open", 2, EMFILE);
        CHECK(kernel::open("/dev/dma_heap/system", O_RDONLY) >= 0);
        CHECK_FALSE(fake.failed());
        CHECK(kernel::open("/dev/dma_heap/system", O_RDONLY) == -EMFILE);
        CHECK(fake.failed());
        CHECK(kernel::open("/dev/dma_heap/system", O_RDONLY) >= 0);
    }
    SECTION("an ioctl, always") {
        fake.fail(DMA_HEAP_IOCTL_ALLOC, 0, ENOMEM);
        CHECK(heap_buffer(4096) == -ENOMEM);
        CHECK(heap_buffer(4096) == -ENOMEM);
        fake.clear_failures();
        CHECK(heap_buffer(4096) >= 0);
    }
    SECTION("the nth system call") {
        fake.fail_nth_syscall(2, EINTR);
        CHECK(heap_buffer(4096) == -EINTR);
    }
    SECTION("close gives the descriptor up even when it fails") {
        const int fd = heap_buffer(4096);
        fake.fail("close", 1, EINTR);
        CHECK(kernel::close(fd) == -EINTR);
        CHECK(fake.census() == Census{});
    }
}

TEST_CASE("something can change just before a system call") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    fake.before_nth_syscall(1, [&] { fake.remove("/dev/dma_heap/system"); });
    CHECK(kernel::open("/dev/dma_heap/system", O_RDONLY) == -ENOENT);
}

TEST_CASE("paths, links, directories and permissions work as on Linux") {
    FakeKernel fake;
    fake.add_file("/sys/devices/a/value", "7\n");
    fake.add_link("/sys/class/x/a", "../../devices/a");
    fake.add_node({.path = "/dev/x", .devnum = makedev(1, 2), .mode = 0660, .group = 44});
    std::string text;
    CHECK(kernel::read_file("/sys/class/x/a/value", text) == 0);
    CHECK(text == "7\n");
    CHECK(kernel::real_path("/sys/class/x/a", text) == 0);
    CHECK(text == "/sys/devices/a");
    std::vector<std::string> names;
    CHECK(kernel::list_directory("/sys", names) == 0);
    CHECK(names == std::vector<std::string>{"class", "devices"});
    CHECK(kernel::list_directory("/nowhere", names) == -ENOENT);

    fake.root = false;
    CHECK(kernel::open("/dev/x", O_RDWR) == -EACCES);
    CHECK(kernel::access("/dev/x", R_OK) == -EACCES);
    fake.member_of.insert(44);
    CHECK(kernel::open("/dev/x", O_RDWR) >= 0);
    kernel::Stat stat;
    CHECK(kernel::stat("/dev/x", stat) == 0);
    CHECK(stat.rdev == makedev(1, 2));
}

TEST_CASE("udev nodes come in the order of their numbers") {
    FakeKernel fake;
    add_drm_card(fake, {.index = 10});
    add_drm_card(fake, {.index = 2});
    int error = 1;
    const auto nodes = udev::enumerate("drm", error);
    CHECK(error == 0);
    REQUIRE(nodes.size() == 2);
    CHECK(nodes[0].sysname == "card2");
    CHECK(udev::by_devnum(makedev(226, 10))->sysname == "card10");
}

TEST_CASE("dma-bufs follow the kernel's rules of mmap and SYNC") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const int fd = heap_buffer(5000, O_RDONLY | O_CLOEXEC);
    CHECK(kernel::seek_end(fd) == 8192);
    void* address = nullptr;
    CHECK(kernel::map(fd, 8192, PROT_READ | PROT_WRITE, &address) == -EACCES);
    CHECK(kernel::map(fd, 12288, PROT_READ, &address) == -EINVAL);
    CHECK(kernel::map(fd, 8192, PROT_READ, &address) == 0);
    CHECK(set_sync(fd, 0) == -EINVAL);
    CHECK(set_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ) == 0);
    CHECK(fake.dmabuf(fd)->sync_starts == 1);
    std::string text;
    CHECK(kernel::read_file("/proc/self/fdinfo/" + std::to_string(fd), text) == 0);
    CHECK(text.find("exp_name:\tsystem\n") != std::string::npos);
}

TEST_CASE("the fake heap validates its argument as the kernel does") {
    FakeKernel fake;
    const auto heap = add_dma_heap(fake, {.name = "reserved", .contiguous = true});
    heap->pool->capacity = 8192;
    const int node = kernel::open("/dev/dma_heap/reserved", O_RDONLY);
    dma_heap_allocation_data request = {};
    const auto allocate = [&](std::uint64_t size, std::uint32_t fd, std::uint32_t flags,
                              std::uint64_t heap_flags) {
        request = {size, fd, flags, heap_flags};
        return kernel::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &request);
    };
    CHECK(allocate(4096, UINT32_MAX, O_RDWR, 0) == -EINVAL);
    CHECK(allocate(4096, 0, O_RDWR | O_NONBLOCK, 0) == -EINVAL);
    CHECK(allocate(4096, 0, O_RDWR, 1) == -EINVAL);
    CHECK(allocate(0, 0, O_RDWR, 0) == -EINVAL);
    CHECK(allocate(8193, 0, O_RDWR, 0) == -ENOMEM);
    CHECK(allocate(8192, 0, O_RDWR, 0) == 0);
    CHECK(heap->pool->used == 8192);
    kernel::close(static_cast<int>(request.fd));
    CHECK(heap->pool->used == 0);
}

TEST_CASE("the fake udmabuf wants a seal, whole pages and the limit") {
    FakeKernel fake;
    add_udmabuf(fake, 1);
    const int node = kernel::open("/dev/udmabuf", O_RDWR);
    const int memfd = kernel::memfd("m", 0);
    REQUIRE(kernel::truncate(memfd, 2U << 20U) == 0);
    udmabuf_create request = {static_cast<__u32>(memfd), UDMABUF_FLAGS_CLOEXEC, 0, 4096};
    CHECK(kernel::ioctl(node, UDMABUF_CREATE, &request) == -EINVAL);
    CHECK(kernel::add_seals(memfd, F_SEAL_SHRINK) == 0);
    CHECK(kernel::truncate(memfd, 4096) == -EPERM);
    request.size = 4095;
    CHECK(kernel::ioctl(node, UDMABUF_CREATE, &request) == -EINVAL);
    request.size = (1U << 20U) + 4096;
    CHECK(kernel::ioctl(node, UDMABUF_CREATE, &request) == -EINVAL);
    request.size = 1U << 20U;
    const int fd = kernel::ioctl(node, UDMABUF_CREATE, &request);
    REQUIRE(fd >= 0);
    CHECK(set_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ) == -EINVAL);
    request.memfd = 1;
    CHECK(kernel::ioctl(node, UDMABUF_CREATE, &request) == -EBADFD);
}

TEST_CASE("the census notices a GEM handle, and the fake card a double close of it") {
    FakeKernel fake;
    add_drm_card(fake);
    const int card = kernel::open("/dev/dri/card0", O_RDWR);
    drm_mode_create_dumb create = {};
    create.width = create.height = 64;
    create.bpp = 32;
    REQUIRE(kernel::ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &create) == 0);
    CHECK(fake.census() == Census{.fds = 1, .gem_handles = 1});
    drm_mode_destroy_dumb destroy = {create.handle};
    CHECK(kernel::ioctl(card, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy) == 0);
    CHECK(kernel::ioctl(card, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy) == -EINVAL);
    CHECK(fake.errors().size() == 1);
    REQUIRE(kernel::ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &create) == 0);
    kernel::close(card);
    CHECK(fake.census() == Census{});
}

TEST_CASE("the fake card keeps the mode of the first export and knows one master") {
    FakeKernel fake;
    const auto card = add_drm_card(fake, {.render_node = true});
    const int fd = kernel::open("/dev/dri/card0", O_RDWR);
    CHECK(card->has_master);
    const int other = kernel::open("/dev/dri/card0", O_RDWR);
    CHECK(kernel::ioctl(other, DRM_IOCTL_SET_MASTER, nullptr) == -EBUSY);
    CHECK(kernel::ioctl(fd, DRM_IOCTL_DROP_MASTER, nullptr) == 0);
    CHECK(kernel::ioctl(other, DRM_IOCTL_SET_MASTER, nullptr) == 0);

    drm_mode_create_dumb create = {};
    create.width = create.height = 64;
    create.bpp = 32;
    REQUIRE(kernel::ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create) == 0);
    drm_prime_handle prime = {create.handle, DRM_CLOEXEC, -1};
    REQUIRE(kernel::ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) == 0);
    prime.flags |= DRM_RDWR;
    REQUIRE(kernel::ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) == 0);
    void* address = nullptr;
    CHECK(kernel::map(prime.fd, 4096, PROT_READ | PROT_WRITE, &address) == -EACCES);
    CHECK(fake.census().dmabufs == 1);

    const int render = kernel::open("/dev/dri/renderD128", O_RDWR);
    CHECK(kernel::ioctl(render, DRM_IOCTL_MODE_CREATE_DUMB, &create) == -EACCES);
    CHECK(kernel::ioctl(render, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) == 0);
}

TEST_CASE("a fake m2m node has queues per open, a fake camera one with an owner") {
    FakeKernel fake;
    add_v4l2(fake, {.index = 0, .m2m = true});
    add_v4l2(fake, {.index = 1, .m2m = false});
    const auto request = [](int fd, unsigned count) {
        v4l2_requestbuffers buffers = {};
        buffers.count = count;
        buffers.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        buffers.memory = V4L2_MEMORY_MMAP;
        return kernel::ioctl(fd, VIDIOC_REQBUFS, &buffers);
    };
    const int one = kernel::open("/dev/video0", O_RDWR);
    const int two = kernel::open("/dev/video0", O_RDWR);
    CHECK(request(one, 1) == 0);
    CHECK(request(two, 2) == 0);
    CHECK(fake.census().queue_buffers == 3);
    kernel::close(two);
    CHECK(fake.census().queue_buffers == 1);

    const int owner = kernel::open("/dev/video1", O_RDWR);
    const int guest = kernel::open("/dev/video1", O_RDWR);
    CHECK(request(owner, 1) == 0);
    CHECK(request(guest, 1) == -EBUSY);
    CHECK(request(guest, 0) == -EBUSY);
    CHECK(request(owner, 0) == 0);
    CHECK(request(guest, 1) == 0);
}

TEST_CASE("memory of a fake queue lives on with the exported dma-buf") {
    FakeKernel fake;
    const auto video = add_v4l2(fake, {.m2m = true});
    const int fd = kernel::open("/dev/video0", O_RDWR);
    v4l2_create_buffers create = {};
    create.count = 1;
    create.memory = V4L2_MEMORY_MMAP;
    create.format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    REQUIRE(kernel::ioctl(fd, VIDIOC_G_FMT, &create.format) == 0);
    create.format.fmt.pix.sizeimage -= 1;
    CHECK(kernel::ioctl(fd, VIDIOC_CREATE_BUFS, &create) == -EINVAL);
    create.format.fmt.pix.sizeimage = 1U << 20U;
    REQUIRE(kernel::ioctl(fd, VIDIOC_CREATE_BUFS, &create) == 0);
    v4l2_exportbuffer exported = {};
    exported.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    exported.flags = O_RDWR | O_CLOEXEC;
    REQUIRE(kernel::ioctl(fd, VIDIOC_EXPBUF, &exported) == 0);
    kernel::close(fd);
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
    CHECK(video->pool->used == 1U << 20U);
    kernel::close(exported.fd);
    CHECK(video->pool->used == 0);
}
