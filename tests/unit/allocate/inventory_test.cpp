// SPDX-License-Identifier: MIT
// A second plan asks the machine little, and is what a first one would be.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/told.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <new>
#include <set>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr const char* udev_data = "/run/udev/data";

/// A machine that counts its events, and where udevd runs.
struct Machine : FakeMachine {
    Machine() : FakeMachine({"system", "reserved"}) {
        add_udmabuf(kernel);
        add_simple_allocator(kernel);
        FakeCard card;
        card.screen = std::make_shared<FakeScreen>();
        add_drm_card(kernel, std::move(card));
        FakeVideo camera;
        camera.udev_capabilities = ":capture:";
        add_camera(std::move(camera));
        kernel.add_directory(udev_data);
        event();
    }

    void event() { kernel.add_file("/sys/kernel/uevent_seqnum", fmt::format("{}\n", ++events)); }

    int events = 1000;
};

struct Fixture {
    Machine machine;
    Allocator allocator = open_allocator();
    Device display = allocator.device("/dev/dri/card0").value();

    RequestBuilder request() const {
        return Request::image(640, 480, fourcc::xrgb8888).use(display, Use::scanout);
    }
    /// What a plan asks of udev.
    std::size_t asked_of_udev() {
        machine.kernel.clear_calls();
        const auto plan = allocator.plan(request());
        INFO((plan ? "" : plan.error().message()));
        REQUIRE(plan);
        return machine.kernel.count("udev");
    }
};

std::set<std::string> names(const std::vector<SourceInfo>& sources) {
    std::set<std::string> names;
    for (const SourceInfo& source : sources)
        names.insert(source.name);
    return names;
}

} // namespace

TEST_CASE_METHOD(Fixture, "a second plan asks udev nothing, and sysfs for what changes silently") {
    CHECK(asked_of_udev() > 0);
    CHECK(asked_of_udev() == 0);
    for (const FakeCall& call : machine.kernel.calls()) {
        INFO(call.name << ' ' << call.object);
        // Whether the display itself is still there.
        CHECK((!call.object.starts_with("/sys/devices/") || call.name == "stat"));
        CHECK(call.object != "/proc/zoneinfo");
    }
    CHECK(machine.kernel.calls().size() <= 20);
}

TEST_CASE_METHOD(Fixture, "an event ends what is kept") {
    asked_of_udev();
    machine.add_heap("late");
    machine.event();
    CHECK(names(allocator.sources().value()).contains("dma-heap:late"));
    CHECK(asked_of_udev() == 0); // of what sources() has found
    machine.event();
    CHECK(asked_of_udev() > 0);
}

TEST_CASE_METHOD(Fixture, "udevd's word comes later than the kernel's event") {
    asked_of_udev();
    machine.kernel.modified[udev_data] = std::chrono::minutes(10);
    CHECK(asked_of_udev() > 0);
    CHECK(asked_of_udev() == 0);

    SECTION("and nothing is kept while it may still be writing") {
        machine.kernel.modified[udev_data] = std::chrono::hours(1);
        asked_of_udev();
        CHECK(asked_of_udev() > 0);
        machine.kernel.time += std::chrono::seconds(1);
        asked_of_udev();
        CHECK(asked_of_udev() == 0);
    }
    SECTION("nor when somebody has set the clock back") {
        machine.kernel.modified[udev_data] = std::chrono::hours(2);
        asked_of_udev();
        CHECK(asked_of_udev() > 0);
    }
    SECTION("where it does not run there is no folder") {
        machine.kernel.remove(udev_data);
        CHECK(asked_of_udev() > 0);
        CHECK(asked_of_udev() == 0);
    }
    SECTION("and what may not be looked at is not trusted") {
        machine.kernel.fail("stat", 0, EACCES);
        machine.kernel.clear_calls();
        (void)allocator.sources();
        CHECK(machine.kernel.count("udev") > 0);
    }
}

TEST_CASE_METHOD(Fixture, "without a count of events nothing is kept") {
    machine.kernel.remove("/sys/kernel/uevent_seqnum");
    CHECK(asked_of_udev() > 0);
    CHECK(asked_of_udev() > 0);
}

TEST_CASE_METHOD(Fixture, "what changes without an event is seen at once") {
    asked_of_udev();
    const auto source = [&](const std::string& name) {
        const auto sources = allocator.sources().value();
        const auto found = std::ranges::find(sources, name, &SourceInfo::name);
        REQUIRE(found != sources.end());
        return *found;
    };
    SECTION("the mode of a heap's node") {
        CHECK(source("dma-heap:system").usable);
        machine.kernel.root = false;
        CHECK_FALSE(source("dma-heap:system").usable);
        machine.kernel.root = true;
        CHECK(source("dma-heap:system").usable);
    }
    SECTION("the limit of udmabuf") {
        const auto limit = [&] {
            for (const Fact& fact : source("udmabuf").facts)
                if (fact.name == "max-size")
                    return fact.value;
            return std::string();
        };
        const std::string before = limit();
        machine.kernel.add_file("/sys/module/udmabuf/parameters/size_limit_mb", "7\n");
        CHECK(limit() != before);
        CHECK(limit() == "7 MiB");
    }
}

TEST_CASE("what could not be asked for want of memory or descriptors is not kept") {
    const int sys_errno = GENERATE(ENOMEM, EMFILE);
    for (std::uint64_t nth = 1;; ++nth) {
        Machine machine;
        const Allocator allocator = open_allocator();
        const Device display = allocator.device("/dev/dri/card0").value();
        const Request request =
            Request::image(640, 480, fourcc::xrgb8888).use(display, Use::scanout);
        machine.kernel.fail_nth_syscall(nth, sys_errno);
        try {
            (void)allocator.plan(request);
        } catch (const std::bad_alloc&) {
        }
        const bool failed = machine.kernel.failed();
        machine.kernel.clear_failures();
        if (!failed)
            break;
        INFO("call " << nth);
        const Allocator fresh = open_allocator();
        CHECK(told_of_sources(allocator) == told_of_sources(fresh));
        CHECK(told_of_plan(allocator, request) == told_of_plan(fresh, request));
    }
}

TEST_CASE_METHOD(Fixture, "what is kept keeps no device of the caller's alive") {
    const std::size_t before = machine.kernel.open_fds().size();
    {
        const int fd = kernel::open("/dev/dri/card0", O_RDWR);
        REQUIRE(fd >= 0);
        const Device own = allocator.device(fd).value();
        kernel::close(fd);
        const auto plan =
            allocator.plan(Request::image(640, 480, fourcc::xrgb8888).use(own, Use::scanout));
        REQUIRE(plan);
        CHECK(std::ranges::any_of(plan->candidates(), [](const Candidate& candidate) {
            return candidate.source == "drm-dumb:card0";
        }));
    }
    CHECK(machine.kernel.open_fds().size() == before);
    // Another device object at the same node has its own sources.
    CHECK(allocator.allocate(request()));
}

TEST_CASE("after any changes an allocator tells what a new one tells") {
    Generator random(Catch::rngSeed());
    for (int round = 0; round < 20; ++round) {
        Machine machine;
        const Allocator old = open_allocator();
        const Device display = old.device("/dev/dri/card0").value();
        const Request request =
            Request::image(640, 480, fourcc::xrgb8888).use(display, Use::scanout);
        int heaps = 0;
        const std::vector<std::function<void()>> changes{
            [&] {
                machine.add_heap(fmt::format("heap{}", heaps++));
                machine.event();
            },
            [&] {
                if (heaps == 0)
                    return;
                machine.kernel.remove(fmt::format("/dev/dma_heap/heap{}", --heaps));
                machine.event();
            },
            [&] { machine.kernel.root = !machine.kernel.root; },
            [&] {
                machine.kernel.add_file("/sys/module/udmabuf/parameters/size_limit_mb",
                                        fmt::format("{}\n", random.below(64)));
            },
            [&] {
                machine.kernel.add_file("/proc/meminfo",
                                        fmt::format("MemAvailable: {} kB\nCmaTotal: 131072 kB\n",
                                                    1024 * random.below(2048)));
            },
            [&] { machine.kernel.remove("/dev/udmabuf"); },
            [&] {
                add_udmabuf(machine.kernel);
                machine.event();
            },
            [&] { machine.kernel.modified[udev_data] += std::chrono::seconds(1); },
            [&] { machine.event(); },
        };
        for (int step = 0; step < 20; ++step) {
            changes[random.below(changes.size())]();
            INFO("round " << round << ", step " << step);
            const Allocator fresh = open_allocator();
            CHECK(told_of_sources(old) == told_of_sources(fresh));
            CHECK(told_of_plan(old, request) == told_of_plan(fresh, request));
        }
    }
}
