// SPDX-License-Identifier: MIT
// Limits of sources, known before the call, and memory that runs out.
#include "tests/kernel/census.hpp"
#include "tests/kernel/command.hpp"
#include "tests/kernel/expect.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <vector>

using command::Words;
using guest::expect;
using namespace simplealloc;
using namespace std::chrono_literals;

namespace {

/// From the CMA heap alone.
RequestBuilder contiguous(std::uint64_t size) {
    return Request::bytes(size).cpu(CpuAccess::write).without("dma-heap:system").without("udmabuf");
}

/// All that is left of the CMA heap, down to a page.
std::vector<Buffer> hoard(const Allocator& allocator) {
    std::vector<Buffer> all;
    for (const std::uint64_t size : {16U << 20U, 1U << 20U, 64U << 10U, 4U << 10U}) {
        const Plan plan = expect(allocator.plan(contiguous(size)));
        auto buffer = allocator.allocate(plan);
        for (; buffer; buffer = allocator.allocate(plan))
            all.push_back(*std::move(buffer));
        CHECK(buffer.error().cause == Cause::exhausted);
        CHECK(buffer.error().sys_errno == ENOMEM);
    }
    return all;
}

/// What goes on without fresh memory.
void use(const Allocator& allocator, const Device& display, const Buffer& buffer) {
    const std::array fds{buffer.dmabufs()[0].fd};
    const Buffer same = expect(Buffer::import(fds, buffer.layout()));
    CHECK(allocator.check(buffer, {display, Use::scanout, {}})->verdict == Verdict::import_as_is);
    auto import = expect(expect(DrmImporter::open(display)).import(same));
    CHECK(import.framebuffer());
    CHECK(same.map(Access::write));
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    auto ours = expect(share::Channel::open(UniqueFd::adopt(ends[0])));
    auto theirs = expect(share::Channel::open(UniqueFd::adopt(ends[1])));
    expect(ours.send(buffer, 1s));
    CHECK(expect(theirs.receive(1s)).is_same(buffer));
}

template <typename T>
Cause cause(const Result<T>& failed) {
    REQUIRE_FALSE(failed);
    return failed.error().cause;
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "udmabuf's limit is named in the plan, with how to raise it",
                 "[stock]") {
    const auto by_option =
        command::plan({"--bytes", "100M", "--cpu", "read-often", "--without", "dma-heap"});
    const auto by_environment =
        guest::run({"simplealloc", "plan", "--json", "--bytes", "100M", "--cpu", "read-often"}, {},
                   {{"SIMPLEALLOC_DISABLE", "dma-heap"}});
    for (const auto& answer : {by_option, by_environment}) {
        INFO(answer.output << answer.errors);
        CHECK(answer.status == 1);
        const auto plan = answer.json();
        CHECK(plan.at("candidates").empty());
        CHECK(!command::rejection(plan, "dma-heap:system", "policy").is_null());
        const auto udmabuf = command::rejection(plan, "udmabuf", "request-size");
        REQUIRE(!udmabuf.is_null());
        CHECK(udmabuf.at("reason").get<std::string>().find("64 MiB") != std::string::npos);
        CHECK(udmabuf.at("remedy").get<std::string>().find("size_limit_mb") != std::string::npos);
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a full CMA heap is an attempt with ENOMEM, and serves again when memory is back",
                 "[full]") {
    const Words request{"--image", "3840x2160:XR24", "--use",
                        guest::video("vivid-000-vid-cap") + ":capture", "--no-verify"};
    {
        guest::Background hoard({"simplealloc", "alloc", "--json", "--hold", "--count", "4",
                                 "--bytes", "30M", "--without", "dma-heap:system", "--without",
                                 "udmabuf"});
        REQUIRE(!hoard.next_line().empty());
        const auto starved = command::alloc(request);
        INFO(starved.output << starved.errors);
        CHECK(starved.status == 1);
        const auto attempts = starved.json().at("attempts");
        REQUIRE(attempts.size() == 1);
        CHECK(attempts[0].at("source") == "dma-heap:reserved");
        CHECK(attempts[0].at("stage") == "allocate");
        CHECK(attempts[0].at("cause") == "exhausted");
        CHECK(attempts[0].at("errno") == ENOMEM);
    }
    const auto served = command::alloc(request);
    INFO(served.output << served.errors);
    REQUIRE(served.status == 0);
    CHECK(command::buffer(served).at("source") == "dma-heap:reserved");
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "beside a full CMA heap all goes on but what needs memory of it, which says so",
                 "[full]") {
    const Allocator allocator = expect(Allocator::open());
    const Device display = expect(allocator.device(guest::card("vkms")));
    const VideoNode node(guest::video("vivid-000-vid-cap"));
    const Device camera = expect(allocator.device(node.fd(), QueueAccess::lent));
    const RequestBuilder picture =
        Request::image(640, 360, fourcc::xrgb8888).use(camera, Use::capture);
    PoolOptions two;
    two.max_buffers = 2;
    Pool pool = expect(Pool::create(allocator, contiguous(65536), two));
    // The pool keeps its source open from the first buffer on.
    (void)expect(pool.acquire(0ms));
    pool.trim(0);
    const guest::Census empty;
    {
        const Buffer buffer = expect(allocator.allocate(picture));
        CHECK(buffer.source() == "dma-heap:reserved");
        const PoolSlot slot = expect(pool.acquire(0ms));
        const std::vector<Buffer> all = hoard(allocator);
        const guest::Census full;

        // What the camera allocates itself falls back to the machine's other memory.
        {
            const Buffer fallen_back = expect(allocator.allocate(picture));
            CHECK(fallen_back.source().starts_with("v4l2:"));
            REQUIRE(fallen_back.attempts().size() == 1);
            CHECK(fallen_back.attempts()[0].source == "dma-heap:reserved");
            CHECK(fallen_back.attempts()[0].cause == Cause::exhausted);
        }
        CHECK(cause(allocator.allocate(contiguous(4096))) == Cause::exhausted);
        two.min_buffers = 1;
        CHECK(cause(Pool::create(allocator, contiguous(65536), two)) == Cause::exhausted);
        CHECK(cause(pool.acquire(0ms)) == Cause::exhausted);
        use(allocator, display, buffer);
        CHECK(guest::settle(full) == full);
    }
    CHECK(pool.trim(0) == 1);
    CHECK(guest::settle(empty) == empty);
    for (const Request& request : {picture, contiguous(4096)})
        CHECK(allocator.allocate(request));
    CHECK(pool.acquire(0ms));
}

TEST_CASE_METHOD(guest::NothingLeft, "more than the memory of the machine is refused with numbers",
                 "[stock]") {
    const auto answer = command::plan({"--bytes", "1125899906842624", "--cpu", "write"});
    INFO(answer.output << answer.errors);
    CHECK(answer.status == 1);
    const auto heap = command::rejection(answer.json(), "dma-heap:system", "request-size");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("reason").get<std::string>().find("available") != std::string::npos);
}
