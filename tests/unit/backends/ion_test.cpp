// SPDX-License-Identifier: MIT
// The ION backend: which heaps there are in each ABI, and every way in which an allocation ends.
#include "backends/uapi/ion.h"
#include "tests/support/backend_checks.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::CpuCaching;
using solver::OfferContiguity;
namespace uapi = simplealloc::ion::uapi;

namespace {

const Backend& backend() {
    return *find_backend("ion");
}

std::vector<SourceRecord> sources(const Quirks& quirks = {}) {
    return sources_of(backend(), {}, quirks);
}

std::vector<std::string> names(const std::vector<SourceRecord>& found) {
    std::vector<std::string> out;
    for (const SourceRecord& source : found)
        out.push_back(source.input.name);
    return out;
}

SourceRecord source(const std::string& name) {
    for (const SourceRecord& one : sources())
        if (one.input.name == name)
            return one;
    FAIL("no source " << name);
    return {};
}

/// A kernel's own heaps, with the ids of that ABI.
FakeIon usual(FakeIonAbi abi) {
    const std::uint32_t cma_id = abi == FakeIonAbi::modern ? 3 : 4;
    FakeIon ion{.abi = abi,
                .heaps = {{.name = "ion_system_heap", .type = 0, .id = 0},
                          {.name = "ion_system_contig_heap", .type = 1, .id = 1},
                          {.name = "carveout", .type = 2, .id = 2, .contiguous = true},
                          {.name = "cma", .type = 4, .id = cma_id, .contiguous = true}}};
    ion.heaps[3].refuses_cached = abi == FakeIonAbi::legacy || abi == FakeIonAbi::legacy_query;
    return ion;
}

AllocationSpec with_caching(AllocationSpec spec, CpuCaching caching) {
    spec.caching = caching;
    return spec;
}

constexpr FakeIonAbi every_abi[] = {FakeIonAbi::legacy, FakeIonAbi::legacy_query,
                                    FakeIonAbi::modern, FakeIonAbi::modular};

unsigned long alloc_number(FakeIonAbi abi) {
    return abi == FakeIonAbi::legacy || abi == FakeIonAbi::legacy_query ? uapi::legacy_alloc
                                                                        : uapi::modern_alloc;
}

} // namespace

TEST_CASE("each ABI of ION has the same sources, one for each heap") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    const auto found = sources();
    std::vector<std::string> listed = names(found);
    // The kernel lists them by falling id.
    if (abi != FakeIonAbi::legacy)
        std::reverse(listed.begin(), listed.end());
    CHECK(listed ==
          std::vector<std::string>{"ion:system", "ion:system_contig", "ion:carveout", "ion:cma"});
    for (const SourceRecord& one : found) {
        CHECK(one.input.usable);
        CHECK(one.path == "/dev/ion");
    }
    CHECK(ion->allocations.empty());
    CHECK(fake.census() == Census{});
    // Without a list, that a heap exists is a guess.
    CHECK(find_fact(found[0], "heap")->confidence ==
          (abi == FakeIonAbi::legacy ? Confidence::assumed : Confidence::known));
}

TEST_CASE("the type of a heap decides what it offers") {
    FakeKernel fake;
    add_ion(fake, usual(FakeIonAbi::modern));
    const solver::Offer system = source("ion:system").input.offer;
    CHECK(system.contiguity == OfferContiguity::scattered);
    CHECK_FALSE(system.scarce);
    CHECK(system.zeroed == true);
    CHECK(system.caching_selectable);
    const solver::Offer block = source("ion:system_contig").input.offer;
    CHECK(block.contiguity == OfferContiguity::physical);
    CHECK_FALSE(block.scarce);
    CHECK(block.max_size == 4U << 20U);
    CHECK_FALSE(block.max_size_reason.empty());
    const solver::Offer carveout = source("ion:carveout").input.offer;
    CHECK(carveout.contiguity == OfferContiguity::physical);
    CHECK(carveout.scarce);
    CHECK_FALSE(carveout.zeroed.has_value());
    const solver::Offer cma = source("ion:cma").input.offer;
    CHECK(cma.contiguity == OfferContiguity::physical);
    CHECK(cma.scarce);
    CHECK(cma.zeroed == true);
}

TEST_CASE("a legacy kernel's memory may hold old data, and its CMA heap is never cached") {
    FakeKernel fake;
    add_ion(fake, usual(FakeIonAbi::legacy));
    CHECK_FALSE(source("ion:system").input.offer.zeroed.has_value());
    const solver::Offer cma = source("ion:cma").input.offer;
    CHECK_FALSE(cma.caching_selectable);
    CHECK(cma.caching == CpuCaching::write_combined);
}

TEST_CASE("chunks are at least a page, secure heaps are out of the CPU's reach, and of a vendor's "
          "type nothing is known") {
    FakeKernel fake;
    FakeIon ion;
    ion.heaps = {{.name = "chunk", .type = 3, .id = 3},
                 {.name = "secure_heap", .type = 5, .id = 4, .mappable = false},
                 {.name = "vendor", .type = 17, .id = 17}};
    add_ion(fake, ion);
    const solver::Offer chunks = source("ion:chunk").input.offer;
    CHECK(chunks.contiguity == OfferContiguity::chunks);
    CHECK(chunks.chunk_size == 4096);
    const SourceRecord secure = source("ion:secure");
    CHECK(secure.input.offer.protected_memory);
    CHECK(secure.input.offer.caching == CpuCaching::unmappable);
    CHECK_FALSE(secure.input.offer.caching_selectable);
    CHECK(find_fact(secure, "caching")->confidence == Confidence::assumed);
    const SourceRecord vendor = source("ion:vendor");
    CHECK(vendor.input.offer.contiguity == OfferContiguity::unknown);
    CHECK(find_fact(vendor, "contiguity")->confidence == Confidence::unknown);
}

TEST_CASE("heaps of the same name are told apart by their ids") {
    FakeKernel fake;
    add_ion(fake, {.heaps = {{.name = "cma", .type = 4, .id = 2},
                             {.name = "cma", .type = 4, .id = 3},
                             {.name = "", .type = 4, .id = 5}}});
    CHECK(names(sources()) == std::vector<std::string>{"ion:heap5", "ion:cma-3", "ion:cma-2"});
}

TEST_CASE("a vendor's heaps are known by the device tree where the kernel can't list them") {
    FakeKernel fake;
    fake.add_file("/proc/device-tree/compatible", std::string("acme,phone\0qcom,msm8916\0", 24));
    add_ion(fake, {.abi = FakeIonAbi::legacy, .heaps = {{.name = "system", .type = 0, .id = 25}}});
    auto quirks = Quirks::load("");
    REQUIRE(quirks);
    const auto found = sources(*quirks);
    const auto with_id = [&](std::uint32_t id) {
        return std::find_if(found.begin(), found.end(),
                            [&](const SourceRecord& one) { return one.heap_id == id; });
    };
    REQUIRE(with_id(25) != found.end());
    CHECK(with_id(25)->input.name == "ion:system");
    CHECK(with_id(25)->input.offer.contiguity == OfferContiguity::scattered);
    CHECK(find_fact(*with_id(25), "contiguity")->origin ==
          "quirk ion.quirks [ion:qcom] (machine = qcom,*)");
    REQUIRE(with_id(9) != found.end());
    CHECK(with_id(9)->input.offer.protected_memory);
    CHECK(with_id(21)->input.offer.contiguity == OfferContiguity::physical);
    // The convention does not hold there, and another vendor's ids don't either.
    CHECK(with_id(0) == found.end());
    CHECK(with_id(13) == found.end());
    CHECK(backend().allocate(*with_id(25), bytes_spec(4096)));
}

TEST_CASE("a quirk row explains a listed heap whose type is the vendor's, and no other") {
    FakeKernel fake;
    add_ion(fake, {.heaps = {{.name = "multimedia", .type = 10, .id = 10},
                             {.name = "ion_system_heap", .type = 0, .id = 0}}});
    Quirks quirks;
    REQUIRE(quirks.read("[ion:board]\nsource = test\nheaps = 10:mm:contiguous 0:system:protected\n",
                        "test.quirks"));
    const auto found = sources(quirks);
    REQUIRE(names(found) == std::vector<std::string>{"ion:multimedia", "ion:system"}); // 10, 0
    CHECK(found[0].input.offer.contiguity == OfferContiguity::physical);
    CHECK(found[1].input.offer.contiguity == OfferContiguity::scattered);
    CHECK_FALSE(found[1].input.offer.protected_memory);
}

TEST_CASE("a machine without ION has no source, and its node is found without udev, too") {
    FakeKernel fake;
    CHECK(sources().empty());
    FakeIon ion = usual(FakeIonAbi::modern);
    ion.in_udev = false;
    add_ion(fake, ion);
    CHECK(sources().size() == 4);
}

TEST_CASE("a node that this process may not open is listed with the remedy") {
    FakeKernel fake;
    add_ion(fake, usual(FakeIonAbi::modern));
    const SourceRecord usable = source("ion:system");
    fake.root = false;
    const auto found = sources();
    REQUIRE(names(found) == std::vector<std::string>{"ion"});
    CHECK_FALSE(found[0].input.usable);
    CHECK(found[0].input.reason.find("Permission denied") != std::string::npos);
    CHECK_FALSE(found[0].input.remedy.empty());
    const auto buffer = backend().allocate(usable, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::denied);
    CHECK(buffer.error().stage == Stage::open);
}

TEST_CASE("a node that answers no ABI is listed with the reason") {
    FakeKernel fake;
    FakeIon ion = usual(FakeIonAbi::modern);
    ion.override = [](unsigned long, void*) { return std::optional<int>(-ENOTTY); };
    add_ion(fake, ion);
    const auto found = sources();
    REQUIRE(names(found) == std::vector<std::string>{"ion"});
    CHECK_FALSE(found[0].input.usable);
    CHECK_FALSE(found[0].input.reason.empty());
}

TEST_CASE("finding leaves nothing, whichever system call fails") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    for (unsigned n = 1; n < 100; ++n) {
        fake.clear_failures();
        fake.fail_nth_syscall(n, EMFILE);
        const auto found = sources();
        INFO("system call " << n);
        for (const SourceRecord& one : found)
            CHECK((one.input.usable || !one.input.reason.empty()));
        CHECK(fake.census() == Census{});
        CHECK(ion->allocations.empty());
        if (!fake.failed())
            break;
        REQUIRE(n < 99);
    }
    CHECK(fake.errors() == std::vector<std::string>{});
}

TEST_CASE("an ION allocation asks one heap alone, with the page size as alignment") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    auto buffer = backend().allocate(source("ion:carveout"), bytes_spec(8192));
    REQUIRE(buffer);
    REQUIRE(ion->allocations.size() == 1);
    CHECK(ion->allocations[0].mask == 1U << 2U);
    CHECK(ion->allocations[0].flags == 0);
    const bool legacy = abi == FakeIonAbi::legacy || abi == FakeIonAbi::legacy_query;
    CHECK(ion->allocations[0].align == (legacy ? 4096 : 0));
    CHECK(fake.dmabuf(buffer->dmabufs[0].get())->contiguous);
    CHECK(*ion->handles == 0);
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
    buffer->dmabufs.clear();
    CHECK(fake.census() == Census{});
}

TEST_CASE("an ION allocation leaves neither descriptor nor handle, whichever system call fails") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto caching = GENERATE(CpuCaching::cached, CpuCaching::write_combined);
    const auto ion = add_ion(fake, usual(abi));
    fail_each_syscall(fake, source("ion:system"),
                      with_caching(nv12_spec(64, 48, Placement::per_plane), caching));
    CHECK(*ion->handles == 0);
}

TEST_CASE("each errno of ION's ALLOC has its cause, and nothing is left") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    const SourceRecord system = source("ion:system");
    const auto row = GENERATE(table<int, Cause>({
        {ENODEV, Cause::gone},
        {ENOMEM, Cause::exhausted},
        {EINVAL, Cause::unsupported},
        {ENOTTY, Cause::unsupported},
        {EACCES, Cause::denied},
        {EFAULT, Cause::our_bug},
        {EMFILE, Cause::fd_limit},
        {EINTR, Cause::interrupted},
    }));
    INFO("errno " << std::get<0>(row));
    CHECK(cause_when(fake, system, bytes_spec(4096), alloc_number(abi), std::get<0>(row)) ==
          std::get<1>(row));
    CHECK(*ion->handles == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("each errno of the calls around a handle has its cause and stage, and the handle is "
          "freed") {
    FakeKernel fake;
    const auto ion = add_ion(fake, usual(FakeIonAbi::legacy));
    const SourceRecord system = source("ion:system");
    const auto number = GENERATE(uapi::legacy_share, uapi::legacy_free);
    const auto row = GENERATE(table<int, Cause>({
        {EINVAL, Cause::our_bug},
        {ENOMEM, Cause::exhausted},
        {EMFILE, Cause::fd_limit},
        {ENFILE, Cause::fd_limit},
        {EFAULT, Cause::our_bug},
    }));
    // The first FREE is the question for the ABI.
    fake.fail(number, number == uapi::legacy_free ? 2 : 1, std::get<0>(row));
    const auto buffer = backend().allocate(system, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == std::get<1>(row));
    CHECK(buffer.error().sys_errno == std::get<0>(row));
    CHECK(buffer.error().stage ==
          (number == uapi::legacy_share ? Stage::export_fd : Stage::allocate));
    CHECK(*ion->handles == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("the ABI is asked again by each allocation, and an answer of neither is reported") {
    FakeKernel fake;
    const auto ion = add_ion(fake, usual(FakeIonAbi::modern));
    const SourceRecord system = source("ion:system");
    ion->abi = FakeIonAbi::legacy;
    CHECK(backend().allocate(system, bytes_spec(4096)));
    CHECK(cause_when(fake, system, bytes_spec(4096), uapi::legacy_free, EPERM) == Cause::denied);
    CHECK(cause_when(fake, system, bytes_spec(4096), "open", ENOENT) == Cause::gone);
}

TEST_CASE("a heap that is full during the second dma-buf is exhausted and gives back the first") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    ion->heaps[2].pool->capacity = 4096;
    const auto buffer =
        backend().allocate(source("ion:carveout"), nv12_spec(64, 48, Placement::per_plane));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(ion->heaps[2].pool->used == 0);
    CHECK(*ion->handles == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a heap of ION that gives less than asked is a mismatch, and nothing is left") {
    FakeKernel fake;
    const auto abi = GENERATE(FakeIonAbi::legacy, FakeIonAbi::modern);
    FakeIon described = usual(abi);
    described.heaps[0].missing = 4096;
    const auto ion = add_ion(fake, described);
    const auto buffer = backend().allocate(source("ion:system"), bytes_spec(8192));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().stage == Stage::layout);
    CHECK(*ion->handles == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("the CPU profile decides about cached mappings") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto [cpu, flags] = GENERATE(table<CpuAccess, std::uint32_t>({
        {CpuAccess::none, 0},
        {CpuAccess::write, 0},
        {CpuAccess::read_rarely, uapi::flag_cached},
        {CpuAccess::read_often, uapi::flag_cached},
    }));
    const auto buffer = allocator->allocate(Request::bytes(4096).cpu(cpu));
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:system");
    REQUIRE(ion->allocations.size() == 1);
    CHECK(ion->allocations[0].flags == flags);
    const auto facts = buffer->facts();
    const auto caching = std::find_if(facts.begin(), facts.end(),
                                      [](const Fact& fact) { return fact.name == "caching"; });
    REQUIRE(caching != facts.end());
    CHECK(caching->value == (flags != 0 ? "cached" : "write-combined"));
}

TEST_CASE(
    "CPU writes to legacy cached memory end with ION_IOC_SYNC, reads and other memory don't") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    const auto abi = GENERATE(FakeIonAbi::legacy, FakeIonAbi::modern);
    const auto cpu = GENERATE(CpuAccess::read_often, CpuAccess::write);
    const auto ion = add_ion(fake, usual(abi));
    {
        auto allocator = Allocator::open();
        REQUIRE(allocator);
        // Clearing would be one more write by the CPU.
        auto buffer = allocator->allocate(Request::bytes(4096).cpu(cpu).zeroed(false));
        REQUIRE(buffer);
        const ino_t inode = buffer->info()->inode;
        REQUIRE(buffer->map(Access::read)->finish());
        CHECK(ion->synced.empty());
        auto mapping = buffer->map(Access::read_write);
        REQUIRE(mapping);
        // A mapping may outlive its buffer, and then needs the node still.
        buffer = Error();
        CHECK(mapping->finish());
        CHECK(mapping->finish());
        const bool flushed = abi == FakeIonAbi::legacy && cpu == CpuAccess::read_often;
        CHECK(ion->synced == (flushed ? std::vector<ino_t>{inode} : std::vector<ino_t>{}));
    }
    CHECK(fake.census() == Census{});
}

TEST_CASE("a failed ION_IOC_SYNC is reported, by finish alone") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    add_ion(fake, usual(FakeIonAbi::legacy));
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    auto buffer = allocator->allocate(Request::bytes(4096).cpu(CpuAccess::read_often));
    REQUIRE(buffer);
    auto mapping = buffer->map(Access::write);
    REQUIRE(mapping);
    fake.clear_calls(); // clearing fresh memory ended with one, too
    fake.fail(uapi::legacy_sync, 1, EINVAL);
    const auto finished = mapping->finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().stage == Stage::sync);
    CHECK(finished.error().sys_errno == EINVAL);
    CHECK(mapping->finish());
    CHECK(fake.count(uapi::legacy_sync) == 1);
}

TEST_CASE("a heap that is not there after all is left for the next one") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    FakeIon described = usual(FakeIonAbi::legacy);
    described.heaps.erase(described.heaps.begin() + 2);
    add_ion(fake, described);
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    DeviceDescription npu;
    npu.name = "npu";
    npu.alternatives.emplace_back().constraints.contiguity = Contiguity::required;
    const Device device = Device::described(npu);
    const auto buffer = allocator->allocate(Request::bytes(8U << 20U).use(device, Use::write));
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:cma");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "ion:carveout");
    CHECK(buffer->attempts()[0].cause == Cause::gone);
    CHECK(buffer->attempts()[0].sys_errno == ENODEV);
}

TEST_CASE(
    "a heap of a type that nobody describes comes last, and a strict request has none of it") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    // As a vendor's secure heap is called that says so nowhere.
    add_ion(fake, {.abi = FakeIonAbi::modular,
                   .heaps = {{.name = "ion_system_heap", .type = 0, .id = 0},
                             {.name = "ion_svp_heap", .type = 16, .id = 9, .mappable = false}}});
    CHECK(source("ion:svp").input.offer.scarce);
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto plan = allocator->plan(Request::bytes(4096).order({"ion:svp"}));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 2);
    CHECK(plan->candidates()[0].source == "ion:system");
    CHECK_FALSE(plan->candidates()[0].unproven);
    const Candidate& last = plan->candidates()[1];
    CHECK(last.source == "ion:svp");
    CHECK(last.unproven);
    CHECK(last.criteria.front().value ==
          "unproven: nobody describes memory of ION heap type 16, which is the vendor's own");
    REQUIRE(last.lost);
    CHECK(to_string(last.lost->remedy) ==
          "say what it is in a quirk file: `[ion:board]` with `heaps = 9:svp:scattered` "
          "(or contiguous, or protected)");

    const auto strict = allocator->plan(Request::bytes(4096).strict());
    REQUIRE(strict);
    REQUIRE(strict->candidates().size() == 1);
    CHECK(strict->candidates()[0].source == "ion:system");
    REQUIRE(strict->rejections().size() == 1);
    CHECK(strict->rejections()[0].source == "ion:svp");
    CHECK(strict->rejections()[0].constraint == ConstraintKind::memory_kind);
}

TEST_CASE("a row that names a heap's memory makes it an ordinary one, and `unknown` does not") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    add_ion(fake, {.heaps = {{.name = "ion_svp_heap", .type = 16, .id = 9}}});
    const auto [memory, strict_ones] =
        GENERATE(table<std::string, std::size_t>({{"scattered", 1}, {"unknown", 0}}));
    CAPTURE(memory);
    fake.add_file("/q/board.quirks", "[ion:board]\nsource = test\nheaps = 9:svp:" + memory + "\n");
    AllocatorOptions options;
    options.quirk_path = "/q/board.quirks";
    const auto allocator = Allocator::open(options);
    REQUIRE(allocator);
    const auto plan = allocator->plan(Request::bytes(4096).strict());
    REQUIRE(plan);
    CHECK(plan->candidates().size() == strict_ones);
}

TEST_CASE("memory that turns out not to be mappable is left for the next source") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    add_ion(fake, {.heaps = {{.name = "ion_svp_heap", .type = 16, .id = 9, .mappable = false},
                             {.name = "ion_odd_heap", .type = 17, .id = 10}}});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const Request request =
        Request::bytes(4096).cpu(CpuAccess::read_often).order({"ion:svp", "ion:odd"});
    const auto buffer = allocator->allocate(request);
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:odd");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "ion:svp");
    CHECK(buffer->attempts()[0].stage == Stage::map);
    CHECK(buffer->attempts()[0].cause == Cause::unsupported);
    CHECK(buffer->attempts()[0].message.find("the CPU can't map it") != std::string::npos);
}

TEST_CASE("a full CMA heap of the handle ABI says EPERM, and is used up") {
    FakeKernel fake;
    const auto abi = GENERATE(from_range(std::begin(every_abi), std::end(every_abi)));
    const auto ion = add_ion(fake, usual(abi));
    ion->heaps[3].pool->capacity = 4096;
    const auto buffer = backend().allocate(source("ion:cma"), bytes_spec(8192));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    const bool legacy = abi == FakeIonAbi::legacy || abi == FakeIonAbi::legacy_query;
    CHECK(buffer.error().sys_errno == (legacy ? EPERM : ENOMEM));
    CHECK(buffer.error().remedy == "free buffers of this heap or ask for less");
}

TEST_CASE("ION's CMA heaps give no more than their area, and lie where that is") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\nCmaTotal:         131072 kB\n");
    fake.add_file("/proc/cmdline", "quiet cma=96M@0x40000000\n");
    FakeIon ion = usual(GENERATE(FakeIonAbi::modern, FakeIonAbi::modular));
    ion.heaps[3].name = "reserved";
    add_ion(fake, ion);
    const SourceRecord cma = source("ion:reserved");
    CHECK(cma.input.offer.max_size == 96U << 20U);
    CHECK(cma.input.offer.max_total == 96U << 20U);
    CHECK(cma.input.offer.max_size_reason == "its CMA area holds 96 MiB");
    CHECK(cma.input.offer.min_address == 0x40000000);
    CHECK(cma.input.offer.max_address == 0x45ffffff);
    CHECK(find_fact(cma, "max-size")->value == "96 MiB");
    CHECK(source("ion:carveout").input.offer.max_size == no_limit);
    CHECK(source("ion:system").input.offer.max_size == no_limit);
    const auto plan = Allocator::open()->plan(Request::bytes(112U << 20U).without("ion:system"));
    REQUIRE(plan);
    const auto& rejections = plan->rejections();
    CHECK(std::any_of(rejections.begin(), rejections.end(), [](const Rejection& one) {
        return one.source == "ion:reserved" && one.constraint == ConstraintKind::request_size;
    }));
}

TEST_CASE("a CMA heap of the handle ABI is taken to be no larger than all areas") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    add_ion(fake, usual(GENERATE(FakeIonAbi::legacy, FakeIonAbi::legacy_query)));
    const SourceRecord cma = source("ion:cma");
    CHECK(cma.input.offer.max_size == 128U << 20U);
    // Its device may have had memory of its own.
    CHECK(find_fact(cma, "max-size")->confidence == Confidence::assumed);
}

TEST_CASE("type 2 is CMA in a modular kernel that has it with the first id of that range") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    const std::uint32_t id = GENERATE(1U, 2U);
    add_ion(fake, {.abi = FakeIonAbi::modular,
                   .heaps = {{.name = "ion_system_heap", .type = 0, .id = 0},
                             {.name = "linux,cma", .type = 2, .id = id}}});
    const solver::Offer offer = source("ion:linux,cma").input.offer;
    CHECK(offer.contiguity == OfferContiguity::physical);
    CHECK(offer.scarce);
    // Linux 5.4 has carveouts from id 2.
    CHECK(offer.zeroed == (id == 1 ? std::optional(true) : std::nullopt));
    CHECK(offer.max_size == (id == 1 ? 128U << 20U : no_limit));
}

TEST_CASE("an ION with 64-bit handles is listed with the reason why it is not used") {
    FakeKernel fake;
    FakeIon ion = usual(FakeIonAbi::wide);
    ion.wide_query = GENERATE(false, true);
    add_ion(fake, ion);
    const auto found = sources();
    REQUIRE(names(found) == std::vector<std::string>{"ion"});
    CHECK_FALSE(found[0].input.usable);
    CHECK(found[0].input.reason ==
          "/dev/ion: its handles have 64 bits, an ABI of some vendors' that nothing here speaks");
    CHECK_FALSE(found[0].input.remedy.empty());
    CHECK(fake.census() == Census{});
}
