// SPDX-License-Identifier: MIT
// Where CMA areas lie, by device tree, command line and architecture.
#include "backends/cma_window.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

const std::string regions = "/proc/device-tree/reserved-memory/";

std::string cells(std::initializer_list<std::uint32_t> list) {
    std::string text;
    for (const std::uint32_t cell : list)
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            text += static_cast<char>(cell >> shift & 0xffU);
    return text;
}

/// arm64 with 1 GiB in its zone for DMA and more above.
void add_zones(FakeKernel& kernel) {
    kernel.machine = "aarch64";
    kernel.add_file("/proc/zoneinfo", "Node 0, zone      DMA\n        spanned  262144\n"
                                      "  start_pfn:           0\n"
                                      "Node 0, zone   Normal\n        spanned  1048576\n"
                                      "  start_pfn:           1048576\n");
}

} // namespace

TEST_CASE("a region of the device tree lies where reg says, or within alloc-ranges") {
    FakeKernel kernel;
    kernel.add_file(regions + "#address-cells", cells({2}));
    kernel.add_file(regions + "#size-cells", cells({1}));
    const std::string node = regions + "linux,cma";
    kernel.add_file(node + "/size", cells({0x4000000}));
    CHECK(cma_window("linux,cma").origin.empty());
    kernel.add_file(node + "/alloc-ranges", cells({0, 0x10000000, 0x10000000, 1, 0, 0x1000}));
    CHECK(cma_window("linux,cma").min_address == 0x10000000);
    CHECK(cma_window("linux,cma").max_address == 0x100000fff);
    CHECK(cma_window("linux,cma").origin == node + "/alloc-ranges");
    kernel.add_file(node + "/reg", cells({1, 0x80000000, 0x4000000}));
    CHECK(cma_window("linux,cma").min_address == 0x180000000);
    CHECK(cma_window("linux,cma").max_address == 0x183ffffff);
    // Of Linux 6.17, whatever the region is called.
    CHECK(cma_window("default_cma_region").origin.empty());
    kernel.add_file(node + "/linux,cma-default", "");
    CHECK(cma_window("default_cma_region").max_address == 0x183ffffff);
    CHECK(cma_window("other").origin.empty());
}

TEST_CASE("a region whose numbers make no sense says nothing") {
    FakeKernel kernel;
    const std::string reg = GENERATE(cells({}), cells({0, 1, 0, 0}), std::string("abc"),
                                     cells({0xffffffff, 0xffffffff, 0, 2}));
    kernel.add_file(regions + "pool/reg", reg);
    CHECK(cma_window("pool").origin.empty());
    CHECK(cma_window("pool").max_address == no_limit);
}

TEST_CASE("cma= of the command line gives a place, as the kernel reads it") {
    FakeKernel kernel;
    const auto [line, min, max] = GENERATE(table<std::string, std::uint64_t, std::uint64_t>({
        {"quiet cma=64M@0x10000000 ro\n", 0x10000000, 0x13ffffff},
        {"cma=64M@0-4G", 0, 0xffffffff},
        {"cma=64m@1g-0x80000000", 0x40000000, 0x7fffffff},
        {"cma=1G@0 cma=16M@16M-32M", 0x1000000, 0x1ffffff},
        {"cma=64M@0-4G cma=128M", 0, no_limit},
        {"xcma=64M@0-4G", 0, no_limit},
        {"cma=64M@0xffffffffffffffff", 0xffffffffffffffff, no_limit},
        {"", 0, no_limit},
    }));
    CAPTURE(line);
    kernel.add_file("/proc/cmdline", line);
    const CmaWindow window = cma_window("reserved");
    CHECK(window.min_address == min);
    CHECK(window.max_address == max);
    CHECK(cma_window("linux,cma").max_address == no_limit);
}

TEST_CASE("without a place the area is in the zone for DMA on arm64, and anywhere on others") {
    FakeKernel kernel;
    add_zones(kernel);
    CHECK(cma_window("reserved").max_address == 0x3fffffff);
    CHECK(cma_window("reserved").origin == "/proc/zoneinfo zone DMA");
    kernel.add_file("/proc/cmdline", "cma=64M@0-4G");
    CHECK(cma_window("reserved").max_address == 0x3fffffff);
    CHECK(cma_window("reserved").origin == "/proc/cmdline cma=64M@0-4G, /proc/zoneinfo zone DMA");
    kernel.machine = "x86_64";
    CHECK(cma_window("reserved").max_address == 0xffffffff);
}
