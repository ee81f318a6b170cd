// SPDX-License-Identifier: MIT
// Allocating again and again from one plan: what the kernel is asked, and what survives what.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace simplealloc;
using test::FakeKernel;
using test::open_allocator;

namespace {

constexpr AllocateOptions unverified{.verify = false, .borrow_idle_queues = false};

struct Machine : test::HeapMachine {
    Machine() {
        kernel.add_file("/proc/meminfo", "MemAvailable: 1024 kB\n");
        kernel.lets_others_run = true;
    }

    [[nodiscard]] std::vector<std::string> calls() const {
        std::vector<std::string> names;
        for (const test::FakeCall& call : kernel.calls())
            names.push_back(call.name);
        return names;
    }
};

Prepared prepare(const Allocator& allocator, const Request& request,
                 AllocateOptions options = unverified) {
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    return allocator.prepare(*plan, options);
}

} // namespace

TEST_CASE("a further buffer costs the ioctl that makes it and the close that frees it") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto request = GENERATE(Request::bytes(4096), Request::image(64, 64, fourcc::nv12));
    const Prepared prepared = prepare(allocator, request);
    REQUIRE(prepared.allocate());
    machine.kernel.clear_calls();
    {
        const auto buffer = prepared.allocate();
        REQUIRE(buffer);
        CHECK(buffer->source() == "dma-heap:system");
        CHECK(buffer->dmabufs()[0].size == (request.is_image() ? 8192 : 4096));
    }
    CHECK(machine.calls() == std::vector<std::string>{"ioctl", "close"});
}

TEST_CASE("a udmabuf costs the calls of its memfd as well") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).without("dma-heap"));
    REQUIRE(prepared.allocate());
    machine.kernel.clear_calls();
    REQUIRE(prepared.allocate());
    const std::vector<std::string> calls = machine.calls();
    CHECK(std::count(calls.begin(), calls.end(), "open") == 0);
    CHECK(std::count(calls.begin(), calls.end(), "seek_end") == 0);
}

TEST_CASE("preparing opens nothing, and a prepared plan holds its source open") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto before = machine.kernel.census();
    {
        const Prepared prepared = prepare(allocator, Request::bytes(4096));
        CHECK(machine.kernel.census() == before);
        CHECK(prepared.allocate());
        CHECK(machine.kernel.census().fds == before.fds + 1);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("the name of a request is given to each buffer") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).name("preview"));
    for (int i = 0; i < 2; ++i) {
        const auto buffer = prepared.allocate();
        REQUIRE(buffer);
        CHECK(machine.kernel.dmabuf(buffer->dmabufs()[0].fd)->name == "preview");
    }
}

TEST_CASE("a driver that was loaded anew is opened anew, after one failure that says so") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).without("udmabuf"));
    REQUIRE(prepared.allocate());
    const auto before = machine.kernel.census();
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 1, ENODEV);
    const auto gone = prepared.allocate();
    REQUIRE_FALSE(gone);
    CHECK(gone.error().cause == Cause::gone);
    CHECK(gone.error().remedy.find("plan again") != std::string::npos);
    CHECK(machine.kernel.census().fds == before.fds - 1);
    machine.kernel.clear_calls();
    CHECK(prepared.allocate());
    CHECK(machine.kernel.count("open") == 1);
    CHECK(prepared.allocate());
    CHECK(machine.kernel.count("open") == 1);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("after any other failure the source stays open") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).without("udmabuf"));
    REQUIRE(prepared.allocate());
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 1, ENOMEM);
    CHECK(prepared.allocate().error().cause == Cause::exhausted);
    machine.kernel.clear_calls();
    CHECK(prepared.allocate());
    CHECK(machine.kernel.count("open") == 0);
}

TEST_CASE("a log sink may allocate from what is being allocated from") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).name("preview"));
    machine.kernel.fail(DMA_BUF_SET_NAME, 0, ENOTTY);
    std::vector<std::string> lines;
    set_log(LogLevel::debug, [&](LogLevel, std::string_view line) {
        lines.emplace_back(line);
        if (lines.size() == 1)
            CHECK(prepared.allocate());
    });
    const auto buffer = prepared.allocate();
    set_log(LogLevel::off);
    CHECK(buffer);
    // Two for each buffer.
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].find("set the name") != std::string::npos);
    CHECK(lines[1] == lines[0]);
    CHECK(lines[2] == "allocate: 4096 from dma-heap:system");
    CHECK(lines[3] == lines[2]);
}

TEST_CASE("what a test import of the caller's logs waits for the end of the allocation") {
    Machine machine;
    const Allocator allocator = open_allocator();
    unsigned lines = 0;
    unsigned within = 0;
    const Device npu = test::described("npu", {}, [&](const Buffer&) -> Result<void> {
        CHECK(allocator.allocate(Request::bytes(4096)));
        within = lines;
        return {};
    });
    const Prepared prepared = prepare(allocator, Request::bytes(4096).use(npu, Use::read), {});
    set_log(LogLevel::info, [&](LogLevel, std::string_view) { ++lines; });
    const auto buffer = prepared.allocate();
    set_log(LogLevel::off);
    CHECK(buffer);
    CHECK(within == 0);
    CHECK(lines == 2);
}

TEST_CASE("memory that is gone meanwhile is noticed before the kernel kills for it") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(300U << 10U).without("udmabuf"));
    std::vector<Buffer> held;
    const auto hold = [&] {
        auto buffer = prepared.allocate();
        REQUIRE(buffer);
        held.push_back(*std::move(buffer));
    };
    hold();
    hold(); // from what the first one left, without asking
    machine.kernel.add_file("/proc/meminfo", "MemAvailable: 100 kB\n");
    const auto refused = prepared.allocate();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::exhausted);
    CHECK(refused.error().attempts.size() == 1);
}

TEST_CASE("a buffer for the CPU that can't be mapped is left for the next source, for good") {
    Machine machine;
    machine.system->mappable = false;
    const Allocator allocator = open_allocator();
    const auto before = machine.kernel.census();
    const RequestBuilder request = Request::bytes(4096).cpu(
        GENERATE(CpuAccess::write, CpuAccess::read_rarely, CpuAccess::read_often));
    {
        const Prepared prepared = prepare(allocator, request);
        REQUIRE(prepared.plan().candidates().front().source == "dma-heap:system");
        const auto buffer = prepared.allocate();
        REQUIRE(buffer);
        CHECK(buffer->source() == "udmabuf");
        REQUIRE(buffer->attempts().size() == 1);
        CHECK(buffer->attempts()[0].source == "dma-heap:system");
        CHECK(buffer->attempts()[0].stage == Stage::map);
        // The next one does not allocate in vain.
        machine.kernel.clear_calls();
        REQUIRE(prepared.allocate());
        CHECK(machine.kernel.count(DMA_HEAP_IOCTL_ALLOC) == 0);
        const auto again = allocator.plan(request);
        REQUIRE(again);
        CHECK(again->candidates().front().source == "udmabuf");
        // Who does not map it may have it.
        const auto other = allocator.plan(Request::bytes(4096));
        REQUIRE(other);
        CHECK(other->candidates().front().source == "dma-heap:system");
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.mappings() == 0);
}

TEST_CASE("a mapping that fails in passing is tried again with the next buffer") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).cpu(CpuAccess::write));
    machine.kernel.fail("map", 1, GENERATE(EIO, ETIMEDOUT, ENOMEM, EAGAIN));
    const auto other = prepared.allocate();
    REQUIRE(other);
    CHECK(other->source() == "udmabuf");
    const auto buffer = prepared.allocate();
    REQUIRE(buffer);
    CHECK(buffer->source() == "dma-heap:system");
}

TEST_CASE("memory for the CPU is mapped once for each source and direction, not for each buffer") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096).cpu(CpuAccess::read_often));
    REQUIRE(prepared.allocate());
    CHECK(machine.kernel.count("map") == 1);
    machine.kernel.clear_calls();
    REQUIRE(prepared.allocate());
    CHECK(machine.calls() == std::vector<std::string>{"ioctl", "close"});
    const Prepared again = prepare(allocator, Request::bytes(8192).cpu(CpuAccess::read_rarely));
    REQUIRE(again.allocate());
    CHECK(machine.kernel.count("map") == 0);
    REQUIRE(prepare(allocator, Request::bytes(4096).cpu(CpuAccess::write)).allocate());
    CHECK(machine.kernel.count("map") == 1);
}

TEST_CASE("the headline of a failed allocation says what the attempt explains") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096));
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 0, ENOMEM);
    machine.kernel.fail("memfd", 0, EMFILE);
    const auto every = prepared.allocate();
    REQUIRE_FALSE(every);
    CHECK(every.error().message() ==
          "udmabuf: every candidate failed, the last one so: create a memfd of 4 KiB: Too many "
          "open files; raise the limit of open files (ulimit -n) or close some");
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 0, EMFILE);
    const auto only = prepare(allocator, Request::bytes(4096).without("udmabuf")).allocate();
    REQUIRE_FALSE(only);
    CHECK(only.error().detail == "the only candidate failed: allocate 4 KiB");
}

TEST_CASE("each allocation falls back by itself, and comes back to the better source") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(4096));
    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 1, ENOMEM);
    const auto second_best = prepared.allocate();
    REQUIRE(second_best);
    CHECK(second_best->source() == "udmabuf");
    CHECK(second_best->attempts().size() == 1);
    const auto best = prepared.allocate();
    REQUIRE(best);
    CHECK(best->source() == "dma-heap:system");
    CHECK(best->attempts().empty());
}

TEST_CASE("a kernel that gives less than was asked is noticed, whatever it gave before") {
    Machine machine;
    machine.system->missing = 4096;
    const Allocator allocator = open_allocator();
    const Prepared prepared = prepare(allocator, Request::bytes(8192).without("udmabuf"));
    for (int i = 0; i < 2; ++i) {
        const auto buffer = prepared.allocate();
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().cause == Cause::mismatch);
    }
}

TEST_CASE("verification sees every buffer") {
    Machine machine;
    const Allocator allocator = open_allocator();
    unsigned seen = 0;
    const Device npu = test::described("npu", {}, [&](const Buffer&) -> Result<void> {
        ++seen;
        return {};
    });
    const Prepared prepared = prepare(allocator, Request::bytes(4096).use(npu, Use::read), {});
    CHECK(prepared.allocate());
    CHECK(prepared.allocate());
    CHECK(seen == 2);
}

TEST_CASE("a prepared plan outlives its allocator, and buffers outlive both") {
    Machine machine;
    std::optional<Buffer> buffer;
    {
        std::optional<Prepared> prepared;
        {
            const Allocator allocator = open_allocator();
            prepared.emplace(prepare(allocator, Request::bytes(4096)));
        }
        auto made = prepared->allocate();
        REQUIRE(made);
        buffer.emplace(*std::move(made));
        CHECK(prepared->plan().candidates().front().source == "dma-heap:system");
    }
    CHECK(buffer->source() == "dma-heap:system");
    CHECK(buffer->map(Access::read_write));
}

TEST_CASE("a plan without candidates fails with its conflict each time") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const Prepared prepared =
        prepare(allocator, Request::bytes(4096).without("dma-heap").without("udmabuf"));
    for (int i = 0; i < 2; ++i) {
        const auto buffer = prepared.allocate();
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().cause == Cause::unsatisfiable);
        CHECK_FALSE(buffer.error().rejections.empty());
    }
}

TEST_CASE("several threads allocate from one prepared plan", "[threads]") {
    Machine machine;
    machine.kernel.add_file("/proc/meminfo", "MemAvailable: 1048576 kB\n");
    const Allocator allocator = open_allocator();
    const auto before = machine.kernel.census();
    {
        const Prepared prepared = prepare(allocator, Request::bytes(4096));
        std::atomic<unsigned> made = 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i)
                    if (const auto buffer = prepared.allocate())
                        ++made;
            });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(made == 200);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(allocator.held() == 0);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("a pitch that AddFB2 refuses is padded before the source is given up, and remembered") {
    struct Row {
        std::uint32_t align;
        std::uint32_t stride; ///< bytes, of 648 pixels
        int refused;          ///< tries before: 2592 as it is, and each shorter padding
    };
    const Row row =
        GENERATE(Row{64, 2624, 1}, Row{128, 2688, 2}, Row{256, 2816, 3}, Row{4096, 4096, 4});
    CAPTURE(row.align);
    FakeKernel kernel;
    kernel.add_file("/proc/meminfo", "MemAvailable: 102400 kB\n");
    test::FakeHeap heap;
    heap.name = "system";
    test::add_dma_heap(kernel, heap);
    int refused = 0;
    test::FakeCard strict;
    strict.dumb = false;
    strict.screen = std::make_shared<test::FakeScreen>();
    strict.override = [&](unsigned long request, void* argument) -> std::optional<int> {
        if (request != DRM_IOCTL_MODE_ADDFB2 ||
            static_cast<drm_mode_fb_cmd2*>(argument)->pitches[0] % row.align == 0)
            return std::nullopt;
        ++refused;
        return -EINVAL;
    };
    test::add_drm_card(kernel, strict);
    const Allocator allocator = open_allocator();
    const auto display = allocator.device("/dev/dri/card0");
    REQUIRE(display);
    const RequestBuilder request =
        Request::image(648, 480, fourcc::xrgb8888).use(*display, Use::scanout);
    const Prepared prepared = prepare(allocator, request, {});
    const auto first = prepared.allocate();
    REQUIRE(first);
    CHECK(first->planes()[0].stride == row.stride);
    CHECK(first->source() == "dma-heap:system");
    CHECK(refused == row.refused);
    const auto second = prepared.allocate();
    REQUIRE(second);
    CHECK(second->planes()[0].stride == row.stride);
    CHECK(refused == row.refused);
    // Another plan knows it from the beginning.
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    CHECK(plan->candidates()[0].layout.planes[0].stride == row.stride);
}

TEST_CASE("a framebuffer that no pitch helps is a refusal after few tries") {
    // What is no matter of the layout is not tried with another one.
    const int later = GENERATE(-EINVAL, -EOPNOTSUPP);
    FakeKernel kernel;
    kernel.add_file("/proc/meminfo", "MemAvailable: 102400 kB\n");
    test::FakeHeap heap;
    heap.name = "system";
    test::add_dma_heap(kernel, heap);
    test::FakeCard strict;
    strict.dumb = false;
    strict.screen = std::make_shared<test::FakeScreen>();
    int answer = -EINVAL;
    strict.override = [&](unsigned long request, void*) -> std::optional<int> {
        if (request != DRM_IOCTL_MODE_ADDFB2)
            return std::nullopt;
        return std::exchange(answer, later);
    };
    test::add_drm_card(kernel, strict);
    const Allocator allocator = open_allocator();
    const auto display = allocator.device("/dev/dri/card0");
    REQUIRE(display);
    const auto before = kernel.census();
    const auto buffer = allocator.allocate(Request::image(648, 480, fourcc::xrgb8888)
                                               .use(*display, Use::scanout)
                                               .without("gbm")
                                               .without("udmabuf"));
    REQUIRE_FALSE(buffer);
    REQUIRE_FALSE(buffer.error().attempts.empty());
    CHECK(buffer.error().attempts[0].source == "dma-heap:system");
    CHECK(buffer.error().attempts[0].cause == Cause::refused);
    CHECK(kernel.count(DRM_IOCTL_MODE_ADDFB2) == (later == -EINVAL ? 5U : 2U));
    CHECK(kernel.census() == before);
}
