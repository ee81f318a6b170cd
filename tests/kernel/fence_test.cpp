// SPDX-License-Identifier: MIT
// Fences of real drivers: sw_sync's, which a test signals when it likes, and vgem's.
#include "tests/kernel/fences.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <csignal>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using guest::Later;
using guest::SwTimeline;
using guest::Vgem;

namespace {

Buffer allocate(const std::vector<std::string>& without) {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    RequestBuilder request = Request::bytes(65536).cpu(CpuAccess::read_often);
    for (const std::string& name : without)
        request.without(name);
    auto buffer = allocator->allocate(request);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

bool is_idle(const Buffer& buffer, Access access) {
    const auto idle = buffer.wait(access, 0ns);
    INFO((idle ? "" : idle.error().message()));
    REQUIRE(idle);
    return *idle;
}

bool is_over(const Fence& fence) {
    const auto over = fence.wait(0ns);
    REQUIRE(over);
    return *over;
}

Fence exported(const Buffer& buffer, Access access) {
    auto fence = buffer.export_sync_file(access);
    INFO((fence ? "" : fence.error().message()));
    REQUIRE(fence);
    return *std::move(fence);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "who reads waits for an imported fence of writing work, and not of reading work",
                 "[full]") {
    const Buffer buffer =
        allocate(GENERATE(std::vector<std::string>{}, std::vector<std::string>{"udmabuf"},
                          std::vector<std::string>{"dma-heap"}));
    INFO(buffer.source());
    SwTimeline timeline;
    CHECK(is_idle(buffer, Access::read_write));
    CHECK(is_over(exported(buffer, Access::write)));

    REQUIRE(buffer.import_sync_file(timeline.next().fd(), Access::read));
    CHECK(is_idle(buffer, Access::read));
    CHECK_FALSE(is_idle(buffer, Access::write));
    CHECK(is_over(exported(buffer, Access::read)));
    const Fence to_write = exported(buffer, Access::write);
    CHECK_FALSE(is_over(to_write));

    REQUIRE(buffer.import_sync_file(timeline.next().fd(), Access::write));
    CHECK_FALSE(is_idle(buffer, Access::read));
    const Fence to_read = exported(buffer, Access::read);
    timeline.step();
    // A snapshot does not wait for what came later.
    CHECK(is_over(to_write));
    CHECK_FALSE(is_over(to_read));
    CHECK_FALSE(is_idle(buffer, Access::write));
    timeline.step();
    CHECK(is_over(to_read));
    CHECK(is_idle(buffer, Access::write));
}

TEST_CASE_METHOD(guest::NothingLeft, "a wait ends with the work, or when its time is up",
                 "[full]") {
    const Buffer buffer = allocate({});
    SwTimeline timeline;
    const Fence fence = timeline.next();
    REQUIRE(buffer.import_sync_file(fence.fd(), Access::write));
    CHECK(fence.status()->state == FenceState::pending);
    const auto start = Clock::now();
    CHECK_FALSE(*fence.wait(50ms));
    CHECK_FALSE(*buffer.wait(Access::read, 50ms));
    CHECK(Clock::now() - start >= 100ms);
    CHECK(Clock::now() - start < 5s);
    const Later later([&] { timeline.step(); });
    CHECK(*buffer.wait(Access::read));
    CHECK(*fence.wait(10s));
    CHECK(Clock::now() - start < 10s);
    CHECK(fence.status()->state == FenceState::signaled);
}

TEST_CASE_METHOD(guest::NothingLeft, "signals neither end nor stretch a wait", "[full]") {
    SwTimeline timeline;
    const Fence fence = timeline.next();
    struct sigaction act = {};
    struct sigaction before = {};
    act.sa_handler = [](int) {};
    REQUIRE(sigaction(SIGALRM, &act, &before) == 0);
    const itimerval often = {{0, 10000}, {0, 10000}};
    const itimerval never = {};
    setitimer(ITIMER_REAL, &often, nullptr);
    const auto start = Clock::now();
    const auto over = fence.wait(200ms);
    const auto waited = Clock::now() - start;
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before, nullptr);
    REQUIRE(over);
    CHECK_FALSE(*over);
    CHECK(waited >= 200ms);
    CHECK(waited < 2s);
}

TEST_CASE_METHOD(guest::NothingLeft, "work that fails is over, and says why", "[full]") {
    SwTimeline good;
    SwTimeline bad;
    const Fence done = good.next();
    const Fence broken = bad.next();
    const auto both = Fence::merge(done, broken);
    REQUIRE(both);
    good.step();
    CHECK(is_over(done));
    CHECK_FALSE(is_over(*both));
    bad.fail();
    CHECK(is_over(broken));
    CHECK(*both->wait(1s));
    for (const Fence* fence : {&broken, &*both}) {
        CHECK(fence->status()->state == FenceState::failed);
        CHECK(fence->status()->sys_errno == ENOENT);
    }
}

TEST_CASE_METHOD(guest::NothingLeft, "an event loop sees the end of work on a buffer", "[full]") {
    const Buffer buffer = allocate({});
    SwTimeline timeline;
    const Fence fence = timeline.next();
    REQUIRE(buffer.import_sync_file(fence.fd(), Access::write));
    const auto watched = GENERATE(0, 1, 2);
    const Pollable target = watched == 0   ? fence.pollable()
                            : watched == 1 ? *buffer.pollable(Access::read)
                                           : *buffer.pollable(Access::write);
    const UniqueFd loop = UniqueFd::adopt(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event = {};
    event.events = static_cast<std::uint32_t>(target.events);
    REQUIRE(epoll_ctl(loop.get(), EPOLL_CTL_ADD, target.fd, &event) == 0);
    CHECK(epoll_wait(loop.get(), &event, 1, 20) == 0);
    {
        const Later later([&] { timeline.step(); });
        CHECK(epoll_wait(loop.get(), &event, 1, 10000) == 1);
    }
    CHECK(is_over(fence));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "the CPU's turn waits for devices, but not one that is covered", "[full]") {
    const Buffer buffer = allocate({});
    SwTimeline timeline;
    auto reader = buffer.map(Access::read);
    REQUIRE(reader);
    REQUIRE(buffer.import_sync_file(timeline.next().fd(), Access::write));
    const auto start = Clock::now();
    CHECK(buffer.map(Access::read)); // would wait for ever
    const Later later([&] {
        if (!reader->finish()) // while the main thread is in SYNC_START
            std::abort();
        timeline.step();
    });
    const auto writer = buffer.map(Access::write);
    CHECK(writer);
    CHECK(Clock::now() - start >= Later::delay);
    CHECK(is_idle(buffer, Access::write));
}

TEST_CASE_METHOD(guest::NothingLeft, "the work of a GPU driver on an imported buffer is waited for",
                 "[stock][full]") {
    const Buffer buffer = allocate(
        GENERATE(std::vector<std::string>{"udmabuf"}, std::vector<std::string>{"dma-heap"}));
    INFO(buffer.source());
    const Vgem vgem(buffer);
    const std::uint32_t reading = vgem.attach(0);
    CHECK(is_idle(buffer, Access::read));
    CHECK_FALSE(is_idle(buffer, Access::write));
    vgem.signal(reading);
    CHECK(is_idle(buffer, Access::write));

    const std::uint32_t writing = vgem.attach(guest::vgem_write);
    const Fence fence = exported(buffer, Access::read);
    CHECK_FALSE(*fence.wait(20ms));
    CHECK_FALSE(is_idle(buffer, Access::read));
    const auto start = Clock::now();
    const Later later([&] { vgem.signal(writing); });
    CHECK(*fence.wait(5s));
    CHECK(Clock::now() - start >= Later::delay);
    CHECK(is_idle(buffer, Access::read));
    CHECK(fence.status()->state == FenceState::signaled);
}

TEST_CASE_METHOD(guest::NothingLeft, "what is no sync_file is no fence for the kernel either",
                 "[stock]") {
    const Buffer buffer = allocate({});
    const auto imported = buffer.import_sync_file(buffer.dmabufs()[0].fd, Access::read);
    REQUIRE_FALSE(imported);
    CHECK(imported.error().cause == Cause::invalid);
    const auto adopted = Fence::adopt(*buffer.dup_fd());
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().cause == Cause::invalid);
    CHECK(adopted.error().sys_errno == 0); // known before it is asked
}
