// SPDX-License-Identifier: MIT
// The run through a plan's candidates: checks of the real layout, verification, fallback, nothing
// left.
#include "lib/base/failure.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <new>

using namespace simplealloc;
using test::described;
using test::mebibyte;
using test::open_allocator;

namespace {

/// The usual machine: a system heap, a CMA heap and udmabuf, with plenty of memory.
struct Machine : test::FakeMachine {
    Machine() : FakeMachine({"system", "reserved"}) {
        kernel.add_file("/sys/kernel/uevent_seqnum", "100\n");
        test::add_udmabuf(kernel);
    }
};

std::vector<std::string> sources(const Plan& plan) {
    std::vector<std::string> names;
    for (const Candidate& candidate : plan.candidates())
        names.push_back(candidate.source);
    return names;
}

Error refusal(const std::string& why) {
    Error error;
    error.cause = Cause::refused;
    error.stage = Stage::verify;
    error.detail = why;
    return error;
}

} // namespace

TEST_CASE("the best candidate is allocated and described") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto buffer = allocator.allocate(
        Request::image(640, 480, fourcc::nv12).cpu(CpuAccess::read_often).name("preview"));
    REQUIRE(buffer);
    CHECK(buffer->source() == "dma-heap:system");
    REQUIRE(buffer->dmabufs().size() == 1);
    CHECK(buffer->dmabufs()[0].size == 462848);
    CHECK(buffer->info()->exporter == "system");
    REQUIRE(buffer->planes().size() == 2);
    CHECK(buffer->planes()[1].offset == 640U * 480U);
    CHECK(buffer->attempts().empty());
    CHECK(machine.kernel.dmabuf(buffer->dmabufs()[0].fd)->name == "preview");
}

TEST_CASE("exhausted memory is an attempt, and the next source serves") {
    Machine machine;
    machine.system->pool->capacity = 4096;
    const Allocator allocator = open_allocator();
    const auto buffer = allocator.allocate(Request::bytes(mebibyte).cpu(CpuAccess::read_often));
    REQUIRE(buffer);
    CHECK(buffer->source() == "udmabuf");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "dma-heap:system");
    CHECK(buffer->attempts()[0].stage == Stage::allocate);
    CHECK(buffer->attempts()[0].cause == Cause::exhausted);
    CHECK(buffer->attempts()[0].sys_errno == ENOMEM);
}

TEST_CASE("a driver in trouble does not stop the fallback") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(Request::bytes(mebibyte).cpu(CpuAccess::read_often));
    REQUIRE(plan);
    const int sys_errno = GENERATE(ETIMEDOUT, EREMOTEIO, ECANCELED, EINVAL);
    machine.kernel.fail("open", 1, sys_errno);
    const auto buffer = allocator.allocate(*plan);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->source() == "udmabuf");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].cause == Cause::unsupported);
}

TEST_CASE("a descriptor limit stops at once, with a remedy and nothing left") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(Request::bytes(mebibyte));
    REQUIRE(plan);
    const auto before = machine.kernel.census();
    machine.kernel.fail("open", 0, EMFILE);
    const auto buffer = allocator.allocate(*plan);
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::fd_limit);
    CHECK(buffer.error().attempts.size() == 1);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("a pitch that the uses can't take frees the buffer and counts as an attempt") {
    Machine machine;
    test::FakeCard liar;
    liar.index = 0;
    liar.pitch = [](std::uint32_t width, std::uint32_t bpp) { return width * bpp / 8 + 256; };
    add_drm_card(machine.kernel, liar);
    test::FakeCard honest;
    honest.index = 1;
    add_drm_card(machine.kernel, honest);
    const Allocator allocator = open_allocator();
    const auto first = allocator.device("/dev/dri/card0");
    const auto second = allocator.device("/dev/dri/card1");
    REQUIRE(first);
    REQUIRE(second);
    Constraints exact;
    exact.min_stride = exact.max_stride = 2560;
    const auto request = Request::image(640, 480, fourcc::xrgb8888)
                             .use(*first, Use::read)
                             .use(*second, Use::read)
                             .use(described("encoder", exact), Use::encode)
                             .without("dma-heap")
                             .without("udmabuf");
    const auto before = machine.kernel.census();
    {
        const auto buffer = allocator.allocate(request);
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        CHECK(buffer->source() == "drm-dumb:card1");
        REQUIRE(buffer->attempts().size() == 1);
        CHECK(buffer->attempts()[0].source == "drm-dumb:card0");
        CHECK(buffer->attempts()[0].stage == Stage::layout);
        CHECK(buffer->attempts()[0].cause == Cause::mismatch);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("another pitch that every use can take is the layout that is handed out") {
    Machine machine;
    test::FakeCard padded;
    padded.pitch = [](std::uint32_t width, std::uint32_t bpp) { return width * bpp / 8 + 64; };
    add_drm_card(machine.kernel, padded);
    const Allocator allocator = open_allocator();
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    const auto buffer = allocator.allocate(Request::image(640, 480, fourcc::nv12)
                                               .use(*card, Use::read)
                                               .without("dma-heap")
                                               .without("udmabuf"));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->planes()[0].stride == 704);
    CHECK(buffer->planes()[1].offset == 704U * 480U);
    CHECK(buffer->dmabufs()[0].size >= 704U * 720U);
}

TEST_CASE("a plane offset that the uses can't take is found after the allocation") {
    Machine machine;
    test::FakeCard padded;
    padded.pitch = [](std::uint32_t width, std::uint32_t bpp) { return width * bpp / 8 + 8; };
    add_drm_card(machine.kernel, padded);
    const Allocator allocator = open_allocator();
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    Constraints aligned;
    aligned.offset_align = 4096;
    const auto before = machine.kernel.census();
    const auto buffer = allocator.allocate(Request::image(640, 480, fourcc::nv12)
                                               .use(*card, Use::read)
                                               .use(described("dsp", aligned), Use::read)
                                               .without("dma-heap")
                                               .without("udmabuf"));
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().attempts.size() == 1);
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("an exporter that gives less than it was asked for is passed over") {
    Machine machine;
    machine.system->missing = 4096;
    const Allocator allocator = open_allocator();
    const auto before = machine.kernel.census();
    {
        const auto buffer = allocator.allocate(Request::bytes(mebibyte).cpu(CpuAccess::read_often));
        INFO((buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        CHECK(buffer->source() == "udmabuf");
        REQUIRE(buffer->attempts().size() == 1);
        CHECK(buffer->attempts()[0].source == "dma-heap:system");
        CHECK(buffer->attempts()[0].cause == Cause::mismatch);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("a refused import counts as an attempt and is remembered until something is hotplugged") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto picky = described("npu", {}, [](const Buffer& buffer) -> Result<void> {
        if (buffer.source() == "dma-heap:system")
            return refusal("can't map it");
        return {};
    });
    const auto request = Request::bytes(mebibyte).use(picky, Use::read).cpu(CpuAccess::read_often);
    {
        const auto buffer = allocator.allocate(request);
        REQUIRE(buffer);
        CHECK(buffer->source() == "udmabuf");
        REQUIRE(buffer->attempts().size() == 1);
        CHECK(buffer->attempts()[0].stage == Stage::verify);
        CHECK(buffer->attempts()[0].cause == Cause::refused);
        REQUIRE(buffer->verified().size() == 1);
        CHECK(buffer->verified()[0].imported == std::optional(true));
    }
    const auto later = allocator.plan(request);
    REQUIRE(later);
    CHECK(sources(*later) == std::vector<std::string>{"udmabuf", "dma-heap:reserved"});
    machine.kernel.add_file("/sys/kernel/uevent_seqnum", "101\n");
    const auto after_hotplug = allocator.plan(request);
    REQUIRE(after_hotplug);
    CHECK(sources(*after_hotplug).front() == "dma-heap:system");
}

TEST_CASE("a plan that is older than a refusal does not ask the device again") {
    Machine machine;
    const Allocator allocator = open_allocator();
    int asked = 0;
    const auto picky = described("npu", {}, [&](const Buffer& buffer) -> Result<void> {
        if (buffer.source() != "dma-heap:system")
            return {};
        ++asked;
        return refusal("can't map it");
    });
    const auto plan =
        allocator.plan(Request::bytes(mebibyte).use(picky, Use::read).cpu(CpuAccess::read_often));
    REQUIRE(plan);
    for (int i = 0; i < 3; ++i) {
        const auto buffer = allocator.allocate(*plan);
        REQUIRE(buffer);
        CHECK(buffer->source() == "udmabuf");
        REQUIRE(buffer->attempts().size() == 1);
        CHECK(buffer->attempts()[0].cause == Cause::refused);
        CHECK_THAT(buffer->attempts()[0].message, Catch::Matchers::Contains("can't map it"));
    }
    CHECK(asked == 1);
    machine.kernel.add_file("/sys/kernel/uevent_seqnum", "101\n");
    CHECK(allocator.allocate(*plan));
    CHECK(asked == 2);
}

TEST_CASE("without udev the heaps serve all the same") {
    Machine machine;
    machine.kernel.udev_error = -EACCES;
    const Allocator allocator = open_allocator();
    const auto buffer = allocator.allocate(Request::bytes(mebibyte).cpu(CpuAccess::read_often));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->source() == "dma-heap:system");
    for (const int sys_errno : {EMFILE, ENOMEM}) {
        machine.kernel.udev_error = -sys_errno;
        const auto starved = allocator.plan(Request::bytes(mebibyte));
        REQUIRE(!starved);
        CHECK(starved.error().cause == cause_of(sys_errno));
    }
}

TEST_CASE("a camera is listed as one where udev has no v4l_id to say so") {
    Machine machine;
    machine.add_camera();
    const auto devices = open_allocator().devices();
    REQUIRE(devices);
    REQUIRE(devices->size() == 1);
    CHECK(std::ranges::equal(devices->front().uses(), std::vector{Use::capture}));
}

TEST_CASE("without verification nothing is imported") {
    Machine machine;
    const Allocator allocator = open_allocator();
    int calls = 0;
    const auto watched = described("npu", {}, [&](const Buffer&) -> Result<void> {
        ++calls;
        return {};
    });
    const auto buffer =
        allocator.allocate(Request::bytes(4096).use(watched, Use::read), {false, false});
    REQUIRE(buffer);
    CHECK(calls == 0);
    CHECK(buffer->verified().empty());
}

TEST_CASE("memory that has gone since the plan was made is not asked for") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(Request::bytes(64 * mebibyte).without("dma-heap:reserved"));
    REQUIRE(plan);
    machine.kernel.add_file("/proc/meminfo", "MemAvailable:   1024 kB\n");
    const auto buffer = allocator.allocate(*plan);
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(machine.kernel.count("memfd") == 0);
}

TEST_CASE("a plan without candidates fails with its conflict") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Constraints odd;
    odd.min_stride = 100;
    odd.max_stride = 100;
    const auto buffer = allocator.allocate(
        Request::image(640, 480, fourcc::xrgb8888).use(described("npu", odd), Use::read));
    REQUIRE(!buffer);
    CHECK(buffer.error().cause == Cause::unsatisfiable);
    CHECK(!buffer.error().conflict.empty());
    CHECK(!buffer.error().rejections.empty());
}

TEST_CASE("backends and sources are left out by request, option and environment") {
    Machine machine;
    machine.kernel.environment["SIMPLEALLOC_DISABLE"] = "udmabuf";
    AllocatorOptions options;
    options.without = {"dma-heap:system"};
    const Allocator allocator = open_allocator(options);
    const auto plan = allocator.plan(Request::bytes(4096));
    REQUIRE(plan);
    CHECK(sources(*plan) == std::vector<std::string>{"dma-heap:reserved"});
    const auto none = allocator.plan(Request::bytes(4096).without("dma-heap"));
    REQUIRE(none);
    CHECK(sources(*none).empty());
    const auto typo = allocator.plan(Request::bytes(4096).without("dmaheap"));
    REQUIRE(!typo);
    CHECK(typo.error().cause == Cause::invalid);
}

TEST_CASE("the caller's order decides among sources that are equal otherwise") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto plan =
        allocator.plan(Request::bytes(4096).cpu(CpuAccess::read_often).order({"udmabuf"}));
    REQUIRE(plan);
    CHECK(sources(*plan).front() == "udmabuf");
}

TEST_CASE("whichever system call fails, nothing is left and the error says where") {
    Machine machine;
    test::FakeCard card;
    add_drm_card(machine.kernel, card);
    for (const int sys_errno : {EINVAL, ENOMEM, EACCES, ENODEV, EMFILE, EIO}) {
        for (std::uint64_t nth = 1;; ++nth) {
            const auto before = machine.kernel.census();
            machine.kernel.clear_failures();
            machine.kernel.fail_nth_syscall(nth, sys_errno);
            try {
                auto allocator = Allocator::open();
                if (allocator) {
                    auto device = allocator->device("/dev/dri/card0");
                    if (device) {
                        auto buffer = allocator->allocate(
                            Request::image(64, 64, fourcc::xrgb8888).use(*device, Use::read));
                        if (!buffer) {
                            INFO("syscall " << nth << ", errno " << sys_errno);
                            CHECK(!buffer.error().message().empty());
                        }
                    }
                }
            } catch (const std::bad_alloc&) {
                CHECK(sys_errno == ENOMEM);
            }
            const bool reached = machine.kernel.failed();
            machine.kernel.clear_failures();
            INFO("syscall " << nth << ", errno " << sys_errno);
            REQUIRE(machine.kernel.census() == before);
            REQUIRE(machine.kernel.errors().empty());
            if (!reached)
                break;
            REQUIRE(nth < 1000);
        }
    }
}
