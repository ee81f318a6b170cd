// SPDX-License-Identifier: MIT
// Memory that the device tree sets aside.
#include "lib/discovery/reach/reserved_memory.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_tree.hpp"

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

const std::string folder = "/reserved-memory";

} // namespace

TEST_CASE("a region at an address has its place and size") {
    FakeKernel kernel;
    add_bus(kernel, folder, 2, 2);
    const std::string node = folder + "/video@80000000";
    add_strings(kernel, node, "compatible", {"shared-dma-pool"});
    add_strings(kernel, node, "no-map");
    add_cells(kernel, node, "phandle", {3});
    add_cells(kernel, node, "reg", {0, 0x80000000, 0, 0x1000000});
    const auto found = reserved_memory();
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "video@80000000");
    CHECK(found[0].phandle == 3);
    CHECK(found[0].shared_dma_pool);
    CHECK(found[0].no_map);
    CHECK_FALSE(found[0].reusable);
    CHECK_FALSE(found[0].default_area);
    CHECK(found[0].size == 0x1000000);
    CHECK(found[0].range == AddressRange{0x80000000, 0x80ffffff});
}

TEST_CASE("a region that the kernel places is within its ranges") {
    FakeKernel kernel;
    add_bus(kernel, "", 1, 1);
    const std::string node = folder + "/linux,cma";
    add_strings(kernel, node, "compatible", {"shared-dma-pool"});
    add_strings(kernel, node, "reusable");
    add_strings(kernel, node, "linux,cma-default");
    add_cells(kernel, node, "size", {0x4000000});
    add_cells(kernel, node, "alloc-ranges", {0x40000000, 0x10000000, 0x10000000, 0x1000000});
    const auto found = reserved_memory();
    REQUIRE(found.size() == 1);
    CHECK(found[0].reusable);
    CHECK(found[0].default_area);
    CHECK(found[0].size == 0x4000000);
    CHECK(found[0].range == AddressRange{0x10000000, 0x4fffffff});
    kernel.remove(fake_tree + node + "/alloc-ranges");
    CHECK(reserved_memory()[0].range == std::nullopt);
}

TEST_CASE("broken regions have no place") {
    FakeKernel kernel;
    add_bus(kernel, folder, GENERATE(1U, 2U, 3U, 0xffffffffU), GENERATE(0U, 1U, 3U));
    add_cells(kernel, folder + "/a", "reg", {1});
    kernel.add_file(fake_tree + folder + "/b/reg", "odd");
    add_cells(kernel, folder + "/c", "reg", {0, 0, 0, 0});
    add_cells(kernel, folder + "/c", "size", {1, 2, 3, 4});
    kernel.add_file(fake_tree + folder + "/ranges", "");
    const auto found = reserved_memory();
    REQUIRE(found.size() == 3);
    for (const ReservedMemory& memory : found) {
        CHECK_FALSE(memory.range);
        CHECK_FALSE(memory.size);
    }
}

TEST_CASE("a machine without a device tree sets nothing aside in it") {
    FakeKernel kernel;
    CHECK(reserved_memory().empty());
}
