// SPDX-License-Identifier: MIT
// Nodes and properties of the device tree, whole and broken.
#include "lib/kernel/device_tree.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_tree.hpp"

using namespace simplealloc;
using namespace simplealloc::test;

TEST_CASE("numbers of a property are big-endian cells of 32 bits") {
    FakeKernel kernel;
    add_cells(kernel, "/soc", "reg", {0x12345678, 0xfffffffe});
    CHECK(device_tree::cells(fake_tree + "/soc/reg") ==
          std::vector<std::uint32_t>{0x12345678, 0xfffffffe});
    kernel.add_file(fake_tree + "/soc/empty", "");
    CHECK(device_tree::cells(fake_tree + "/soc/empty") == std::vector<std::uint32_t>{});
    kernel.add_file(fake_tree + "/soc/odd", "12345");
    CHECK(device_tree::cells(fake_tree + "/soc/odd") == std::nullopt);
    CHECK(device_tree::cells(fake_tree + "/soc/none") == std::nullopt);
}

TEST_CASE("a number has up to two cells, and a PCI address its flags before them") {
    const std::vector<std::uint32_t> cells{0x02000000, 0x4, 0x10};
    const std::span<const std::uint32_t> all(cells);
    CHECK(device_tree::number_in(all.subspan(0, 0)) == 0);
    CHECK(device_tree::number_in(all.subspan(2, 1)) == 0x10);
    CHECK(device_tree::number_in(all.subspan(1, 2)) == 0x400000010);
    CHECK(device_tree::number_in(all) == 0x400000010);
    const std::vector<std::uint32_t> many(4);
    CHECK(device_tree::number_in(many) == std::nullopt);
}

TEST_CASE("a bus without counts of cells has those of the bus above, the root has one") {
    FakeKernel kernel;
    kernel.add_directory(fake_tree + "/soc/bus/device");
    CHECK(device_tree::cell_counts(fake_tree + "/soc/bus").address == 1);
    add_bus(kernel, "", 2, 2);
    CHECK(device_tree::cell_counts(fake_tree + "/soc/bus").address == 2);
    add_bus(kernel, "/soc", 1, 1);
    CHECK(device_tree::cell_counts(fake_tree + "/soc/bus").size == 1);
    CHECK(device_tree::cell_counts(fake_tree).size == 2);
}

TEST_CASE("a device has the node that sysfs links it to") {
    FakeKernel kernel;
    add_of_node(kernel, "/sys/devices/platform/soc/vop", "/soc/vop@1000");
    CHECK(device_tree::node_of("/sys/devices/platform/soc/vop") == fake_tree + "/soc/vop@1000");
    CHECK(device_tree::node_of("/sys/devices/platform/soc").empty());
    CHECK(device_tree::node_of("").empty());
    kernel.add_link("/sys/devices/odd/of_node", "/etc");
    kernel.add_directory("/etc");
    CHECK(device_tree::node_of("/sys/devices/odd").empty());
    CHECK(device_tree::parent_of(fake_tree + "/soc/vop@1000") == fake_tree + "/soc");
    CHECK(device_tree::parent_of(fake_tree + "/soc") == fake_tree);
    CHECK(device_tree::parent_of(fake_tree).empty());
    CHECK(device_tree::parent_of("/etc/x").empty());
}

TEST_CASE("a reference leads to the node with its number") {
    FakeKernel kernel;
    add_cells(kernel, "/soc/vop@1000/port", "phandle", {7});
    add_cells(kernel, "/display", "ports", {7, 99});
    const device_tree::Phandles phandles;
    CHECK(phandles.node(7) == fake_tree + "/soc/vop@1000/port");
    CHECK(phandles.node(8).empty());
    CHECK(device_tree::referred(fake_tree + "/display/ports", phandles) ==
          std::vector<std::string>{fake_tree + "/soc/vop@1000/port"});
    CHECK(device_tree::referred(fake_tree + "/display/none", phandles).empty());
}

TEST_CASE("a tree with a circle of links ends") {
    FakeKernel kernel;
    add_cells(kernel, "/soc", "phandle", {7});
    kernel.add_link(fake_tree + "/soc/again", fake_tree);
    const device_tree::Phandles phandles;
    CHECK_FALSE(phandles.node(7).empty());
    CHECK(phandles.node(8).empty());
}

TEST_CASE("a machine without a device tree has no node at all") {
    FakeKernel kernel;
    const device_tree::Phandles phandles;
    CHECK(phandles.node(1).empty());
    CHECK(device_tree::machine().empty());
}
