// SPDX-License-Identifier: MIT
// What every dma-buf can be asked.
#include "lib/base/failure.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <utility>

using namespace simplealloc;
using namespace simplealloc::test;

TEST_CASE("a dma-buf tells its exporter and inode") {
    FakeKernel fake;
    const auto made = fake.make_dmabuf(8192, "system", O_RDWR);
    const int fd = fake.install(made);
    const auto described = dmabuf::info(fd);
    REQUIRE(described);
    CHECK(described->exporter == "system");
    CHECK(described->inode == made->inode);
}

TEST_CASE("a dma-buf without readable fdinfo has no exporter") {
    FakeKernel fake;
    const int fd = fake.install(fake.make_dmabuf(4096, "system", O_RDWR));
    fake.fail("read_file", 1, EACCES);
    const auto described = dmabuf::info(fd);
    REQUIRE(described);
    CHECK(described->exporter.empty());
}

TEST_CASE("what has no size or inode is an error") {
    FakeKernel fake;
    const int fd = fake.install(fake.make_dmabuf(4096, "system", O_RDWR));
    const char* call = GENERATE("seek_end", "fstat");
    fake.fail(call, 1, ENOMEM);
    const auto size = dmabuf::size(fd);
    const auto info = dmabuf::info(fd);
    CHECK(size.has_value() == (call != std::string("seek_end")));
    CHECK(info.has_value() == (call != std::string("fstat")));
    const Error& error = size ? info.error() : size.error();
    CHECK(error.cause == Cause::exhausted);
    CHECK(error.stage == Stage::layout);
    CHECK(error.sys_errno == ENOMEM);
}

TEST_CASE("a name is cut to what the kernel keeps, at a character's end") {
    FakeKernel fake;
    const auto made = fake.make_dmabuf(4096, "system", O_RDWR);
    const int fd = fake.install(made);
    CHECK(dmabuf::set_name(fd, "preview"));
    CHECK(made->name == "preview");
    CHECK(dmabuf::set_name(fd, std::string(40, 'x')));
    CHECK(made->name == std::string(31, 'x'));
    CHECK(dmabuf::set_name(fd, std::string(30, 'x') + "\xc3\xa4"));
    CHECK(made->name == std::string(30, 'x'));
    fake.fail(DMA_BUF_SET_NAME, 1, ENOTTY);
    CHECK(dmabuf::set_name(fd, "late").error().cause == Cause::unsupported);
}

TEST_CASE("a sync that is busy is repeated, but not for ever") {
    FakeKernel fake;
    const auto made = fake.make_dmabuf(4096, "i915", O_RDWR);
    const int fd = fake.install(made);
    fake.fail(DMA_BUF_IOCTL_SYNC, 1, EAGAIN, 5);
    CHECK(dmabuf::sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ) == 0);
    CHECK(made->sync_starts == 1);
    CHECK(fake.count(DMA_BUF_IOCTL_SYNC) == 6);
    fake.fail(DMA_BUF_IOCTL_SYNC, 0, EAGAIN);
    const int failed = dmabuf::sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
    CHECK(failed == -EAGAIN);
    const Error error = dmabuf::sync_failure(-failed, DMA_BUF_SYNC_END);
    CHECK(error.cause == Cause::interrupted);
    CHECK(error.stage == Stage::sync);
}

TEST_CASE("a sync that the exporter refuses is not repeated") {
    FakeKernel fake;
    const int fd = fake.install(fake.make_dmabuf(4096, "system", O_RDWR));
    fake.fail(DMA_BUF_IOCTL_SYNC, 1, ENODEV);
    CHECK(dmabuf::sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE) == -ENODEV);
    CHECK(fake.count(DMA_BUF_IOCTL_SYNC) == 1);
}

TEST_CASE("errnos that mean the same everywhere have one cause") {
    const auto row = GENERATE(table<int, Cause>({
        {ENOMEM, Cause::exhausted},
        {ENOSPC, Cause::exhausted},
        {EACCES, Cause::denied},
        {EPERM, Cause::denied},
        {ENOENT, Cause::gone},
        {ENODEV, Cause::gone},
        {ENXIO, Cause::gone},
        {ENOTTY, Cause::unsupported},
        {ENOSYS, Cause::unsupported},
        {EOPNOTSUPP, Cause::unsupported},
        {EBUSY, Cause::unsupported},
        {EIO, Cause::unsupported},
        {E2BIG, Cause::limit},
        {ERANGE, Cause::limit},
        {EOVERFLOW, Cause::limit},
        {EFBIG, Cause::limit},
        {ENOBUFS, Cause::exhausted},
        {EMFILE, Cause::fd_limit},
        {ENFILE, Cause::fd_limit},
        {EINTR, Cause::interrupted},
        {EAGAIN, Cause::interrupted},
        {EINVAL, Cause::our_bug},
        {EFAULT, Cause::our_bug},
        {EBADF, Cause::our_bug},
        {EBADFD, Cause::our_bug},
        {ENOTDIR, Cause::gone},
        {ESHUTDOWN, Cause::gone},
        // Drivers that could not reach their hardware.
        {ETIMEDOUT, Cause::unsupported},
        {EREMOTEIO, Cause::unsupported},
        {ECANCELED, Cause::unsupported},
        {EPROTO, Cause::unsupported},
    }));
    CHECK(cause_of(std::get<0>(row)) == std::get<1>(row));
}

TEST_CASE("a driver that refuses to be opened is no bug of ours") {
    CHECK(cause_of_open(EINVAL) == Cause::unsupported);
    CHECK(cause_of_open(EMFILE) == Cause::fd_limit);
    CHECK(cause_of_open(EACCES) == Cause::denied);
}
