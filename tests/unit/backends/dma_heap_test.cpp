// SPDX-License-Identifier: MIT
// The dma-heap backend: what a heap's name tells, and every way in which an allocation ends.
#include "backends/dma_heap/names.hpp"
#include "tests/support/backend_checks.hpp"
#include "tests/support/fake_tree.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-heap.h>
#include <sys/mman.h>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::CpuCaching;
using solver::OfferContiguity;

namespace {

const Backend& backend() {
    return *find_backend("dma-heap");
}

std::vector<SourceRecord> sources() {
    return backend().find({});
}

} // namespace

TEST_CASE("a heap is a source without being opened") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    add_dma_heap(fake, {.name = "reserved"});
    const auto found = sources();
    REQUIRE(found.size() == 2);
    CHECK(found[0].input.name == "dma-heap:reserved");
    CHECK(found[1].input.name == "dma-heap:system");
    CHECK(found[1].path == "/dev/dma_heap/system");
    CHECK(found[1].input.driver == "dma-heap");
    CHECK(found[1].input.usable);
    CHECK(fake.count("open") == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("heaps are found without udev, too") {
    FakeKernel fake;
    fake.udev_error = -ENOENT;
    add_dma_heap(fake, {.name = "linux,cma@1", .in_udev = false});
    REQUIRE(sources().size() == 1);
    CHECK(sources()[0].input.name == "dma-heap:linux,cma@1");
}

TEST_CASE("a machine without heaps has no source") {
    FakeKernel fake;
    CHECK(sources().empty());
}

TEST_CASE("a heap that this process may not open is listed with the remedy") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    fake.root = false;
    const auto found = sources();
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].input.usable);
    CHECK_FALSE(found[0].input.reason.empty());
    CHECK_FALSE(found[0].input.remedy.empty());
    const auto buffer = backend().allocate(found[0], bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::denied);
    CHECK(buffer.error().stage == Stage::open);
    CHECK(buffer.error().remedy == found[0].input.remedy);
}

TEST_CASE("the system heap offers scattered, cached, zeroed memory where RAM is") {
    FakeKernel fake;
    fake.add_file("/proc/zoneinfo", "Node 0, zone   Normal\n        spanned  262144\n"
                                    "  start_pfn:           1048576\n");
    add_dma_heap(fake, {.name = "system"});
    const auto found = sources();
    const solver::Offer& offer = found.at(0).input.offer;
    CHECK(offer.contiguity == OfferContiguity::scattered);
    CHECK(offer.caching == CpuCaching::cached);
    CHECK(offer.zeroed == true);
    CHECK_FALSE(offer.scarce);
    CHECK(offer.min_address == 0x100000000);
    CHECK(offer.max_address == (1048576ULL + 262144) * 4096 - 1);
    CHECK(offer.max_size == no_limit);
    const auto& facts = found[0].facts;
    REQUIRE(facts.size() == 4);
    CHECK(facts[0].name == "contiguity");
    CHECK(facts[0].confidence == Confidence::known);
    CHECK(facts[1].name == "caching");
    CHECK(facts[2].name == "zeroed");
    CHECK(facts[3] == Fact{"mode", "0600, group root", Confidence::known, "/dev/dma_heap/system"});
}

TEST_CASE("a CMA heap is scarce and no larger than the CMA areas") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemTotal: 2000000 kB\nCmaTotal:         131072 kB\n");
    add_dma_heap(fake, {.name = "reserved"});
    const auto found = sources();
    const solver::Offer& offer = found.at(0).input.offer;
    CHECK(offer.contiguity == OfferContiguity::physical);
    CHECK(offer.scarce);
    CHECK(offer.max_size == 128U << 20U);
    CHECK(offer.max_size_reason == "the CMA areas hold 128 MiB");
    CHECK(offer.max_total == offer.max_size);
    CHECK(offer.max_size_remedy == "boot with a larger cma=");
    CHECK(find_fact(found[0], "max-size")->value == "128 MiB");
}

TEST_CASE("a heap of a name that nobody knows comes last, and a strict request has none of it") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    add_dma_heap(fake, {.name = "qcom,display"});
    add_udmabuf(fake);
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto plan = allocator->plan(Request::bytes(4096));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 2);
    CHECK(plan->candidates()[0].source == "udmabuf");
    CHECK(plan->candidates()[1].unproven);
    REQUIRE(plan->candidates()[1].lost);
    CHECK(to_string(plan->candidates()[1].lost->remedy) == "Request::without udmabuf");
    CHECK(allocator->plan(Request::bytes(4096).strict())->candidates().size() == 1);
}

TEST_CASE("a heap of any name that has a CMA area is contiguous") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "camera-pool"});
    CHECK(sources().at(0).input.offer.contiguity == OfferContiguity::unknown);
    CHECK(find_fact(sources().at(0), "contiguity")->confidence == Confidence::unknown);
    fake.add_directory("/sys/kernel/mm/cma/camera-pool");
    CHECK(sources().at(0).input.offer.contiguity == OfferContiguity::physical);
    CHECK(find_fact(sources().at(0), "contiguity")->origin == "/sys/kernel/mm/cma/camera-pool");
    CHECK(find_fact(sources().at(0), "contiguity")->confidence == Confidence::known);
}

TEST_CASE("no kernel parameter is advised for an area that is not the default one") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    fake.add_directory("/sys/kernel/mm/cma/camera-pool");
    add_dma_heap(fake, {.name = "camera-pool"});
    add_dma_heap(fake, {.name = "reserved"});
    const auto found = sources();
    CHECK(found.at(0).input.offer.max_size == 128U << 20U);
    CHECK(found.at(0).input.offer.max_size_remedy.empty());
    CHECK(found.at(1).input.offer.max_size_remedy == "boot with a larger cma=");
}

TEST_CASE("the name of a heap tells its memory") {
    struct Row {
        const char* name;
        OfferContiguity contiguity;
        CpuCaching caching;
        bool protected_memory;
        std::uint64_t max_address;
        Confidence confidence;
    };
    const auto row = GENERATE(values<Row>({
        {"system", OfferContiguity::scattered, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"reserved", OfferContiguity::physical, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"linux,cma", OfferContiguity::physical, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"default-pool", OfferContiguity::physical, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"default_cma_region", OfferContiguity::physical, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"video-contiguous", OfferContiguity::physical, CpuCaching::cached, false, no_limit,
         Confidence::assumed},
        {"system-uncached", OfferContiguity::scattered, CpuCaching::write_combined, false, no_limit,
         Confidence::assumed},
        {"system-dma32", OfferContiguity::scattered, CpuCaching::cached, false, 0xffffffff,
         Confidence::assumed},
        {"system-uncached-dma32", OfferContiguity::scattered, CpuCaching::write_combined, false,
         0xffffffff, Confidence::assumed},
        {"linux,cma-uncached", OfferContiguity::physical, CpuCaching::write_combined, false,
         no_limit, Confidence::assumed},
        {"protected,secure-video", OfferContiguity::unknown, CpuCaching::unmappable, true, no_limit,
         Confidence::known},
        {"vframe-secure", OfferContiguity::unknown, CpuCaching::unmappable, true, no_limit,
         Confidence::assumed},
        {"mtk_svp_region", OfferContiguity::unknown, CpuCaching::unmappable, true, no_limit,
         Confidence::assumed},
        {"mtk_mm-uncached", OfferContiguity::scattered, CpuCaching::write_combined, false, no_limit,
         Confidence::assumed},
        {"qcom,system", OfferContiguity::scattered, CpuCaching::cached, false, no_limit,
         Confidence::assumed},
        {"system_cc_shared", OfferContiguity::scattered, CpuCaching::cached, false, no_limit,
         Confidence::known},
        {"qcom,display", OfferContiguity::unknown, CpuCaching::unknown, false, no_limit,
         Confidence::unknown},
    }));
    const HeapKnowledge heap = heap_knowledge(row.name, "");
    INFO(row.name);
    CHECK(heap.contiguity == row.contiguity);
    CHECK(heap.caching == row.caching);
    CHECK(heap.protected_memory == row.protected_memory);
    CHECK(heap.max_address == row.max_address);
    CHECK(heap.confidence == row.confidence);
    CHECK(heap.origin.empty() == (row.confidence == Confidence::unknown));
}

TEST_CASE("one CMA area under two names is one source, and answers to both") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "default_cma_region"});
    add_dma_heap(fake, {.name = "reserved"});
    add_dma_heap(fake, {.name = "system"});
    const auto found = sources();
    REQUIRE(found.size() == 2);
    CHECK(found[0].input.name == "dma-heap:default_cma_region");
    CHECK(find_fact(found[0], "alias")->value == "reserved");
    CHECK(find_fact(found[0], "alias")->origin ==
          "/dev/dma_heap/reserved, DMABUF_HEAPS_CMA_LEGACY");
    CHECK(found[0].input.is_called("dma-heap:reserved"));
    CHECK(found[1].input.name == "dma-heap:system");
    CHECK(find_fact(found[1], "alias") == nullptr);
}

TEST_CASE("a region of the device tree beside the default one is a heap of its own") {
    FakeKernel fake;
    add_strings(fake, "/reserved-memory/linux,cma", "compatible", {"shared-dma-pool"});
    add_strings(fake, "/reserved-memory/linux,cma", "reusable");
    add_dma_heap(fake, {.name = "default_cma_region"});
    add_dma_heap(fake, {.name = "linux,cma"});
    CHECK(sources().size() == 2);
    add_strings(fake, "/reserved-memory/linux,cma", "linux,cma-default");
    CHECK(sources().size() == 1);
}

TEST_CASE("the default CMA heap answers to every name that it has had") {
    FakeKernel fake;
    const std::string name =
        GENERATE("reserved", "linux,cma", "default-pool", "default_cma_region");
    add_dma_heap(fake, {.name = name});
    const auto found = sources();
    REQUIRE(found.size() == 1);
    CHECK(found[0].input.name == "dma-heap:" + name);
    for (const char* other : {"reserved", "linux,cma", "default-pool", "default_cma_region", "cma"})
        CHECK(found[0].input.is_called("dma-heap:" + std::string(other)));
    CHECK(found[0].input.is_called("dma-heap"));
    CHECK_FALSE(found[0].input.is_called("dma-heap:system"));
}

TEST_CASE("a heap is never called what another one is") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "reserved"});
    add_dma_heap(fake, {.name = "cma"});
    add_dma_heap(fake, {.name = "linux,cma-uncached"});
    const auto found = sources();
    REQUIRE(found.size() == 3);
    CHECK(found[0].input.name == "dma-heap:cma");
    CHECK(found[0].input.aliases.empty());
    CHECK(found[1].input.aliases.empty());
    CHECK_FALSE(found[2].input.is_called("dma-heap:cma"));
}

TEST_CASE("a heap of a region of the device tree is contiguous, and as large and where that is") {
    FakeKernel fake;
    const std::string node = "/reserved-memory/video@80000000";
    add_bus(fake, "/reserved-memory", 1, 1);
    add_strings(fake, node, "compatible", {"shared-dma-pool"});
    add_strings(fake, node, "reusable");
    add_cells(fake, node, "reg", {0x80000000, 0x2000000});
    const bool only = GENERATE(false, true); // there is no other area
    fake.add_file("/proc/meminfo", fmt::format("CmaTotal: {} kB\n", only ? 32768 : 131072));
    add_dma_heap(fake, {.name = "video@80000000"});
    const auto found = sources();
    REQUIRE(found.size() == 1);
    const solver::Offer& offer = found[0].input.offer;
    CHECK(offer.contiguity == OfferContiguity::physical);
    CHECK(find_fact(found[0], "contiguity")->origin == fake_tree + node);
    CHECK(offer.min_address == 0x80000000);
    CHECK(offer.max_address == 0x81ffffff);
    CHECK(offer.max_size == 32U << 20U);
    CHECK(offer.max_size_reason ==
          (only ? "the CMA areas hold 32 MiB" : "its CMA area holds 32 MiB"));
    CHECK(offer.max_size_remedy == "enlarge " + (fake_tree + node) + " in the device tree");
    CHECK(offer.max_total == offer.max_size);
    CHECK(find_fact(found[0], "addresses")->value == "0x80000000 to 0x81ffffff");
    CHECK(std::count_if(found[0].facts.begin(), found[0].facts.end(),
                        [](const Fact& fact) { return fact.name == "max-size"; }) == 1);
    CHECK(found[0].input.is_called("dma-heap:video"));
}

TEST_CASE("a heap below 4 GiB, or a CMA area, is where RAM is") {
    FakeKernel fake;
    fake.machine = "armv7l";
    fake.add_file("/proc/zoneinfo", "zone Normal spanned 196608 start_pfn: 524288\n"
                                    "zone HighMem spanned 262144 start_pfn: 786432\n"
                                    "zone HighMem spanned 262144 start_pfn: 8912896\n");
    add_dma_heap(fake, {.name = "reserved"});
    add_dma_heap(fake, {.name = "system-dma32"});
    const auto found = sources();
    CHECK(found.at(0).input.offer.min_address == 0x80000000);
    CHECK(found.at(0).input.offer.max_address == 0xffffffff);
    CHECK(found.at(1).input.offer.min_address == 0x80000000);
    CHECK(found.at(1).input.offer.max_address == 0xffffffff);
    // No window that RAM is not in.
    fake.add_file("/proc/zoneinfo", "zone Normal spanned 262144 start_pfn: 8912896\n");
    CHECK(sources().at(0).input.offer.min_address == 0x880000000);
    CHECK(sources().at(0).input.offer.max_address == 0x8bfffffff);
}

TEST_CASE("the command line's area is where it says") {
    FakeKernel fake;
    fake.add_file("/proc/cmdline", "cma=64M@0-1G");
    add_dma_heap(fake, {.name = "reserved"});
    add_dma_heap(fake, {.name = "system"});
    const auto found = sources();
    CHECK(found.at(0).input.offer.max_address == 0x3fffffff);
    CHECK(found.at(0).input.offer.max_size == 64U << 20U);
    CHECK(found.at(1).input.offer.max_address == no_limit);
}

TEST_CASE("a dma-heap allocation gives a writable dma-buf for each size of the layout") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    auto buffer = backend().allocate(sources().at(0), nv12_spec(64, 48, Placement::per_plane));
    REQUIRE(buffer);
    REQUIRE(buffer->dmabufs.size() == 2);
    CHECK(*buffer->layout == nv12_spec(64, 48, Placement::per_plane).layout);
    void* address = nullptr;
    CHECK(kernel::map(buffer->dmabufs[1].get(), 4096, PROT_READ | PROT_WRITE, &address) == 0);
    kernel::unmap(address, 4096);
    CHECK(fake.census() == Census{.fds = 2, .dmabufs = 2});
    buffer->dmabufs.clear();
    CHECK(fake.census() == Census{});
}

TEST_CASE("the real size of a heap's dma-buf goes into the layout") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    AllocationSpec spec = bytes_spec(5000);
    spec.layout.dmabuf_sizes = {5000};
    const auto buffer = backend().allocate(sources().at(0), spec);
    REQUIRE(buffer);
    CHECK(buffer->layout->dmabuf_sizes == std::vector<std::uint64_t>{8192});
}

TEST_CASE("a heap that gives less than asked is a mismatch, and nothing is left") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system", .missing = 4096});
    const auto buffer = backend().allocate(sources().at(0), bytes_spec(8192));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().stage == Stage::layout);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a dma-heap allocation leaves nothing, whichever system call fails") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    fail_each_syscall(fake, sources().at(0), nv12_spec(64, 48, Placement::per_plane));
}

TEST_CASE("a CMA heap that runs out during the second dma-buf is exhausted and gives back the "
          "first") {
    FakeKernel fake;
    const auto heap = add_dma_heap(fake, {.name = "reserved"});
    heap->pool->capacity = 4096;
    const auto buffer =
        backend().allocate(sources().at(0), nv12_spec(64, 48, Placement::per_plane));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(buffer.error().sys_errno == ENOMEM);
    CHECK(heap->pool->used == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("each errno of a heap has its cause") {
    FakeKernel fake;
    add_dma_heap(fake, {.name = "system"});
    const SourceRecord source = sources().at(0);
    const auto row = GENERATE(table<int, Cause>({
        {ENOMEM, Cause::exhausted},
        {EACCES, Cause::denied},
        {EPERM, Cause::denied},
        {ENODEV, Cause::gone},
        {ENXIO, Cause::gone},
        {ENOTTY, Cause::unsupported},
        {EINVAL, Cause::our_bug},
        {EFAULT, Cause::our_bug},
        {EMFILE, Cause::fd_limit},
        {ENFILE, Cause::fd_limit},
        {EINTR, Cause::interrupted},
    }));
    CHECK(cause_when(fake, source, bytes_spec(4096), DMA_HEAP_IOCTL_ALLOC, std::get<0>(row)) ==
          std::get<1>(row));
    CHECK(cause_when(fake, source, bytes_spec(4096), "open", ENOENT) == Cause::gone);
}
