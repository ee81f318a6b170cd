// SPDX-License-Identifier: MIT
// Texts of sysfs, procfs and the device tree: whatever they say, devices are described, and limits
// are limits.
#include "backends/common/cma_area.hpp"
#include "lib/discovery/discovery.hpp"
#include "lib/discovery/limits/memory_limits.hpp"
#include "lib/discovery/reach/reserved_memory.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/memory.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_devices.hpp"
#include "tests/support/fake_tree.hpp"

#include <array>

using namespace simplealloc;

namespace {

const std::string display = "/sys/devices/platform/vkms.0";
const std::string codec = "/sys/devices/platform/vim2m.0";

/// What an input may fill: its first byte says which.
const auto& paths() {
    const std::string& tree = test::fake_tree;
    static const std::array list = {
        std::string("/proc/meminfo"),
        std::string("/proc/zoneinfo"),
        std::string("/proc/cmdline"),
        std::string("/sys/kernel/uevent_seqnum"),
        display + "/dma_mask_bits",
        display + "/iommu_group/type",
        display + "/vendor",
        display + "/device",
        display + "/features",
        codec + "/dma_mask_bits",
        codec + "/video4linux/video0/name",
        codec + "/video4linux/video0/index",
        tree + "/compatible",
        tree + "/#address-cells",
        tree + "/#size-cells",
        tree + "/phandle",
        tree + "/soc/#address-cells",
        tree + "/soc/#size-cells",
        tree + "/soc/dma-ranges",
        tree + "/soc/ranges",
        tree + "/soc/dma-coherent",
        tree + "/soc/display/compatible",
        tree + "/soc/display/phandle",
        tree + "/soc/display/status",
        tree + "/soc/display/ports",
        tree + "/soc/display/iommus",
        tree + "/soc/display/interconnects",
        tree + "/soc/display/interconnect-names",
        tree + "/soc/display/memory-region",
        tree + "/soc/codec/memory-region",
        tree + "/soc/codec/dma-noncoherent",
        tree + "/soc/bus/#interconnect-cells",
        tree + "/soc/bus/phandle",
        tree + "/soc/bus/dma-ranges",
        tree + "/reserved-memory/#address-cells",
        tree + "/reserved-memory/#size-cells",
        tree + "/reserved-memory/linux,cma/compatible",
        tree + "/reserved-memory/linux,cma/phandle",
        tree + "/reserved-memory/linux,cma/reusable",
        tree + "/reserved-memory/linux,cma/reg",
        tree + "/reserved-memory/linux,cma/size",
        tree + "/reserved-memory/linux,cma/alloc-ranges",
        tree + "/reserved-memory/linux,cma/linux,cma-default",
        tree + "/reserved-memory/video@80000000/reg",
        tree + "/reserved-memory/video@80000000/no-map",
        tree + "/reserved-memory/video@80000000/phandle",
        tree + "/reserved-memory/video@80000000/compatible",
    };
    return list;
}

void check(const std::optional<AddressRange>& range) {
    fuzz::require(!range || range->first <= range->last);
}

void describe_devices() {
    const Discovery discovery{Quirks(this_machine())};
    const auto records = discovery.list();
    fuzz::require(records.has_value() && records->size() == 2);
    for (const DeviceRecord& record : *records) {
        if (record.reach.pool)
            check(record.reach.pool->range);
        for (const Use use : record.uses)
            memory_limits(record, use, fourcc::nv12);
    }
}

void describe_memory() {
    for (const ReservedMemory& memory : reserved_memory())
        check(memory.range);
    check(Ram().within({0, 0xffffffff}));
    available_memory();
    const CmaAreas areas;
    for (const char* name : {"linux,cma", "reserved", "video"})
        if (const auto area = areas.area(name))
            check(area->range);
}

void add_devices(test::FakeKernel& kernel) {
    add_drm_card(kernel);
    add_v4l2(kernel);
    test::add_of_node(kernel, display, "/soc/display");
    test::add_of_node(kernel, codec, "/soc/codec");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::FakeKernel kernel;
    kernel.machine = "aarch64"; // where the device tree tells about coherency
    fuzz::Input input(data, size);
    // One or the other: devices take much longer.
    const bool devices = input.number<std::uint8_t>() % 2 == 1;
    if (devices)
        add_devices(kernel);
    // Of each file: which, how many bytes, the bytes.
    while (!input.empty()) {
        const std::string& path = paths()[input.number<std::uint8_t>() % paths().size()];
        kernel.add_file(path, input.text(input.number<std::uint16_t>()));
    }
    if (devices)
        describe_devices();
    else
        describe_memory();
    return 0;
}
