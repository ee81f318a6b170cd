// SPDX-License-Identifier: MIT
// How buses of the device tree translate, as drivers/of/address.c does it.
#include "lib/discovery/reach/dma_ranges.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_tree.hpp"

#include <limits>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

std::optional<DmaRanges> ranges_of(const std::string& bus) {
    const device_tree::Phandles phandles;
    return dma_ranges(fake_tree + bus, phandles);
}

/// What a device below `bus` reaches with the addresses up to `mask`.
std::optional<AddressRange> reached(const std::string& bus, std::uint64_t mask = all) {
    const auto ranges = ranges_of(bus);
    REQUIRE(ranges);
    return reachable(*ranges, {0, mask});
}

} // namespace

TEST_CASE("a bus with an offset and a window is that of a Raspberry Pi 4") {
    FakeKernel kernel;
    add_bus(kernel, "", 2, 1);
    add_bus(kernel, "/soc", 1, 1);
    // arch/arm/boot/dts/broadcom/bcm2711.dtsi
    add_cells(kernel, "/soc", "dma-ranges", {0xc0000000, 0x0, 0x00000000, 0x40000000});
    const auto ranges = ranges_of("/soc");
    REQUIRE(ranges);
    CHECK(ranges->origin == fake_tree + "/soc/dma-ranges");
    REQUIRE(ranges->windows.size() == 1);
    CHECK(ranges->windows[0].bus == 0xc0000000);
    CHECK(ranges->windows[0].cpu == 0);
    CHECK(reached("/soc") == AddressRange{0, 0x3fffffff});
    CHECK(reached("/soc", 0xffffffff) == AddressRange{0, 0x3fffffff});
    CHECK(reached("/soc", 0xcfffffff) == AddressRange{0, 0xfffffff});
    CHECK(reached("/soc", 0x7fffffff) == std::nullopt);
}

TEST_CASE("no bus translates where none says so") {
    FakeKernel kernel;
    kernel.add_directory(fake_tree + "/soc/bus");
    CHECK_FALSE(ranges_of("/soc/bus"));
    CHECK_FALSE(ranges_of(""));
}

TEST_CASE("an empty property translates nothing and lets the bus above decide") {
    FakeKernel kernel;
    add_bus(kernel, "", 1, 1);
    add_strings(kernel, "/soc/bus", "dma-ranges");
    add_cells(kernel, "/soc", "dma-ranges", {0, 0x80000000, 0x10000000});
    CHECK(reached("/soc/bus") == AddressRange{0x80000000, 0x8fffffff});
    CHECK(ranges_of("/soc/bus")->origin == fake_tree + "/soc/dma-ranges");
}

TEST_CASE("the first bus may lack the property, the second may not") {
    FakeKernel kernel;
    add_bus(kernel, "", 1, 1);
    kernel.add_directory(fake_tree + "/soc/bus/deep");
    add_cells(kernel, "/soc", "dma-ranges", {0, 0x80000000, 0x10000000});
    CHECK(ranges_of("/soc/bus"));
    CHECK_FALSE(ranges_of("/soc/bus/deep"));
}

TEST_CASE("the CPU side goes through every bus above") {
    FakeKernel kernel;
    add_bus(kernel, "", 2, 2);
    add_bus(kernel, "/soc", 2, 2);
    add_bus(kernel, "/soc/bus", 1, 1);
    add_cells(kernel, "/soc/bus", "dma-ranges", {0, 0, 0x1000, 0x100});
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 1, 0, 0, 0x10000});
    CHECK(reached("/soc/bus") == AddressRange{0x100001000, 0x1000010ff});
    // What the bus above does not let through reaches nothing.
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 1, 0, 0, 0x1000});
    CHECK(ranges_of("/soc/bus")->windows.empty());
    kernel.remove(fake_tree + "/soc/dma-ranges");
    CHECK(ranges_of("/soc/bus")->windows.empty());
}

TEST_CASE("a PCI bridge counts three cells, the first of which has flags") {
    FakeKernel kernel;
    add_bus(kernel, "", 2, 1);
    add_bus(kernel, "/scb", 2, 1);
    add_bus(kernel, "/scb/pcie", 3, 2);
    add_cells(kernel, "/scb/pcie", "dma-ranges", {0x02000000, 0, 0, 0, 0, 0, 0xc0000000});
    add_cells(kernel, "/scb", "dma-ranges", {0, 0, 0, 0, 0xfc000000});
    CHECK(reached("/scb/pcie") == AddressRange{0, 0xbfffffff});
}

TEST_CASE("windows that touch are one, of others the longest counts") {
    FakeKernel kernel;
    add_bus(kernel, "", 1, 1);
    add_cells(kernel, "/soc", "dma-ranges",
              {0x2000, 0x2000, 0x1000, 0x0, 0x1000, 0x1000, 0x9000, 0x9000, 0x1800});
    CHECK(reached("/soc") == AddressRange{0x1000, 0x2fff});
}

TEST_CASE("an interconnect for memory is the way that DMA goes") {
    FakeKernel kernel;
    add_bus(kernel, "", 1, 1);
    kernel.add_directory(fake_tree + "/soc/device");
    add_cells(kernel, "/mbus", "phandle", {5});
    add_cells(kernel, "/mbus", "#interconnect-cells", {1});
    add_cells(kernel, "/other", "phandle", {6});
    add_cells(kernel, "/other", "#interconnect-cells", {2});
    add_strings(kernel, "/soc/device", "interconnect-names", {"config", "dma-mem"});
    add_cells(kernel, "/soc/device", "interconnects", {6, 1, 2, 5, 0});
    const device_tree::Phandles phandles;
    CHECK(dma_parent_of(fake_tree + "/soc/device", phandles) == fake_tree + "/mbus");
    // Broken ones leave the bus.
    add_cells(kernel, "/soc/device", "interconnects", {6, 1});
    CHECK(dma_parent_of(fake_tree + "/soc/device", phandles) == fake_tree + "/soc");
    add_cells(kernel, "/soc/device", "interconnects", {99, 1, 2, 5, 0});
    CHECK(dma_parent_of(fake_tree + "/soc/device", phandles) == fake_tree + "/soc");
    add_strings(kernel, "/soc/device", "interconnect-names", {"config"});
    CHECK(dma_parent_of(fake_tree + "/soc/device", phandles) == fake_tree + "/soc");
}

TEST_CASE("a circle of interconnects ends") {
    FakeKernel kernel;
    add_cells(kernel, "/a", "phandle", {1});
    add_cells(kernel, "/a", "#interconnect-cells", {0});
    add_strings(kernel, "/a", "interconnect-names", {"dma-mem"});
    add_cells(kernel, "/a", "interconnects", {1});
    add_strings(kernel, "/a", "dma-ranges");
    CHECK_FALSE(ranges_of("/a"));
    add_bus(kernel, "", 1, 1);
    add_cells(kernel, "/a", "dma-ranges", {0, 0, 0x1000});
    CHECK(ranges_of("/a")->windows.empty());
}

TEST_CASE("a property that is no list of windows gives none, and harms nobody") {
    FakeKernel kernel;
    const auto counts = GENERATE(1U, 4U, 0xffffffffU);
    const auto size = GENERATE(1U, 3U, 0U);
    CAPTURE(counts, size);
    add_bus(kernel, "", counts, size);
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0});
    const auto zero = ranges_of("/soc");
    REQUIRE(zero);
    CHECK(zero->windows.empty());
    add_cells(kernel, "/soc", "dma-ranges", {1, 2});
    CHECK(ranges_of("/soc")->windows.empty());
    kernel.add_file(fake_tree + "/soc/dma-ranges", "odd");
    CHECK_FALSE(ranges_of("/soc"));
}

TEST_CASE("a window beyond 64 bits is left out") {
    FakeKernel kernel;
    add_bus(kernel, "", 2, 2);
    add_cells(kernel, "/soc", "dma-ranges",
              {0xffffffff, 0xfffff000, 0, 0, 0, 0x2000, 0, 0x1000, 0, 0x1000, 0, 0x1000});
    CHECK(reached("/soc") == AddressRange{0x1000, 0x1fff});
    add_cells(kernel, "/soc", "dma-ranges", {0, 0, 0, 0, 0xffffffff, 0xffffffff});
    CHECK(reached("/soc") == AddressRange{0, all - 1});
}
