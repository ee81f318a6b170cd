// SPDX-License-Identifier: MIT
// Hotplug events as the Monitor tells them, and what they do to what was known.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

using namespace simplealloc;
using test::node_at;
using test::open_allocator;

namespace {

using Names = std::vector<std::string>;

Monitor listen(const Allocator& allocator) {
    auto monitor = allocator.monitor();
    REQUIRE(monitor);
    return *std::move(monitor);
}

/// The next event, which has to be there.
HotplugEvent next(Monitor& monitor) {
    auto event = monitor.next();
    REQUIRE(event);
    REQUIRE(event->has_value());
    return **std::move(event);
}

void check_none_waits(Monitor& monitor) {
    const auto event = monitor.next();
    REQUIRE(event);
    CHECK(!event->has_value());
}

/// A machine with enough memory, a heap and a card that makes dumb buffers.
struct Machine : test::FakeMachine {
    Machine() { test::add_drm_card(kernel); }

    void plug_heap(const std::string& name) {
        add_heap(name);
        kernel.send({"add", node_at("dma_heap", "/dev/dma_heap/" + name)});
    }
    void unplug(const std::string& subsystem, const std::string& path) {
        const udev::Node node = node_at(subsystem, path);
        kernel.remove(path);
        kernel.remove(node.syspath);
        kernel.send({"remove", node});
    }
};

/// From a refused import until something is hotplugged.
Device picky(std::size_t& asked) {
    return test::described("picky", {}, [&asked](const Buffer&) -> Result<void> {
        ++asked;
        Error error;
        error.cause = Cause::refused;
        error.detail = "does not like it";
        return error;
    });
}

} // namespace

TEST_CASE("a heap that comes and goes is told with the source that it brings and takes") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    check_none_waits(monitor);

    machine.plug_heap("late");
    const HotplugEvent added = next(monitor);
    CHECK(added.kind == HotplugKind::added);
    CHECK(added.subject == HotplugSubject::heap);
    CHECK(added.path == "/dev/dma_heap/late");
    CHECK(added.name == "late");
    CHECK(added.subsystem == "dma_heap");
    CHECK(added.id == node_at("dma_heap", added.path).syspath);
    CHECK(added.sources_added == Names{"dma-heap:late"});
    CHECK(added.sources_removed.empty());

    machine.unplug("dma_heap", "/dev/dma_heap/late");
    const HotplugEvent removed = next(monitor);
    CHECK(removed.kind == HotplugKind::removed);
    CHECK(removed.id == added.id);
    CHECK(removed.sources_added.empty());
    CHECK(removed.sources_removed == Names{"dma-heap:late"});
    check_none_waits(monitor);
}

TEST_CASE("a card goes with the id that it had while its driver was there") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    Monitor monitor = listen(allocator);
    udev::Node node = node_at("drm", "/dev/dri/card0");
    machine.kernel.remove("/dev/dri/card0");
    node.parent_syspath = "/sys/devices/pci0000:00";
    node.driver = "pcieport";
    machine.kernel.send({"remove", node});

    const HotplugEvent removed = next(monitor);
    CHECK(removed.kind == HotplugKind::removed);
    CHECK(removed.subject == HotplugSubject::device);
    CHECK(removed.id == card->id());
    CHECK(removed.sources_removed == Names{"drm-dumb:card0"});
}

TEST_CASE("a changed node is told, and what is neither device nor heap is not") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    udev::Node connector;
    connector.subsystem = "drm";
    connector.sysname = "card0-HDMI-A-1";
    machine.kernel.send({"add", connector});
    udev::Node radio;
    radio.subsystem = "video4linux";
    radio.sysname = "radio0";
    radio.devnode = "/dev/radio0";
    machine.kernel.send({"add", radio});
    udev::Node misc;
    misc.subsystem = "misc";
    misc.sysname = "kvm";
    misc.devnode = "/dev/kvm";
    machine.kernel.send({"add", misc});
    machine.kernel.send({"change", node_at("drm", "/dev/dri/card0")});

    const HotplugEvent event = next(monitor);
    CHECK(event.kind == HotplugKind::changed);
    CHECK(event.path == "/dev/dri/card0");
    check_none_waits(monitor);
}

TEST_CASE("lost events are told as a rescan that has caught up with the sources") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    machine.plug_heap("late");
    machine.kernel.lose_events();
    const HotplugEvent event = next(monitor);
    CHECK(event.kind == HotplugKind::rescan);
    CHECK(event.subject == HotplugSubject::machine);
    CHECK(event.path.empty());
    CHECK(event.sources_added == Names{"dma-heap:late"});
    check_none_waits(monitor);
    // Its id is known from the rescan.
    machine.unplug("dma_heap", "/dev/dma_heap/late");
    CHECK(next(monitor).sources_removed == Names{"dma-heap:late"});
}

TEST_CASE("an event whose consequences can't be found out is kept until they can") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    machine.plug_heap("late");
    machine.kernel.udev_error = -EMFILE;
    const auto failed = monitor.next();
    REQUIRE(!failed);
    CHECK(failed.error().cause == Cause::fd_limit);
    machine.kernel.udev_error = 0;
    CHECK(next(monitor).sources_added == Names{"dma-heap:late"});
}

TEST_CASE("a socket that can't be read is an error, and no event is lost by it") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    machine.plug_heap("late");
    machine.kernel.fail("receive", 1, ENOMEM);
    const auto failed = monitor.next();
    REQUIRE(!failed);
    CHECK(failed.error().cause == Cause::exhausted);
    CHECK(failed.error().object == "hotplug events");
    CHECK(next(monitor).name == "late");
}

TEST_CASE("it listens to udevd where that runs, and to the kernel where it does not") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto group = [&] {
        for (const test::FakeCall& call : machine.kernel.calls())
            if (call.name == "monitor")
                return call.object;
        return std::string("none");
    };
    CHECK(listen(allocator).origin() == "kernel");
    CHECK(group() == "kernel");
    machine.kernel.add_file("/run/udev/control", "");
    machine.kernel.clear_calls();
    CHECK(listen(allocator).origin() == "udev");
    CHECK(group() == "udev");
}

TEST_CASE("a monitor leaves nothing behind, opened or not, and outlives its allocator") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        std::optional<Allocator> allocator = open_allocator();
        Monitor monitor = listen(*allocator);
        CHECK(monitor.fd() >= 0);
        allocator.reset();
        machine.plug_heap("late");
        CHECK(next(monitor).name == "late");
    }
    CHECK(machine.kernel.census() == before);
    const Allocator allocator = open_allocator();
    machine.kernel.fail("monitor", 1, EMFILE);
    const auto failed = allocator.monitor();
    REQUIRE(!failed);
    CHECK(failed.error().cause == Cause::fd_limit);
    machine.kernel.fail("udev", 1, EMFILE);
    CHECK(!allocator.monitor());
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("what a device refused is forgotten with an event, also where sysfs can't be read") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    std::size_t asked = 0;
    const RequestBuilder request = Request::bytes(4096).use(picky(asked), Use::read);
    CHECK(!allocator.allocate(request));
    const std::size_t once = asked;
    REQUIRE(once > 0);
    CHECK(!allocator.allocate(request));
    CHECK(asked == once);
    machine.kernel.send({"change", node_at("drm", "/dev/dri/card0")});
    next(monitor);
    CHECK(!allocator.allocate(request));
    CHECK(asked > once);
}

TEST_CASE("a log sink may ask for the next event") {
    Machine machine;
    const Allocator allocator = open_allocator();
    Monitor monitor = listen(allocator);
    machine.plug_heap("one");
    machine.plug_heap("two");
    Names told;
    bool asked = false;
    set_log(LogLevel::debug, [&](LogLevel, std::string_view line) {
        if (line.starts_with("monitor: ") && !std::exchange(asked, true))
            told.push_back(next(monitor).name);
    });
    told.push_back(next(monitor).name);
    set_log(LogLevel::off);
    CHECK(told == Names{"two", "one"});
    check_none_waits(monitor);
}

TEST_CASE("a plan is current until its sources or devices are others") {
    Machine machine;
    const Allocator allocator = open_allocator();
    const auto card = allocator.device("/dev/dri/card0");
    REQUIRE(card);
    const auto plan =
        allocator.plan(Request::image(640, 480, fourcc::xrgb8888).use(*card, Use::read));
    REQUIRE(plan);
    CHECK(allocator.is_current(*plan).value());

    SECTION("a heap comes") {
        machine.plug_heap("late");
        CHECK(!allocator.is_current(*plan).value());
        machine.unplug("dma_heap", "/dev/dma_heap/late");
        CHECK(allocator.is_current(*plan).value());
    }
    SECTION("a heap goes") {
        machine.unplug("dma_heap", "/dev/dma_heap/system");
        CHECK(!allocator.is_current(*plan).value());
    }
    SECTION("a source may be used no more") {
        machine.kernel.root = false;
        CHECK(!allocator.is_current(*plan).value());
    }
    SECTION("the device goes") {
        machine.unplug("drm", "/dev/dri/card0");
        CHECK(!allocator.is_current(*plan).value());
    }
    SECTION("another device gets its number") {
        test::FakeCard other;
        other.index = 7;
        add_drm_card(machine.kernel, other);
        const udev::Node node = node_at("drm", "/dev/dri/card7");
        machine.kernel.remove("/dev/dri/card7");
        machine.kernel.remove("/dev/dri/card0");
        test::FakeNode taken;
        taken.path = "/dev/dri/card0";
        taken.devnum = node.devnum;
        machine.kernel.add_node(taken);
        CHECK(!allocator.is_current(*plan).value());
    }
    SECTION("it can't be known") {
        machine.kernel.udev_error = -EMFILE;
        const auto current = allocator.is_current(*plan);
        REQUIRE(!current);
        CHECK(current.error().cause == Cause::fd_limit);
    }
}
