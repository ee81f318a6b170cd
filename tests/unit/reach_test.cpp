// SPDX-License-Identifier: MIT
// IOMMU, DMA masks, RAM and permissions as sysfs and procfs show them.
#include "lib/discovery/permission.hpp"
#include "lib/discovery/reach.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

#include <cerrno>

using namespace simplealloc;
using simplealloc::test::FakeKernel;
using simplealloc::test::FakeNode;

namespace {

const std::string function = "/sys/devices/pci0000:00/0000:00:02.0";

Reach reach_of(const std::string& hardware, const std::string& bus) {
    udev::Node node;
    node.syspath = hardware + "/drm/card0";
    node.parent_syspath = hardware;
    node.parent_subsystem = bus;
    DeviceRecord record;
    find_reach(node, record);
    return record.reach;
}

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

TEST_CASE("RAM ends where the last zone with pages ends") {
    FakeKernel kernel;
    CHECK(top_of_ram() == no_limit);
    kernel.add_file("/proc/zoneinfo", "Node 0, zone    DMA32\n"
                                      "  pages free     5\n        spanned  1044480\n"
                                      "        present  782288\n  start_pfn:           4096\n"
                                      "Node 0, zone   Normal\n        spanned  262144\n"
                                      "        present  262144\n  start_pfn:           1048576\n"
                                      "Node 0, zone  Movable\n        spanned  999999999\n"
                                      "        present  0\n");
    CHECK(top_of_ram() == (std::uint64_t{1048576} + 262144) * 4096 - 1);
    kernel.add_file("/proc/zoneinfo", "zone x spanned 18446744073709551615 start_pfn: 2");
    CHECK(top_of_ram() == no_limit);
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
    CHECK(missing.remedy.empty());
}
