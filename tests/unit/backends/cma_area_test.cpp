// SPDX-License-Identifier: MIT
// Which CMA area is where, by command line and device tree.
#include "backends/common/cma_area.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_tree.hpp"

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

void add_region(FakeKernel& kernel, const std::string& name, bool is_default) {
    const std::string node = "/reserved-memory/" + name;
    add_bus(kernel, "/reserved-memory", 1, 1);
    add_strings(kernel, node, "compatible", {"shared-dma-pool"});
    add_strings(kernel, node, "reusable");
    add_cells(kernel, node, "size", {0x4000000});
    add_cells(kernel, node, "alloc-ranges", {0x10000000, 0x10000000});
    if (is_default)
        add_strings(kernel, node, "linux,cma-default");
}

} // namespace

TEST_CASE("the command line says how large the default area is, and where") {
    using Range = std::optional<AddressRange>;
    const auto [text, size, range] = GENERATE(table<std::string, std::uint64_t, Range>({
        {"cma=64M", 64U << 20U, Range{}},
        {"quiet cma=0x4000000 ro\n", 64U << 20U, Range{}},
        {"cma=1G cma=64m", 64U << 20U, Range{}},
        {"cma=64M@0-0x3fffffff", 64U << 20U, AddressRange{0, 0x3ffffffe}},
        {"cma=64M@0-1G", 64U << 20U, AddressRange{0, 0x3fffffff}},
        {"cma=64M@256M", 64U << 20U, AddressRange{0x10000000, 0x13ffffff}},
        {"cma=4096@16", 4096, AddressRange{16, 4111}},
    }));
    CAPTURE(text);
    const auto area = parse_cma_option(text);
    REQUIRE(area);
    CHECK(area->size == size);
    CHECK(area->range == range);
    CHECK(area->origin.starts_with("/proc/cmdline cma="));
}

TEST_CASE("a command line without an area says nothing") {
    const std::string text =
        GENERATE("", "quiet", "numa_cma=0:64M", "cma=", "cma=0", "cma=M", "cma=64M@", "cma=64M@x",
                 "cma=64M@0-", "cma=99999999999999E", "cma=64M@0xffffffffffffffff");
    CAPTURE(text);
    CHECK_FALSE(parse_cma_option(text));
}

TEST_CASE("a region of the device tree is known by its name, with its address or without") {
    FakeKernel kernel;
    add_region(kernel, "video@80000000", false);
    add_region(kernel, "linux,cma", true);
    const CmaAreas areas;
    REQUIRE(areas.region("video@80000000") != nullptr);
    CHECK(areas.region("video") == areas.region("video@80000000"));
    CHECK(areas.region("vide") == nullptr);
    const auto area = areas.area("video");
    REQUIRE(area);
    CHECK(area->size == 0x4000000);
    CHECK(area->range == AddressRange{0x10000000, 0x1fffffff});
    CHECK(area->origin == fake_tree + "/reserved-memory/video@80000000");
    add_region(kernel, "video@90000000", false);
    CHECK(CmaAreas().region("video") == nullptr);
    CHECK(CmaAreas().region("video@90000000") != nullptr);
}

TEST_CASE("the default area has the device tree's default region, whatever its heap is called") {
    FakeKernel kernel;
    add_region(kernel, "linux,cma", true);
    const std::string name = GENERATE("linux,cma", "default_cma_region");
    CAPTURE(name);
    CHECK(CmaAreas().is_default(name));
    const auto area = CmaAreas().area(name);
    REQUIRE(area);
    CHECK(area->range == AddressRange{0x10000000, 0x1fffffff});
}

TEST_CASE("an area of the command line is the default one instead of the device tree's") {
    FakeKernel kernel;
    add_region(kernel, "linux,cma", true);
    kernel.add_file("/proc/cmdline", "cma=128M@0-1G");
    const CmaAreas areas;
    CHECK_FALSE(areas.is_default("linux,cma"));
    CHECK(areas.is_default("reserved"));
    CHECK(areas.area("reserved")->range == AddressRange{0, 0x3fffffff});
    CHECK(areas.area("default_cma_region")->size == 128U << 20U);
}

TEST_CASE("without either, the area is in the DMA zone on ARM, and anywhere on x86") {
    FakeKernel kernel;
    kernel.machine = GENERATE("aarch64", "armv7l", "x86_64");
    const auto area = CmaAreas().area("reserved");
    CHECK(area.has_value() == (kernel.machine != "x86_64"));
    if (area) {
        CHECK(area->range == AddressRange{0, 0xffffffff});
        CHECK(area->confidence == Confidence::assumed);
    }
    CHECK_FALSE(CmaAreas().area("camera"));
}

TEST_CASE("on arm64 the first zone for DMA is the end, whatever the command line allows") {
    FakeKernel kernel;
    kernel.machine = "aarch64";
    kernel.add_file("/proc/zoneinfo", "Node 0, zone      DMA\n        spanned  262144\n"
                                      "  start_pfn:           0\n"
                                      "Node 0, zone   Normal\n        spanned  1048576\n"
                                      "  start_pfn:           1048576\n");
    CHECK(CmaAreas().area("reserved")->range == AddressRange{0, 0x3fffffff});
    CHECK(CmaAreas().area("reserved")->confidence == Confidence::known);
    CHECK(CmaAreas().area("reserved")->origin == "/proc/zoneinfo zone DMA");
    kernel.add_file("/proc/cmdline", "cma=64M@16M-4G");
    CHECK(CmaAreas().area("reserved")->range == AddressRange{0x1000000, 0x3fffffff});
    CHECK(CmaAreas().area("reserved")->origin ==
          "/proc/cmdline cma=64M@16M-4G, /proc/zoneinfo zone DMA");
    kernel.add_file("/proc/cmdline", "cma=64M@16M-32M");
    CHECK(CmaAreas().area("reserved")->range == AddressRange{0x1000000, 0x1ffffff});
}

TEST_CASE("the zone for DMA begins where RAM does, and may be all above 4 GiB") {
    FakeKernel kernel;
    kernel.machine = "aarch64";
    kernel.add_file("/proc/zoneinfo", "Node 0, zone      DMA\n        spanned  786432\n"
                                      "  start_pfn:           262144\n");
    CHECK(CmaAreas().area("reserved")->range == AddressRange{0x40000000, 0xffffffff});
    kernel.add_file("/proc/zoneinfo", "Node 0, zone      DMA\n        spanned  2097152\n"
                                      "  start_pfn:           8388608\n");
    CHECK(CmaAreas().area("reserved")->range == AddressRange{0x800000000, 0x9ffffffff});
    kernel.add_file("/proc/zoneinfo", "Node 0, zone   Normal\n        spanned  2097152\n"
                                      "  start_pfn:           8388608\n");
    CHECK_FALSE(CmaAreas().area("reserved"));
}

TEST_CASE("memory of a firmware or of one device alone is no CMA area") {
    FakeKernel kernel;
    add_region(kernel, "video", false);
    kernel.remove(fake_tree + "/reserved-memory/video/reusable");
    CHECK(CmaAreas().region("video") == nullptr);
    add_region(kernel, "other", false);
    kernel.remove(fake_tree + "/reserved-memory/other/compatible");
    CHECK(CmaAreas().region("other") == nullptr);
}
