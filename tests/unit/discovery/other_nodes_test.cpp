// SPDX-License-Identifier: MIT
// Devices that are neither cards nor video nodes: accelerators, and nodes that quirk rows name.
#include "lib/allocate/plan_data.hpp"
#include "lib/base/internal.hpp"
#include "lib/discovery/other_nodes.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/discovery/record/device_record.hpp"

#include "lib/model/work.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <drm.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

const std::string npu = "/dev/accel/accel0";

std::shared_ptr<FakeCard> add_npu(FakeKernel& kernel, const std::string& driver = "intel_vpu") {
    FakeCard card;
    card.accel = true;
    card.driver = driver;
    card.parent = "pci";
    card.kms = card.dumb = false;
    return add_drm_card(kernel, card);
}

/// With two heaps, of which one is a CMA area.
struct Machine : FakeMachine {
    Machine() : FakeMachine({"system", "reserved"}) {
        kernel.add_file("/sys/kernel/mm/cma/reserved/alloc_pages_success", "0\n");
    }
    /// With one more quirk file.
    Allocator open(const std::string& rows = "") {
        AllocatorOptions options;
        if (!rows.empty()) {
            kernel.add_file("/etc/my.quirks", rows);
            options.quirk_path = "/etc/my.quirks";
        }
        return open_allocator(std::move(options));
    }
};

Device device_of(const Allocator& allocator, const std::string& path) {
    auto device = allocator.device(path);
    INFO((device ? "" : device.error().message()));
    REQUIRE(device);
    return *std::move(device);
}

std::optional<Fact> fact(const Device& device, const std::string& name) {
    const auto found = std::find_if(device.facts().begin(), device.facts().end(),
                                    [&](const Fact& each) { return each.name == name; });
    return found == device.facts().end() ? std::nullopt : std::optional(*found);
}

bool is_listed(const Allocator& allocator, const std::string& path) {
    const auto devices = allocator.devices();
    REQUIRE(devices);
    return std::any_of(devices->begin(), devices->end(),
                       [&](const Device& device) { return device.path() == path; });
}

std::vector<std::string> sources_of(const Plan& plan) {
    std::vector<std::string> names;
    for (const Candidate& candidate : plan.candidates())
        names.push_back(candidate.source);
    return names;
}

const std::string toy_row = "[char:toy_chardev]\nsource = x\nclass = toy_chardev\n";

FakeCharacter toy() {
    FakeCharacter node;
    node.path = "/dev/toy0";
    node.node_class = "toy_chardev";
    node.driver = "toy_pci";
    return node;
}

} // namespace

TEST_CASE("an accelerator is a device that reads and writes, and is not opened to find that out") {
    Machine machine;
    add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    CHECK(device.subsystem() == "accel");
    CHECK(device.driver() == "intel_vpu");
    CHECK(device.uses() == std::vector{Use::read, Use::write});
    REQUIRE(fact(device, "bus"));
    CHECK(fact(device, "bus")->value == "pci");
    CHECK(machine.kernel.count("open") == 0);
    CHECK(is_listed(allocator, npu));
    CHECK(machine.kernel.count("open") == 0);
}

TEST_CASE("a buffer for an accelerator is tested by a PRIME import that leaves nothing") {
    Machine machine;
    const auto card = add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    const Census idle = machine.kernel.census();
    {
        const Buffer buffer =
            allocate(allocator, Request::image(640, 480, fourcc::nv12).use(device, Use::read));
        CHECK(buffer.source() == "dma-heap:system");
        REQUIRE(buffer.verified().size() == 1);
        CHECK(buffer.verified()[0].imported == std::optional(true));
        CHECK(buffer.verified()[0].how == "PRIME import");
        const auto setup = buffer.setup(0);
        REQUIRE_FALSE(setup);
        CHECK(setup.error().detail == "is programmed by calls of its own driver");
    }
    CHECK(machine.kernel.census() == idle);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("an accelerator that refuses a buffer makes the next source be tried") {
    Machine machine;
    const auto card = add_npu(machine.kernel);
    card->imports = false;
    const Allocator allocator = machine.open();
    const auto buffer =
        allocator.allocate(Request::bytes(4096).use(device_of(allocator, npu), Use::write));
    REQUIRE_FALSE(buffer);
    CHECK_THAT(buffer.error().message(), Catch::Contains("every candidate failed"));
    CHECK(machine.kernel.count(DRM_IOCTL_PRIME_FD_TO_HANDLE) == 2);
}

TEST_CASE("an accelerator that may not be opened is planned for, and can't be tested") {
    Machine machine;
    add_npu(machine.kernel);
    machine.kernel.root = false;
    machine.kernel.member_of = {44};
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    CHECK(Internal::data(device).denied_remedy == "add the user to group render");
    const auto plan = allocator.plan(Request::bytes(4096).use(device, Use::read));
    REQUIRE(plan);
    for (const Rejection& rejection : plan->rejections())
        CHECK(rejection.constraint == ConstraintKind::access); // of the heaps

    machine.kernel.root = true;
    machine.kernel.fail("open", 2, EACCES); // after the heap
    const Buffer buffer = allocate(allocator, Request::bytes(4096).use(device, Use::read));
    REQUIRE(buffer.verified().size() == 1);
    CHECK_FALSE(buffer.verified()[0].imported);
    CHECK_THAT(buffer.verified()[0].reason, Catch::Contains("Permission denied"));
}

TEST_CASE("the caller's descriptor of an accelerator serves where its node can't be opened") {
    Machine machine;
    const auto card = add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const UniqueFd fd = UniqueFd::adopt(kernel::open(npu.c_str(), O_RDWR));
    const auto device = allocator.device(fd.get());
    REQUIRE(device);
    CHECK(device->driver() == "intel_vpu");
    const udev::Node node = *udev::by_devnum(makedev(261, 0));
    machine.kernel.remove(npu);
    machine.kernel.proc = false;
    machine.kernel.add_udev(node);
    const Buffer buffer = allocate(allocator, Request::bytes(4096).use(*device, Use::read));
    REQUIRE(buffer.verified().size() == 1);
    CHECK(buffer.verified()[0].how == "PRIME import on the caller's descriptor");
    CHECK(buffer.verified()[0].imported == std::optional(true));
}

TEST_CASE("an accelerator without sysfs is known by its number") {
    Machine machine;
    FakeNode node;
    node.path = npu;
    node.devnum = makedev(261, 0);
    machine.kernel.add_node(node);
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    CHECK(device.subsystem() == "accel");
    CHECK(device.driver().empty());
    const auto plan = allocator.plan(Request::bytes(4096).use(device, Use::read));
    REQUIRE(plan);
    CHECK_FALSE(plan->candidates().empty());
}

TEST_CASE("an accelerator imports for who wants its handles, and has no framebuffers") {
    Machine machine;
    add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    const Buffer buffer =
        allocate(allocator, Request::image(640, 480, fourcc::xrgb8888).use(device, Use::read));
    const auto importer = DrmImporter::open(device);
    REQUIRE(importer);
    auto import = importer->import(buffer);
    REQUIRE(import);
    CHECK(import->handles().size() == 1);
    const auto framebuffer = import->framebuffer();
    REQUIRE_FALSE(framebuffer);
    CHECK(framebuffer.error().cause == Cause::unsupported);
    const UniqueFd fd = UniqueFd::adopt(kernel::open(npu.c_str(), O_RDWR));
    CHECK(DrmImporter::open(fd.get()));
}

TEST_CASE("an accelerator neither shows nor captures") {
    Machine machine;
    add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const auto use = GENERATE(Use::scanout, Use::render, Use::capture, Use::m2m_in);
    const auto plan = allocator.plan(
        Request::image(640, 480, fourcc::xrgb8888).use(device_of(allocator, npu), use));
    REQUIRE_FALSE(plan);
    CHECK(plan.error().cause == Cause::unsupported);
    CHECK_THAT(plan.error().message(), Catch::Contains("an accelerator"));
}

TEST_CASE("an accelerator whose driver has no GEM takes nobody's memory") {
    Machine machine;
    add_npu(machine.kernel, "habanalabs");
    const Allocator allocator = machine.open();
    const auto plan =
        allocator.plan(Request::bytes(4096).use(device_of(allocator, npu), Use::read));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    REQUIRE_FALSE(plan->conflict().empty());
    CHECK(plan->conflict()[0].constraint == ConstraintKind::exporter);
    CHECK(machine.kernel.count("open") == 0);
}

TEST_CASE("a control node of an accelerator is none") {
    Machine machine;
    FakeCharacter node;
    node.path = "/dev/accel/accel_controlD0";
    node.node_class = "accel";
    add_character(machine.kernel, node);
    const Allocator allocator = machine.open("[char:*]\nsource = x\n");
    const auto device = allocator.device(node.path);
    REQUIRE_FALSE(device);
    CHECK(device.error().cause == Cause::invalid);
    CHECK_FALSE(is_listed(allocator, node.path));
}

TEST_CASE("a node that no row names is refused with the row that would settle it") {
    Machine machine;
    add_character(machine.kernel, toy());
    const auto refused = machine.open().device("/dev/toy0");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::invalid);
    CHECK(refused.error().detail == "is no DRM, accelerator or V4L2 device, and no quirk row names "
                                    "it (character device 240:0 of class toy_chardev)");
    CHECK_THAT(refused.error().remedy,
               Catch::Contains("[char:toy*] with class = toy_chardev, source = "));
    CHECK(machine.kernel.count("open") == 0);

    const Device device =
        device_of(machine.open("[char:toy*]\nclass = toy_chardev\nsource = x\ncontiguous = no\n"),
                  "/dev/toy0");
    CHECK(device.subsystem() == "toy_chardev");
    CHECK(device.uses() == std::vector{Use::read, Use::write});
}

TEST_CASE("a row names a node by class, by its name there, by driver or by path") {
    const auto [row, named] = GENERATE(table<std::string, bool>({
        {"[char:toy_chardev]", true},
        {"[char:toy_chardev]\nclass = toy_chardev", true},
        {"[char:toy0]", true},
        {"[char:toy*]", true},
        {"[char:toy_pci]", true},
        {"[char:toy]", false},
        {"[char:toy0]\nclass = other toy_chardev", true},
        {"[char:toy0]\nclass = misc", false},
        {"[char:*]\nnode = /dev/toy[0-9]", true},
        {"[char:*]\nnode = /dev/doll* /dev/toy*", true},
        {"[char:*]\nnode = /dev/doll*", false},
        {"[char:toy0]\nkernel = <6.0", false},
    }));
    CAPTURE(row);
    Machine machine;
    add_character(machine.kernel, toy());
    const Allocator allocator = machine.open(row + "\nsource = x\n");
    CHECK(allocator.device("/dev/toy0").has_value() == named);
    CHECK(is_listed(allocator, "/dev/toy0") == named);
}

TEST_CASE("the rows that are built in name their classes, so that no other is looked through") {
    FakeKernel kernel;
    const auto quirks = Quirks::load("");
    REQUIRE(quirks);
    const std::vector<std::string> classes = watched_classes(*quirks);
    for (const char* name : {"drm", "accel", "misc", "hailo_chardev"})
        CHECK(std::find(classes.begin(), classes.end(), name) != classes.end());
    int error = 0;
    CHECK(named_nodes(*quirks, error).empty());
    CHECK(kernel.count("udev") < classes.size());
}

TEST_CASE("a request is planned by the row of a node, and says that nothing could be tested") {
    Machine machine;
    add_character(machine.kernel, toy());
    const Allocator allocator = machine.open(toy_row + "contiguous = yes\n");
    const Device device = device_of(allocator, "/dev/toy0");
    const RequestBuilder request = Request::bytes(65536).use(device, Use::read);
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    CHECK(sources_of(*plan) == std::vector<std::string>{"dma-heap:reserved"});
    const Buffer buffer = allocate(allocator, request);
    REQUIRE(buffer.verified().size() == 1);
    CHECK_FALSE(buffer.verified()[0].imported);
    CHECK(buffer.verified()[0].reason ==
          "nothing could be tested: only calls of its own driver import");
    CHECK(machine.kernel.count("open") > 0); // heaps, and never the node
    for (const FakeCall& call : machine.kernel.calls())
        CHECK_FALSE((call.name == "open" && call.object == "/dev/toy0"));
}

TEST_CASE("a row that leaves contiguity open makes what is planned unproven") {
    Machine machine;
    add_character(machine.kernel, toy());
    const Allocator allocator = machine.open(toy_row);
    const auto plan =
        allocator.plan(Request::bytes(65536).use(device_of(allocator, "/dev/toy0"), Use::read));
    REQUIRE(plan);
    REQUIRE_FALSE(plan->candidates().empty());
    CHECK(std::any_of(plan->candidates().begin(), plan->candidates().end(),
                      [](const Candidate& candidate) { return candidate.unproven; }));
}

TEST_CASE("what a plan says of an open question about a node names a row that is for it") {
    Machine machine;
    add_character(machine.kernel, toy());
    const Device device = device_of(machine.open(toy_row), "/dev/toy0");
    solver::Spending spending;
    const auto input = find_use({device, Use::read, {}}, fourcc::bytes, spending);
    REQUIRE(input);
    CHECK(input->row == "char:toy*");
    const std::string row = "[" + input->row + "]\nsource = x\ncontiguous = no\n";
    CHECK(parse_quirks(row, "said.quirks").mistakes.empty());
    REQUIRE(fact(device_of(machine.open(row), "/dev/toy0"), "contiguous"));
}

TEST_CASE("a named node's mask is that of the PCI function that it stands on") {
    Machine machine;
    add_character(machine.kernel, toy());
    machine.kernel.add_file("/sys/devices/pci0000:00/0000:01:00.0/dma_mask_bits", "36\n");
    machine.kernel.add_link("/sys/devices/pci0000:00/0000:01:00.0/driver", "/sys/bus/pci/x");
    const Device device = device_of(machine.open(toy_row), "/dev/toy0");
    REQUIRE(fact(device, "dma-mask-bits"));
    CHECK(fact(device, "dma-mask-bits")->value == "36");
}

TEST_CASE("where sysfs shows no hardware behind a node, nobody knows of an IOMMU") {
    Machine machine;
    FakeCharacter node = toy();
    node.node_class = "misc";
    node.parent.clear();
    add_character(machine.kernel, node);
    const Device device =
        device_of(machine.open("[char:toy0]\nclass = misc\nsource = x\n"), "/dev/toy0");
    REQUIRE(fact(device, "iommu"));
    CHECK(fact(device, "iommu")->confidence == Confidence::unknown);
    CHECK(fact(device, "bus")->value == "virtual");
}

TEST_CASE("a named node without sysfs is known by its path alone") {
    Machine machine;
    FakeCharacter node = toy();
    node.in_udev = false;
    add_character(machine.kernel, node);
    CHECK(machine.open("[char:*]\nnode = /dev/toy*\nsource = x\n").device("/dev/toy0"));
    const auto refused = machine.open(toy_row).device("/dev/toy0");
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().remedy, Catch::Contains("sysfs does not tell the class"));
}

TEST_CASE("a node that gives memory is told so, and disks are never devices") {
    Machine machine;
    const auto heap = machine.open().device("/dev/dma_heap/system");
    REQUIRE_FALSE(heap);
    CHECK_THAT(heap.error().detail, Catch::EndsWith("it gives memory and takes none"));
    FakeCharacter disk = toy();
    disk.node_class = "block";
    add_character(machine.kernel, disk);
    CHECK_FALSE(is_listed(machine.open("[char:*]\nsource = x\n"), "/dev/toy0"));
}

TEST_CASE("a named node that may not be opened tells the rule for itself alone") {
    Machine machine;
    FakeCharacter node = toy();
    node.mode = 0600;
    add_character(machine.kernel, node);
    machine.kernel.root = false;
    const Device device = device_of(machine.open(toy_row), "/dev/toy0");
    CHECK_FALSE(Internal::data(device).readable);
    CHECK(
        Internal::data(device).denied_remedy ==
        R"(add a udev rule: SUBSYSTEM=="toy_chardev", KERNEL=="toy0", GROUP="video", MODE="0660")");
}

TEST_CASE("an accelerator that goes between plan and test leaves the buffer untested") {
    Machine machine;
    add_npu(machine.kernel);
    const Allocator allocator = machine.open();
    const Device device = device_of(allocator, npu);
    const auto sys_errno = GENERATE(ENOENT, ENODEV, EBUSY, EMFILE);
    machine.kernel.fail("open", 2, sys_errno); // after the heap
    const Census idle = machine.kernel.census();
    {
        const Buffer buffer = allocate(allocator, Request::bytes(4096).use(device, Use::read));
        REQUIRE(buffer.verified().size() == 1);
        CHECK_FALSE(buffer.verified()[0].imported);
        CHECK_FALSE(buffer.verified()[0].reason.empty());
    }
    CHECK(machine.kernel.census() == idle);
}

TEST_CASE("what was planned for a node that has gone is refused as gone") {
    const bool accel = GENERATE(true, false);
    Machine machine;
    if (accel)
        add_npu(machine.kernel);
    else
        add_character(machine.kernel, toy());
    const std::string path = accel ? npu : "/dev/toy0";
    const Allocator allocator = machine.open(toy_row);
    const Request request =
        Request::bytes(4096).use(device_of(allocator, path), Use::read).strict(false);
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    machine.kernel.remove(path);
    CHECK_FALSE(*allocator.is_current(*plan));
    const auto again = allocator.plan(request);
    REQUIRE_FALSE(again);
    CHECK(again.error().cause == Cause::gone);
    const auto found = allocator.device(path);
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == Cause::gone);
}

TEST_CASE("accelerators and named nodes that come and go are told") {
    Machine machine;
    const std::string row =
        GENERATE(as<std::string>(), toy_row, "[char:toy_pci]\nsource = x\nclass = toy_chardev\n",
                 "[char:toy_pci]\nsource = x\n");
    const Allocator allocator = machine.open(row);
    auto monitor = allocator.monitor();
    REQUIRE(monitor);

    add_npu(machine.kernel);
    machine.kernel.send({"add", *udev::by_devnum(makedev(261, 0))});
    auto event = monitor->next();
    REQUIRE((event && *event));
    CHECK((*event)->subject == HotplugSubject::device);
    CHECK((*event)->path == npu);

    udev::Node node = add_character(machine.kernel, toy());
    machine.kernel.send({"add", node});
    event = monitor->next();
    REQUIRE((event && *event));
    CHECK((*event)->path == "/dev/toy0");
    CHECK((*event)->subsystem == "toy_chardev");
    // Its driver leaves before it does.
    node.driver.clear();
    node.parent_syspath = "/sys/devices/pci0000:00";
    machine.kernel.send({"remove", node});
    event = monitor->next();
    REQUIRE((event && *event));
    CHECK((*event)->kind == HotplugKind::removed);
    CHECK((*event)->subject == HotplugSubject::device);

    FakeCharacter other = toy();
    other.path = "/dev/doll0";
    other.node_class = "doll";
    other.driver = "doll";
    other.minor = 7;
    machine.kernel.send({"add", add_character(machine.kernel, other)});
    event = monitor->next();
    REQUIRE(event);
    CHECK_FALSE(*event);
}

TEST_CASE("udev that can't be asked is an error of listing, not of planning") {
    Machine machine;
    add_npu(machine.kernel);
    const Allocator allocator = machine.open(toy_row);
    const Device device = device_of(allocator, npu);
    machine.kernel.udev_error = -EACCES;
    CHECK_FALSE(allocator.devices());
    CHECK(allocator.plan(Request::bytes(4096).use(device, Use::read)));
}
