// SPDX-License-Identifier: MIT
// Fences of buffers and sync_files, and waiting for them.
#include "lib/base/internal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>

using namespace simplealloc;
using namespace simplealloc::test;
using namespace std::chrono_literals;

namespace {

struct Machine : FakeMachine {
    std::shared_ptr<FakeFence> reader = std::make_shared<FakeFence>();
    std::shared_ptr<FakeFence> writer = std::make_shared<FakeFence>();

    static Buffer allocate() { return test::allocate(open_allocator(), Request::bytes(8192)); }
    /// One that a device reads and another writes.
    Buffer busy_buffer() {
        Buffer buffer = allocate();
        dmabuf(buffer)->readers = {reader};
        dmabuf(buffer)->writers = {writer};
        return buffer;
    }
    Fence fence(FakeFences fences) {
        auto made = Fence::adopt(UniqueFd::adopt(kernel.install_sync_file(std::move(fences))));
        REQUIRE(made);
        return *std::move(made);
    }
    [[nodiscard]] std::chrono::nanoseconds since(std::chrono::nanoseconds start) const {
        return kernel.time - start;
    }
};

bool is_over(const Fence& fence) {
    const auto over = fence.wait(0ns);
    REQUIRE(over);
    return *over;
}

} // namespace

TEST_CASE("a fence is pending, then over, well or not") {
    Machine machine;
    const Fence fence = machine.fence({machine.writer, machine.reader});
    CHECK(fence.pollable().fd == fence.fd());
    CHECK(fence.pollable().events == POLLIN);
    machine.reader->over = true;
    CHECK_FALSE(is_over(fence));
    CHECK(fence.status()->state == FenceState::pending);
    machine.writer->over = true;
    CHECK(is_over(fence));
    CHECK(fence.status()->state == FenceState::signaled);
    CHECK(fence.status()->sys_errno == 0);
    machine.writer->sys_errno = ETIMEDOUT;
    CHECK(is_over(fence));
    CHECK(fence.status()->state == FenceState::failed);
    CHECK(fence.status()->sys_errno == ETIMEDOUT);
}

TEST_CASE("what is no sync_file becomes no fence, and is closed") {
    Machine machine;
    const Census before = machine.kernel.census();
    const int fd = machine.kernel.install("/dev/null", {});
    const auto none = Fence::adopt(UniqueFd::adopt(fd));
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::invalid);
    CHECK(machine.kernel.count(SYNC_IOC_FILE_INFO) == 0);
    CHECK(machine.kernel.census() == before);
    const auto empty = Fence::adopt(UniqueFd());
    REQUIRE_FALSE(empty);
    CHECK(empty.error().cause == Cause::invalid);
    CHECK(!empty.error().remedy.empty());
}

TEST_CASE("a merged fence is over when both are, and fails as either did") {
    Machine machine;
    const Fence first = machine.fence({machine.writer});
    const Fence second = machine.fence({machine.reader});
    const auto both = Fence::merge(first, second);
    REQUIRE(both);
    machine.writer->over = true;
    CHECK(is_over(first));
    CHECK_FALSE(is_over(*both));
    machine.reader->over = true;
    machine.reader->sys_errno = EIO;
    CHECK(is_over(*both));
    CHECK(both->status()->sys_errno == EIO);

    machine.kernel.fail(SYNC_IOC_MERGE, 1, ENOMEM);
    CHECK(Fence::merge(first, second).error().cause == Cause::exhausted);
}

TEST_CASE("a fence that was handed over answers nothing any more") {
    Machine machine;
    Fence fence = machine.fence({machine.writer});
    const int fd = fence.fd();
    const UniqueFd owned = fence.release();
    CHECK(owned.get() == fd);
    CHECK(fence.wait(0ns).error().cause == Cause::invalid);
    CHECK(fence.status().error().cause == Cause::invalid);
    CHECK(Fence::merge(fence, fence).error().cause == Cause::invalid);
}

TEST_CASE("a wait ends when its time is up, however many signals come meanwhile") {
    Machine machine;
    const Fence fence = machine.fence({machine.writer});
    const auto start = machine.kernel.time;
    machine.kernel.fail("poll", 1, EINTR, 2);
    machine.kernel.before_nth_syscall(1, [&] { machine.kernel.time += 30ms; });
    machine.kernel.before_nth_syscall(2, [&] { machine.kernel.time += 50ms; });
    const auto over = fence.wait(100ms);
    REQUIRE(over);
    CHECK_FALSE(*over);
    CHECK(machine.since(start) == 100ms);
    CHECK(machine.kernel.count("poll") == 3);

    // Signals alone use the time up, too.
    machine.kernel.clear_failures();
    machine.kernel.fail("poll", 1, EINTR);
    machine.kernel.before_nth_syscall(1, [&] { machine.kernel.time += 1h; });
    CHECK_FALSE(*fence.wait(100ms));
}

TEST_CASE("a wait that is not told how long ends all the same") {
    Machine machine;
    const Fence fence = machine.fence({machine.writer});
    const Buffer buffer = machine.busy_buffer();
    auto start = machine.kernel.time;
    CHECK_FALSE(*fence.wait());
    CHECK(machine.since(start) == default_timeout);
    start = machine.kernel.time;
    CHECK_FALSE(*buffer.wait(Access::write));
    CHECK(machine.since(start) == default_timeout);
}

TEST_CASE("a wait without limit is only ended by the fence") {
    Machine machine;
    const Fence fence = machine.fence({machine.writer});
    machine.kernel.fail("poll", 1, EINTR, 5);
    machine.kernel.before_nth_syscall(6, [&] { machine.writer->over = true; });
    CHECK(*fence.wait(forever));
    CHECK(machine.kernel.count("poll") == 6);
}

TEST_CASE("looking takes no time, whatever the sign of the timeout") {
    Machine machine;
    const Fence fence = machine.fence({machine.writer});
    const auto start = machine.kernel.time;
    CHECK_FALSE(*fence.wait(0ns));
    CHECK_FALSE(*fence.wait(-5s));
    CHECK_FALSE(*fence.wait(std::chrono::nanoseconds::min()));
    CHECK(machine.since(start) == 0ns);
    CHECK_FALSE(*fence.wait(std::chrono::hours(24) * 365 * 200)); // nearly all that fits
}

TEST_CASE("readers wait for writers alone, writers for all") {
    Machine machine;
    const Buffer buffer = machine.busy_buffer();
    CHECK(buffer.pollable(Access::read)->events == POLLIN);
    CHECK(buffer.pollable(Access::write)->events == POLLOUT);
    CHECK(buffer.pollable(Access::read_write)->events == POLLOUT);
    CHECK(buffer.pollable(Access::read)->fd == buffer.dmabufs()[0].fd);
    const auto to_read = buffer.export_sync_file(Access::read);
    const auto to_write = buffer.export_sync_file(Access::write);
    const auto for_both = buffer.export_sync_file(Access::read_write);
    REQUIRE(to_read);
    REQUIRE(to_write);
    REQUIRE(for_both);
    CHECK_FALSE(is_over(*to_read));
    CHECK_FALSE(*buffer.wait(Access::read, 1ms));

    machine.writer->over = true;
    CHECK(is_over(*to_read));
    CHECK_FALSE(is_over(*to_write));
    CHECK_FALSE(is_over(*for_both));
    CHECK(*buffer.wait(Access::read, 1ms));
    CHECK_FALSE(*buffer.wait(Access::write, 1ms));

    machine.reader->over = true;
    CHECK(is_over(*to_write));
    CHECK(is_over(*for_both));
    CHECK(*buffer.wait(Access::write));
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("an imported fence is waited for, of reading work only by writers") {
    Machine machine;
    const Buffer buffer = machine.allocate();
    const Fence reading = machine.fence({machine.reader});
    const Fence writing = machine.fence({machine.writer});
    CHECK(*buffer.wait(Access::write, 0ns));
    REQUIRE(buffer.import_sync_file(reading.fd(), Access::read));
    CHECK(*buffer.wait(Access::read, 0ns));
    CHECK_FALSE(*buffer.wait(Access::write, 0ns));
    REQUIRE(buffer.import_sync_file(writing.fd(), Access::write));
    CHECK_FALSE(*buffer.wait(Access::read, 0ns));
}

TEST_CASE("a snapshot does not wait for what came later") {
    Machine machine;
    const Buffer buffer = machine.allocate();
    const auto before = buffer.export_sync_file(Access::write);
    REQUIRE(before);
    REQUIRE(buffer.import_sync_file(machine.fence({machine.writer}).fd(), Access::write));
    CHECK(is_over(*before));
    CHECK_FALSE(is_over(*buffer.export_sync_file(Access::read)));
}

TEST_CASE("a kernel without sync_files of dma-bufs says so, and waiting works all the same") {
    Machine machine;
    const Buffer buffer = machine.busy_buffer();
    machine.kernel.dmabuf(buffer.dmabufs()[0].fd)->has_sync_files = false;
    const auto exported = buffer.export_sync_file(Access::read);
    REQUIRE_FALSE(exported);
    CHECK(exported.error().cause == Cause::unsupported);
    CHECK(exported.error().stage == Stage::sync);
    CHECK(exported.error().remedy.find("Linux 6.0") != std::string::npos);
    const Fence fence = machine.fence({});
    CHECK(buffer.import_sync_file(fence.fd(), Access::read).error().cause == Cause::unsupported);
    CHECK_FALSE(*buffer.wait(Access::read, 1ms));
    machine.writer->over = true;
    CHECK(*buffer.wait(Access::read));
}

TEST_CASE("what can't be exported, imported or waited for says why") {
    Machine machine;
    Buffer buffer = machine.busy_buffer();
    const Fence fence = machine.fence({});
    const Census before = machine.kernel.census();
    machine.kernel.fail(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, 1, EMFILE);
    CHECK(buffer.export_sync_file(Access::read).error().cause == Cause::fd_limit);
    machine.kernel.fail(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, 1, ENOMEM);
    CHECK(buffer.import_sync_file(fence.fd(), Access::read).error().cause == Cause::exhausted);
    CHECK(buffer.import_sync_file(buffer.dmabufs()[0].fd, Access::read).error().cause ==
          Cause::invalid);
    machine.kernel.fail("poll", 1, ENOMEM);
    CHECK(buffer.wait(Access::read, 1ms).error().cause == Cause::exhausted);
    CHECK(machine.kernel.census() == before);

    CHECK(buffer.export_sync_file(Access::read, 1).error().cause == Cause::invalid);
    CHECK(buffer.pollable(Access::read, 1).error().cause == Cause::invalid);
    const auto released = buffer.release();
    CHECK(buffer.wait(Access::read).error().cause == Cause::invalid);
    CHECK(buffer.import_sync_file(fence.fd(), Access::read).error().cause == Cause::invalid);
}

TEST_CASE("a descriptor that was closed behind the fence's back ends the wait") {
    Machine machine;
    Fence fence = machine.fence({machine.writer});
    const int fd = fence.release().release();
    const auto stale = Internal::make<Fence>(UniqueFd::adopt(fd));
    kernel::close(fd);
    const auto over = stale.wait();
    REQUIRE_FALSE(over);
    CHECK(over.error().sys_errno == EBADF);
}

TEST_CASE("the dma-bufs of a buffer share the time of a wait") {
    Machine machine;
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    ForeignBuffer foreign;
    const Buffer first = machine.busy_buffer();
    const Buffer second = machine.busy_buffer();
    foreign.dmabufs = {first.dmabufs()[0].fd, second.dmabufs()[0].fd};
    foreign.layout.fourcc = fourcc::nv12;
    foreign.layout.modifier = Modifier::linear();
    foreign.layout.width = 64;
    foreign.layout.height = 64;
    foreign.layout.placement = Placement::per_plane;
    foreign.layout.planes = {{0, 0, 64, 64 * 64}, {1, 0, 64, 64 * 32}};
    foreign.layout.dmabuf_sizes = {8192, 8192};
    const auto buffer = allocator->adopt(foreign);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    const auto start = machine.kernel.time;
    CHECK_FALSE(*buffer->wait(Access::read, 100ms));
    CHECK(machine.since(start) == 100ms);
    machine.writer->over = true;
    machine.kernel.clear_calls();
    CHECK(*buffer->wait(Access::read));
    CHECK(machine.kernel.count("poll") == 2);

    const auto fence = std::make_shared<FakeFence>();
    REQUIRE(buffer->import_sync_file(machine.fence({fence}).fd(), Access::write));
    CHECK_FALSE(*first.wait(Access::read, 0ns));
    CHECK_FALSE(*second.wait(Access::read, 0ns));
}
