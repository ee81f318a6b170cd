// SPDX-License-Identifier: MIT
// IOMMU, DMA masks, buses, pools, RAM and permissions as sysfs, device tree and procfs show them.
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/discovery/limits/memory_limits.hpp"
#include "lib/discovery/reach/reach.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/kernel/permission.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_tree.hpp"

#include <algorithm>
#include <cerrno>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

const std::string function = "/sys/devices/pci0000:00/0000:00:02.0";

const std::string platform = "/sys/devices/platform/soc/ff900000.toy";

/// What is found out of a node on `hardware`, with the rows of a quirk file for driver toy.
DeviceRecord record_of(const std::string& hardware, const std::string& bus,
                       const std::string& rows = "", const std::string& subsystem = "drm") {
    udev::Node node;
    node.syspath = hardware + "/drm/card0";
    node.subsystem = subsystem;
    node.parent_syspath = hardware;
    node.parent_subsystem = bus;
    DeviceRecord record;
    record.id = hardware;
    record.subsystem = subsystem;
    Quirks quirks;
    REQUIRE(quirks.read(rows, "mine.quirks"));
    record.quirks = quirks.rows_for({subsystem, {"toy"}, {}, {}});
    const device_tree::Phandles phandles;
    find_reach(node, phandles, record);
    apply_quirks(record);
    translate_reach(phandles, record);
    return record;
}

Reach reach_of(const std::string& hardware, const std::string& bus) {
    return record_of(hardware, bus).reach;
}

const Fact& fact(const DeviceRecord& record, const std::string& name) {
    const auto found = std::find_if(record.facts.begin(), record.facts.end(),
                                    [&](const Fact& each) { return each.name == name; });
    REQUIRE(found != record.facts.end());
    return *found;
}

bool has_fact(const DeviceRecord& record, const std::string& name) {
    return std::any_of(record.facts.begin(), record.facts.end(),
                       [&](const Fact& each) { return each.name == name; });
}

/// Driver toy on a bus of the device tree, on a machine with 8 GiB.
void add_toy(FakeKernel& kernel) {
    kernel.machine = "aarch64";
    kernel.add_file("/proc/zoneinfo", "zone Normal spanned 2097152 start_pfn: 0\n");
    add_bus(kernel, "", 2, 1);
    add_bus(kernel, "/soc", 1, 1);
    add_of_node(kernel, platform, "/soc/toy@ff900000");
}

const std::string head = "[drm:toy]\nsource = x\n";

void add_iommu(FakeKernel& kernel, const std::string& hardware, const std::string& type) {
    kernel.add_file("/sys/kernel/iommu_groups/7/type", type + "\n");
    kernel.add_link(hardware + "/iommu_group", "/sys/kernel/iommu_groups/7");
}

} // namespace

TEST_CASE("only IOMMU domains of the DMA kinds translate") {
    const auto [type, translated] = GENERATE(table<std::string, bool>({
        {"DMA", true},
        {"DMA-FQ", true},
        {"identity", false},
        {"blocked", false},
        {"unmanaged", false},
        {"unknown", false},
    }));
    FakeKernel kernel;
    kernel.add_directory(function);
    add_iommu(kernel, function, type);
    CAPTURE(type);
    CHECK(reach_of(function, "pci").translated == translated);
}

TEST_CASE("the DMA mask of a PCI function limits the addresses") {
    FakeKernel kernel;
    kernel.add_directory("/sys/bus/pci/drivers/toy");
    kernel.add_link(function + "/driver", "/sys/bus/pci/drivers/toy");
    kernel.add_file(function + "/dma_mask_bits", "39\n");
    const Reach reach = reach_of(function, "pci");
    CHECK(reach.mask_known);
    CHECK(reach.max_address == (std::uint64_t{1} << 39U) - 1);
    CHECK(reach.mask_origin == function + "/dma_mask_bits");
}

TEST_CASE("a mask of 64 bits is known and no limit") {
    FakeKernel kernel;
    kernel.add_file(function + "/dma_mask_bits", "64\n");
    const Reach reach = reach_of(function, "pci");
    CHECK(reach.mask_known);
    CHECK(reach.max_address == no_limit);
}

TEST_CASE("32 bits mean nothing while no driver is bound") {
    FakeKernel kernel;
    kernel.add_file(function + "/dma_mask_bits", "32\n");
    CHECK_FALSE(reach_of(function, "pci").mask_known);
    kernel.add_directory("/sys/bus/pci/drivers/toy");
    kernel.add_link(function + "/driver", "/sys/bus/pci/drivers/toy");
    CHECK(reach_of(function, "pci").max_address == 0xffffffff);
}

TEST_CASE("a mask that is no number is unknown") {
    FakeKernel kernel;
    kernel.add_file(function + "/dma_mask_bits", GENERATE("65\n", "0\n", "many\n", ""));
    CHECK_FALSE(reach_of(function, "pci").mask_known);
}

TEST_CASE("a virtio device reaches what its PCI function reaches") {
    FakeKernel kernel;
    kernel.add_directory(function + "/virtio0");
    kernel.add_file(function + "/dma_mask_bits", "64\n");
    add_iommu(kernel, function, "DMA");
    const Reach reach = reach_of(function + "/virtio0", "virtio");
    CHECK(reach.mask_known);
    CHECK(reach.translated);
}

TEST_CASE("the host controller's IOMMU and mask are not the USB device's") {
    FakeKernel kernel;
    kernel.add_directory(function + "/usb1/1-1/1-1:1.0");
    kernel.add_file(function + "/dma_mask_bits", "64\n");
    add_iommu(kernel, function, "DMA");
    const Reach reach = reach_of(function + "/usb1/1-1/1-1:1.0", "usb");
    CHECK_FALSE(reach.translated);
    CHECK_FALSE(reach.mask_known);
}

TEST_CASE("a platform device of the device tree has 32 bits unless its driver says more") {
    FakeKernel kernel;
    add_toy(kernel);
    Reach reach = reach_of(platform, "platform");
    CHECK(reach.max_address == 0xffffffff);
    CHECK(reach.mask_confidence == Confidence::assumed);
    CHECK(reach.mask_origin == "default for platform devices: a mask of 32 bits");
    reach = record_of(platform, "platform", head + "max-address = 0xfffffffff\n").reach;
    CHECK(reach.max_address == 0xfffffffff);
    CHECK(reach.mask_confidence == Confidence::known);
    // Without a device tree nothing is assumed.
    CHECK_FALSE(reach_of("/sys/devices/platform/vkms", "platform").mask_known);
}

TEST_CASE("a bus's dma-ranges make CPU addresses of what a device reaches") {
    FakeKernel kernel;
    add_toy(kernel);
    add_cells(kernel, "/soc", "dma-ranges", {0xc0000000, 0, 0, 0x40000000});
    const DeviceRecord record = record_of(platform, "platform");
    CHECK(record.reach.min_address == 0);
    CHECK(record.reach.max_address == 0x3fffffff);
    CHECK(fact(record, "dma-window").value == "0x0-0x3fffffff");
    CHECK(fact(record, "dma-window").origin == fake_tree + "/soc/dma-ranges");
    CHECK(record.reach.mask_origin.starts_with(fake_tree + "/soc/dma-ranges"));
    CHECK(fact(record, "bounces").value ==
          "what lies above 0x3fffffff, and RAM reaches 0x1ffffffff");
    const solver::CapabilitySet set = memory_limits(record, Use::scanout, fourcc::xrgb8888);
    CHECK(set.constraints.max_address == 0x3fffffff);
    CHECK(set.evidence.at(ConstraintKind::address_window).origin == record.reach.mask_origin);
}

TEST_CASE("a mask counts on the device's side of its bus") {
    FakeKernel kernel;
    add_toy(kernel);
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0x80000000, 0xf0000000});
    const Reach reach =
        record_of(platform, "platform", head + "min-address = 0x1000\nmax-address = 0xfffffff\n")
            .reach;
    CHECK(reach.min_address == 0x80001000);
    CHECK(reach.max_address == 0x8fffffff);
}

TEST_CASE("a bus that nobody can understand limits nothing") {
    FakeKernel kernel;
    add_toy(kernel);
    kernel.add_file(fake_tree + "/soc/dma-ranges", "odd");
    CHECK(reach_of(platform, "platform").max_address == 0xffffffff);
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0, 0});
    const DeviceRecord record = record_of(platform, "platform");
    CHECK(record.reach.max_address == 0xffffffff);
    CHECK(fact(record, "dma-window").value == "nothing");
}

TEST_CASE("nothing bounces behind an IOMMU that translates, nor where RAM is in reach") {
    FakeKernel kernel;
    add_toy(kernel);
    CHECK(has_fact(record_of(platform, "platform"), "bounces"));
    add_iommu(kernel, platform, "DMA");
    CHECK_FALSE(has_fact(record_of(platform, "platform"), "bounces"));
    kernel.remove(platform + "/iommu_group");
    kernel.add_file("/proc/zoneinfo", "zone Normal spanned 4096 start_pfn: 0\n");
    CHECK_FALSE(has_fact(record_of(platform, "platform"), "bounces"));
}

TEST_CASE("a PCI function reaches what its host bridge lets through") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string bridge = "/sys/devices/platform/soc/fd500000.pcie";
    const std::string card = bridge + "/pci0000:00/0000:00:00.0";
    add_of_node(kernel, bridge, "/soc/pcie@fd500000");
    add_bus(kernel, "/soc/pcie@fd500000", 3, 2);
    add_cells(kernel, "/soc/pcie@fd500000", "dma-ranges",
              {0x02000000, 0, 0, 0x40000000, 0, 0x40000000});
    add_strings(kernel, "/soc", "dma-ranges");
    kernel.add_directory(card);
    kernel.add_file(card + "/dma_mask_bits", "64\n");
    const Reach reach = reach_of(card, "pci");
    CHECK(reach.min_address == 0x40000000);
    CHECK(reach.max_address == 0x7fffffff);
}

TEST_CASE("a driver's own domain makes one run of any pages, whatever its group shows") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string own = head + "iommu-domain = own\ncontiguous = unless-iommu\n";
    const auto contiguity = [](const DeviceRecord& record) {
        return memory_limits(record, Use::scanout, fourcc::xrgb8888).constraints.contiguity;
    };
    CHECK(contiguity(record_of(platform, "platform", own)) == Contiguity::required);
    const std::string type = GENERATE("identity", "unmanaged", "DMA");
    CAPTURE(type);
    add_iommu(kernel, platform, type);
    const DeviceRecord record = record_of(platform, "platform", own);
    CHECK(record.reach.own_domain);
    CHECK(contiguity(record) == Contiguity::any);
    CHECK(fact(record, "iommu").confidence == Confidence::known);
    CHECK(fact(record, "iommu").origin.ends_with("quirk mine.quirks [drm:toy]"));
    // The kernel maps imports before the driver does: its mapping counts for the mask.
    CHECK(record.reach.translated == (type == "DMA"));
}

TEST_CASE(
    "imports are mapped for the device of the node: the mask counts unless that is translated") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string vop = "/sys/devices/platform/soc/vop";
    add_of_node(kernel, vop, "/soc/vop");
    kernel.add_link("/sys/bus/platform/devices/vop", vop);
    add_strings(kernel, "/soc/vop", "compatible", {"acme,vop"});
    add_iommu(kernel, vop, "DMA-FQ");
    const std::string rows =
        head + "dma-compatible = acme,vop\ncontiguous = unless-iommu\niommu-domain = ";
    const auto limits = [&](const char* domain) {
        return memory_limits(record_of(platform, "platform", rows + domain + "\n"), Use::scanout,
                             fourcc::xrgb8888);
    };
    CHECK(limits("own").constraints.contiguity == Contiguity::any);
    CHECK(limits("own").constraints.max_address == 0xffffffff);
    CHECK(limits("own").evidence.at(ConstraintKind::address_window).confidence ==
          Confidence::assumed);
    CHECK(limits("default").constraints.max_address == no_limit);
}

TEST_CASE("that a display's shown domain is the one in use is assumed on a device tree") {
    FakeKernel kernel;
    add_toy(kernel);
    add_iommu(kernel, platform, "DMA");
    CHECK(fact(record_of(platform, "platform"), "iommu").confidence == Confidence::assumed);
    CHECK(fact(record_of(platform, "platform", head + "iommu-domain = default\n"), "iommu")
              .confidence == Confidence::known);
    kernel.add_directory(function);
    add_iommu(kernel, function, "DMA");
    CHECK(fact(record_of(function, "pci"), "iommu").confidence == Confidence::known);
}

TEST_CASE("a display that is several devices reaches what all of them reach") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string rows = head + "dma-nodes = ports\n";
    for (const char* name : {"vopb", "vopl"}) {
        const std::string vop = std::string("/sys/devices/platform/soc/") + name;
        const std::string node = std::string("/soc/") + name;
        add_of_node(kernel, vop, node);
        kernel.add_link(std::string("/sys/bus/platform/devices/") + name, vop);
        add_strings(kernel, node, "compatible", {"acme,vop"});
        add_cells(kernel, node + "/port", "phandle", {static_cast<std::uint32_t>(name[3])});
    }
    add_cells(kernel, "/soc/toy@ff900000", "ports", {'b', 'l', 'b'});
    CHECK_FALSE(record_of(platform, "platform", rows).reach.translated);
    add_iommu(kernel, "/sys/devices/platform/soc/vopb", "DMA");
    CHECK_FALSE(record_of(platform, "platform", rows).reach.translated);
    add_iommu(kernel, "/sys/devices/platform/soc/vopl", "DMA");
    CHECK(record_of(platform, "platform", rows).reach.translated);
    CHECK(record_of(platform, "platform", rows).reach.buses ==
          std::vector<std::string>{fake_tree + "/soc", fake_tree + "/soc"});
    CHECK_FALSE(record_of(platform, "platform").reach.translated);
    // References that lead nowhere leave the device itself.
    add_cells(kernel, "/soc/toy@ff900000", "ports", {99});
    CHECK_FALSE(record_of(platform, "platform", rows).reach.translated);
}

TEST_CASE("a display whose hardware nothing refers to is found by what that is compatible with") {
    FakeKernel kernel;
    add_toy(kernel);
    add_of_node(kernel, "/sys/devices/platform/gpu", "/gpu");
    add_strings(kernel, "/soc/hvs@7e400000", "compatible", {"brcm,bcm2711-hvs"});
    add_cells(kernel, "/soc", "dma-ranges", {0xc0000000, 0, 0, 0x40000000});
    const std::string rows = head + "dma-compatible = brcm,*-hvs\n";
    const std::string gpu = "/sys/devices/platform/gpu";
    CHECK(record_of(gpu, "platform").reach.max_address == 0xffffffff);
    CHECK(record_of(gpu, "platform", rows).reach.max_address == 0x3fffffff);
    add_strings(kernel, "/soc/hvs@7e400000", "status", {"disabled"});
    CHECK(record_of(gpu, "platform", rows).reach.max_address == 0xffffffff);
}

TEST_CASE("a child of host1x has neither the windows nor the coherency of host1x's node") {
    FakeKernel kernel;
    kernel.machine = "aarch64";
    add_toy(kernel);
    add_strings(kernel, "/soc", "dma-coherent");
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0x40000000, 0xc0000000});
    const std::string child = platform + "/child";
    kernel.add_directory(child);
    const DeviceRecord record = record_of(child, "host1x");
    CHECK_FALSE(record.reach.mask_known);
    CHECK(record.reach.min_address == 0);
    CHECK(record.reach.max_address == no_limit);
    CHECK_FALSE(record.reach.coherent);
    CHECK(fact(record, "coherent").origin == "default on aarch64 for a device without a node");
    // The mask of host1x is in a row.
    const DeviceRecord limited = record_of(child, "host1x", head + "max-address = 0x3ffffffff\n");
    CHECK(limited.reach.min_address == 0);
    CHECK(limited.reach.max_address == 0x3ffffffff);
}

TEST_CASE("buses like the platform bus give 32 bits, and children what their parent has") {
    FakeKernel kernel;
    add_toy(kernel);
    add_strings(kernel, "/soc", "dma-coherent");
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0x40000000, 0xc0000000});
    const DeviceRecord amba = record_of(platform, "amba");
    CHECK(amba.reach.min_address == 0x40000000);
    CHECK(amba.reach.max_address == 0xffffffff);
    CHECK(amba.reach.mask_confidence == Confidence::assumed);
    CHECK(amba.reach.mask_origin.ends_with("default for amba devices: a mask of 32 bits"));
    add_iommu(kernel, platform, "DMA");
    const std::string child = platform + "/child";
    kernel.add_directory(child);
    const DeviceRecord record = record_of(child, "vchiq-bus");
    CHECK(record.reach.min_address == 0x40000000);
    CHECK(record.reach.max_address == 0xffffffff);
    CHECK(record.reach.coherent);
    CHECK(fact(record, "coherent").origin == fake_tree + "/soc/dma-coherent");
    CHECK(record.reach.translated);
    // A part of a device that another bus made is not configured like it.
    CHECK_FALSE(record_of(child, "platform").reach.mask_known);
}

TEST_CASE("a virtio device without iommu_platform goes past IOMMU, mask and caches") {
    FakeKernel kernel;
    kernel.machine = "aarch64";
    const std::string virtio = function + "/virtio0";
    kernel.add_file(function + "/dma_mask_bits", "32\n");
    kernel.add_directory("/sys/bus/pci/drivers/virtio-pci");
    kernel.add_link(function + "/driver", "/sys/bus/pci/drivers/virtio-pci");
    add_iommu(kernel, function, "DMA");
    std::string features(64, '0');
    kernel.add_file(virtio + "/features", features + "\n");
    const DeviceRecord bypassing = record_of(virtio, "virtio");
    CHECK_FALSE(bypassing.reach.translated);
    CHECK(bypassing.reach.mask_known);
    CHECK(bypassing.reach.max_address == no_limit);
    CHECK(bypassing.reach.coherent);
    CHECK(fact(bypassing, "iommu").value == "group 7, bypassed: the device has no iommu_platform");
    CHECK(fact(bypassing, "iommu").origin == virtio + "/features");
    features[33] = '1';
    kernel.add_file(virtio + "/features", features + "\n");
    CHECK(record_of(virtio, "virtio").reach.translated);
    CHECK(record_of(virtio, "virtio").reach.max_address == 0xffffffff);
    CHECK(fact(record_of(virtio, "virtio"), "iommu").value == "group 7, DMA");
    // A card stands on the transport.
    CHECK(fact(record_of(function, "pci"), "iommu").value == "group 7, DMA");
    kernel.add_file(virtio + "/features", std::string(64, '0') + "\n");
    CHECK(record_of(function, "pci").reach.max_address == no_limit);
    CHECK(fact(record_of(function, "pci"), "iommu").origin == virtio + "/features");
    // Where nobody can tell, the group counts.
    kernel.add_file(virtio + "/features", "odd\n");
    CHECK(record_of(virtio, "virtio").reach.translated);
    kernel.remove(function + "/iommu_group");
    kernel.add_file(virtio + "/features", std::string(64, '0') + "\n");
    CHECK(fact(record_of(virtio, "virtio"), "iommu").value == "none");
}

TEST_CASE("what snoops caches is inherited down the device tree") {
    FakeKernel kernel;
    add_toy(kernel);
    CHECK_FALSE(reach_of(platform, "platform").coherent);
    add_strings(kernel, "/soc", "dma-coherent");
    const DeviceRecord record = record_of(platform, "platform");
    CHECK(record.reach.coherent);
    CHECK(fact(record, "coherent").origin == fake_tree + "/soc/dma-coherent");
    add_strings(kernel, "/soc/toy@ff900000", "dma-noncoherent");
    CHECK_FALSE(reach_of(platform, "platform").coherent);
    CHECK(record_of(platform, "platform", head + "coherent = yes\n").reach.coherent);
}

TEST_CASE("without a word of it, caches are snooped as the architecture does it") {
    const auto [machine, coherent] = GENERATE(table<std::string, bool>({
        {"aarch64", false},
        {"armv7l", false},
        {"riscv64", true},
        {"ppc64le", true},
        {"x86_64", true},
        {"i686", true},
    }));
    CAPTURE(machine);
    FakeKernel kernel;
    add_toy(kernel);
    kernel.machine = machine;
    CHECK(reach_of(platform, "platform").coherent == coherent);
    const DeviceRecord bare = record_of("/sys/devices/platform/toy.0", "platform");
    CHECK(fact(bare, "coherent").value == (coherent ? "yes" : "no"));
    CHECK(bare.reach.coherent == coherent);
    // ACPI tells nobody what it said.
    kernel.add_directory("/sys/devices/LNXSYSTM:00/toy");
    kernel.add_link("/sys/devices/platform/toy.0/firmware_node", "/sys/devices/LNXSYSTM:00/toy");
    CHECK(record_of("/sys/devices/platform/toy.0", "platform").reach.coherent);
    kernel.add_directory(function);
    CHECK(fact(record_of(function, "pci"), "coherent").value == "yes");
}

TEST_CASE("a PCI function is as coherent as its host bridge, whatever node it has itself") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string bridge = "/sys/devices/platform/soc/fd500000.pcie";
    const std::string card = bridge + "/pci0000:00/0000:00:00.0";
    add_of_node(kernel, bridge, "/soc/pcie@fd500000");
    add_of_node(kernel, card, "/soc/pcie@fd500000/gpu@0,0");
    add_strings(kernel, "/soc/pcie@fd500000/gpu@0,0", "dma-coherent");
    CHECK_FALSE(reach_of(card, "pci").coherent);
    add_strings(kernel, "/soc/pcie@fd500000", "dma-coherent");
    add_strings(kernel, "/soc/pcie@fd500000/gpu@0,0", "dma-noncoherent");
    CHECK(reach_of(card, "pci").coherent);
    CHECK(fact(record_of(card, "pci"), "coherent").origin ==
          fake_tree + "/soc/pcie@fd500000/dma-coherent");
}

TEST_CASE("a pool of its own tells where a device's memory is, not what a display imports") {
    FakeKernel kernel;
    add_toy(kernel);
    add_bus(kernel, "/reserved-memory", 1, 1);
    const std::string pool = "/reserved-memory/pool@80000000";
    add_strings(kernel, pool, "compatible", {"shared-dma-pool"});
    add_strings(kernel, pool, "no-map");
    add_cells(kernel, pool, "phandle", {3});
    add_cells(kernel, pool, "reg", {0x80000000, 0x100000});
    add_cells(kernel, "/soc/toy@ff900000", "memory-region", {3});
    const DeviceRecord record = record_of(platform, "platform");
    CHECK(fact(record, "memory-pool").value == "pool@80000000");
    REQUIRE(record.reach.pool);
    CHECK(record.reach.pool->range == AddressRange{0x80000000, 0x800fffff});
    CHECK(record.imports);
    const auto exporters = [](const DeviceRecord& device) {
        return memory_limits(device, Use::scanout, fourcc::xrgb8888).constraints.exporters;
    };
    CHECK_FALSE(exporters(record));
    // Drivers that ask for the pool themselves are known by their row.
    const std::string rows = head + "imports = unless-pool\n";
    CHECK(exporters(record_of(platform, "platform", rows)) ==
          std::optional(std::vector<std::string>{platform}));
    add_strings(kernel, pool, "reusable");
    CHECK(record_of(platform, "platform", rows).imports);
    kernel.remove(fake_tree + "/soc/toy@ff900000/memory-region");
    CHECK(record_of(platform, "platform", rows).imports);
}

TEST_CASE("a codec with a pool of its own is assumed to take no other memory") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string pool = "/reserved-memory/pool@80000000";
    add_strings(kernel, pool, "compatible", {"shared-dma-pool"});
    add_strings(kernel, pool, "no-map");
    add_cells(kernel, pool, "phandle", {3});
    add_cells(kernel, "/soc/toy@ff900000", "memory-region", {3});
    const DeviceRecord record = record_of(platform, "platform", "", "video4linux");
    CHECK_FALSE(record.imports);
    const solver::CapabilitySet set = memory_limits(record, Use::encode, fourcc::nv12);
    CHECK(set.constraints.exporters == std::optional(std::vector<std::string>{platform}));
    CHECK(set.evidence.at(ConstraintKind::exporter).confidence == Confidence::assumed);
    // Accelerators import by PRIME as displays do.
    CHECK(record_of(platform, "platform", "", "accel").imports);
    // Who knows better says so.
    CHECK(record_of(platform, "platform", "[video4linux:toy]\nsource = x\nimports = yes\n",
                    "video4linux")
              .imports);
}

TEST_CASE(
    "a region that the kernel shares is a CMA area, other memory of a device is not for DMA") {
    FakeKernel kernel;
    add_toy(kernel);
    const std::string area = "/reserved-memory/video@80000000";
    add_strings(kernel, area, "compatible", {"shared-dma-pool"});
    add_strings(kernel, area, "reusable");
    add_cells(kernel, area, "phandle", {3});
    add_cells(kernel, "/reserved-memory/firmware", "phandle", {4});
    add_strings(kernel, "/reserved-memory/firmware", "no-map");
    add_cells(kernel, "/soc/toy@ff900000", "memory-region", {4, 3, 99});
    const DeviceRecord record = record_of(platform, "platform");
    CHECK(record.imports);
    REQUIRE(record.reach.pool);
    CHECK(record.reach.pool->name == "video@80000000");
    CHECK(record.reach.pool->cma);
    CHECK(fact(record, "cma-area").origin == fake_tree + "/soc/toy@ff900000/memory-region");
}

TEST_CASE("RAM is from the first to the last zone with pages that can be allocated") {
    FakeKernel kernel;
    CHECK_FALSE(Ram().known());
    CHECK(Ram().all() == AddressRange{0, no_limit});
    CHECK(Ram().within({0, 0xffffffff}) == AddressRange{0, 0xffffffff});
    kernel.add_file("/proc/zoneinfo", "Node 0, zone      DMA\n        spanned  4095\n"
                                      "        managed  0\n  start_pfn:           1\n"
                                      "Node 0, zone    DMA32\n"
                                      "  pages free     5\n        spanned  1044480\n"
                                      "        present  782288\n        managed  700000\n"
                                      "  start_pfn:           4096\n"
                                      "Node 0, zone   Normal\n        spanned  262144\n"
                                      "        present  262144\n  start_pfn:           1310720\n"
                                      "Node 0, zone  Movable\n        spanned  999999999\n"
                                      "        present  0\n");
    const Ram ram;
    CHECK(ram.all() == AddressRange{0x1000000, (std::uint64_t{1310720} + 262144) * 4096 - 1});
    // What zones show of holes counts.
    CHECK(ram.within({0x2000000, 0x13fffffff}) == AddressRange{0x2000000, 0xffffffff});
    CHECK_FALSE(ram.within({0x100000000, 0x13fffffff}));
    kernel.add_file("/proc/zoneinfo", "zone x spanned 18446744073709551615 start_pfn: 2");
    CHECK_FALSE(Ram().known());
}

TEST_CASE("what lies below a device's window bounces as what lies above") {
    FakeKernel kernel;
    add_toy(kernel);
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0x80000000, 0x40000000});
    CHECK(fact(record_of(platform, "platform"), "bounces").value ==
          "what lies below 0x80000000, and RAM begins at 0x0; "
          "what lies above 0xbfffffff, and RAM reaches 0x1ffffffff");
    kernel.add_file("/proc/zoneinfo", "zone Normal spanned 262144 start_pfn: 524288\n");
    CHECK_FALSE(has_fact(record_of(platform, "platform"), "bounces"));
}

TEST_CASE("a mask that is only assumed counts where there is RAM below it") {
    FakeKernel kernel;
    add_toy(kernel);
    kernel.add_file("/proc/zoneinfo", "zone DMA spanned 524288 start_pfn: 8388608\n");
    const DeviceRecord record = record_of(platform, "platform");
    CHECK_FALSE(record.reach.mask_known);
    CHECK(record.reach.max_address == no_limit);
    CHECK_FALSE(has_fact(record, "bounces"));
    CHECK(fact(record, "max-address").value ==
          "unknown: no RAM lies at 0x0 to 0xffffffff, as is assumed");
    CHECK(fact(record, "max-address").confidence == Confidence::unknown);
    const solver::CapabilitySet set = memory_limits(record, Use::scanout, fourcc::xrgb8888);
    CHECK(set.constraints.max_address == no_limit);
    // The driver's own word counts, whatever it leads to.
    CHECK(record_of(platform, "platform", head + "max-address = 0xffffffff\n").reach.max_address ==
          0xffffffff);
    const std::string assumed = head + "confidence = assumed\nmax-address = 0xfffffff\n";
    CHECK_FALSE(record_of(platform, "platform", assumed).reach.mask_known);
    // A bus that makes other addresses of it may lead to RAM.
    add_cells(kernel, "/soc", "dma-ranges", {0, 8, 0, 0x40000000});
    CHECK(reach_of(platform, "platform").min_address == 0x800000000);
    CHECK(reach_of(platform, "platform").max_address == 0x83fffffff);
    // What the bus lets through is known without the mask.
    add_cells(kernel, "/soc", "dma-ranges", {0x40000000, 8, 0, 0x40000000});
    const DeviceRecord low = record_of(platform, "platform", assumed);
    CHECK(low.reach.max_address == 0x83fffffff);
    CHECK(low.reach.mask_confidence == Confidence::known);
}

TEST_CASE("available memory is what the kernel estimates, in bytes") {
    FakeKernel kernel;
    CHECK(available_memory() == no_limit);
    kernel.add_file("/proc/meminfo", "MemTotal:  2000 kB\nMemAvailable:   1234 kB\n");
    CHECK(available_memory() == 1234 * 1024);
    kernel.add_file("/proc/meminfo", "MemTotal:  2000 kB\n");
    CHECK(available_memory() == no_limit);
}

TEST_CASE("the remedy for a node without permission names the group that has it") {
    FakeKernel kernel;
    kernel.root = false;
    FakeNode node;
    node.path = "/dev/udmabuf";
    node.mode = 0660;
    node.group = 104;
    kernel.add_node(node);
    const Permission denied = check_permission("/dev/udmabuf", "misc");
    CHECK_FALSE(denied.granted);
    CHECK(denied.sys_errno == EACCES);
    CHECK(denied.reason == "/dev/udmabuf: Permission denied (mode 0660, group kvm)");
    CHECK(denied.remedy == "add the user to group kvm");
    kernel.member_of = {104};
    CHECK(check_permission("/dev/udmabuf", "misc").granted);
}

TEST_CASE("the remedy is a udev rule where no group but root's has permission") {
    const auto [mode, group] = GENERATE(table<mode_t, gid_t>({{0600, 44}, {0640, 44}, {0660, 0}}));
    FakeKernel kernel;
    kernel.root = false;
    FakeNode node;
    node.path = "/dev/dma_heap/system";
    node.mode = mode;
    node.group = group;
    kernel.add_node(node);
    CHECK(check_permission(node.path, "dma_heap").remedy ==
          R"(add a udev rule: SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660")");
}

TEST_CASE("a group that may only read is enough when reading is asked") {
    FakeKernel kernel;
    kernel.root = false;
    FakeNode node;
    node.path = "/dev/dma_heap/system";
    node.mode = 0640;
    node.group = 44;
    kernel.add_node(node);
    CHECK(check_permission(node.path, "dma_heap", false).remedy == "add the user to group video");
}

TEST_CASE("a missing node is not a matter of permission") {
    FakeKernel kernel;
    const Permission missing = check_permission("/dev/nothing", "misc");
    CHECK_FALSE(missing.granted);
    CHECK(missing.sys_errno == ENOENT);
    CHECK(missing.reason == "/dev/nothing: No such file or directory");
    CHECK_THAT(missing.remedy, Catch::Contains("devtmpfs"));
}

TEST_CASE("a proposed udev rule is about the one node where others share its class") {
    const auto [path, subsystem, rule] = GENERATE(table<const char*, const char*, const char*>({
        {"/dev/udmabuf", "misc",
         R"(SUBSYSTEM=="misc", KERNEL=="udmabuf", GROUP="kvm", MODE="0660")"},
        {"/dev/ion", "misc", R"(SUBSYSTEM=="misc", KERNEL=="ion", GROUP="video", MODE="0660")"},
        {"/dev/dri/card0", "drm",
         R"(SUBSYSTEM=="drm", KERNEL=="card0", GROUP="video", MODE="0660")"},
        {"/dev/dri/renderD128", "drm",
         R"(SUBSYSTEM=="drm", KERNEL=="renderD128", GROUP="render", MODE="0660")"},
        {"/dev/accel/accel0", "accel",
         R"(SUBSYSTEM=="accel", KERNEL=="accel0", GROUP="render", MODE="0660")"},
        {"/dev/hailo0", "hailo_chardev",
         R"(SUBSYSTEM=="hailo_chardev", KERNEL=="hailo0", GROUP="video", MODE="0660")"},
        {"/dev/video0", "video4linux", R"(SUBSYSTEM=="video4linux", GROUP="video", MODE="0660")"},
        {"/dev/dma_heap/linux,cma", "dma_heap",
         R"(SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660")"},
    }));
    FakeKernel kernel;
    kernel.root = false;
    FakeNode node;
    node.path = path;
    node.mode = 0600;
    kernel.add_node(node);
    CHECK(check_permission(path, subsystem).remedy == std::string("add a udev rule: ") + rule);
}
