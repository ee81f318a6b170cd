// SPDX-License-Identifier: MIT
// ION in each of its ABIs: what is chosen, that frames really arrive, and that nothing is left.
#include "backends/uapi/ion.h"
#include "tests/kernel/command.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <sys/ioctl.h>
#include <tuple>
#include <unistd.h>
#include <vector>

using namespace simplealloc;
using command::Words;

namespace {

const Words without{"--without", "dma-heap", "--without", "udmabuf"};

long counter(const std::string& name) {
    std::ifstream file("/sys/kernel/debug/ion/" + name);
    long value = -1;
    file >> value;
    return value;
}

/// Fixture: the driver answers in one ABI, and keeps neither handle nor buffer.
class Ion : public guest::NothingLeft {
public:
    Ion() { use("modern"); }
    ~Ion() {
        // Memory may be given back from a work queue.
        for (int attempt = 0; attempt < 50 && counter("buffers") != 0; ++attempt)
            usleep(100000);
        CHECK(counter("handles") == 0);
        CHECK(counter("buffers") == 0);
    }
    Ion(const Ion&) = delete;
    Ion& operator=(const Ion&) = delete;

    /// Counts for what opens the node from now on.
    static void use(const std::string& abi) {
        std::ofstream file("/sys/module/ion/parameters/abi");
        file << abi << std::flush;
        if (!file)
            throw std::runtime_error("the driver takes no ABI " + abi);
    }
};

Words pair_of(const std::string& camera, const std::string& display) {
    return {"--image",           "1280x720:XR24", "--use",
            camera + ":capture", "--use",         display + ":scanout"};
}

/// Something that needs one run of memory, or protected memory.
Device described(Constraints constraints) {
    DeviceDescription description;
    description.name = "npu";
    description.alternatives.emplace_back().constraints = std::move(constraints);
    return Device::described(std::move(description));
}

Allocator ion_alone() {
    AllocatorOptions options;
    options.without = {"dma-heap", "udmabuf"};
    auto allocator = Allocator::open(std::move(options));
    REQUIRE(allocator);
    return *std::move(allocator);
}

/// The errno of one call on a fresh open file, 0 when it succeeds.
int answer(unsigned long request, void* argument) {
    const int node = open("/dev/ion", O_RDONLY | O_CLOEXEC);
    REQUIRE(node >= 0);
    const int error = ioctl(node, request, argument) < 0 ? errno : 0;
    close(node);
    return error;
}

int legacy_alloc(std::size_t length, std::uint32_t mask, std::uint32_t flags = 0) {
    ion::uapi::LegacyAllocation request = {length, 4096, mask, flags, 0};
    return answer(ion::uapi::legacy_alloc, &request);
}

int modern_alloc(std::uint64_t length, std::uint32_t mask) {
    ion::uapi::ModernAllocation request = {length, mask, 0, 0, 0};
    const int error = answer(ion::uapi::modern_alloc, &request);
    if (error == 0)
        close(static_cast<int>(request.fd));
    return error;
}

} // namespace

TEST_CASE_METHOD(Ion, "the ION driver answers with the errnos of the published interface",
                 "[ion][full-32]") {
    constexpr std::uint32_t carveout = 1U << 2U;
    constexpr std::uint32_t unused = 1U << 30U;
    ion::uapi::LegacyHandle none = {};
    std::uint32_t version = 0;
    ion::uapi::HeapQuery query = {};
    ion::uapi::HeapQuery reserved = {};
    reserved.reserved1 = 1;
    std::array<char, 40> long_one = {};
    constexpr unsigned long too_long = _IOWR('I', 0, decltype(long_one));
    std::uint64_t no_wide_handle = 0;
    // What does not fit into the ABI's union is an argument too long, before it is anything else.
    const int legacy_number = sizeof(void*) == 8 ? EINVAL : ENOTTY;

    use("legacy");
    CHECK(answer(ion::uapi::legacy_free, &none) == EINVAL);
    CHECK(answer(ion::uapi::heap_query, &query) == ENOTTY);
    CHECK(answer(ion::uapi::abi_version, &version) == ENOTTY);
    CHECK(modern_alloc(4096, 1) == ENOTTY);
    CHECK(legacy_alloc(0, 1) == EINVAL);
    CHECK(legacy_alloc(4096, unused) == ENODEV);
    CHECK(legacy_alloc(64U << 20U, carveout) == ENOMEM);
    CHECK(legacy_alloc(4096, 1U << 4U, ion::uapi::flag_cached) == EINVAL);
    CHECK(legacy_alloc(256U << 20U, 1U << 4U) == EPERM);
    CHECK(answer(too_long, &long_one) == EINVAL);
    CHECK(answer(ion::uapi::wide_free, &no_wide_handle) == ENOTTY);
    // The handle dies with its open file.
    CHECK(legacy_alloc(4096, 1) == 0);
    CHECK(counter("handles") == 0);

    use("legacy-query");
    CHECK(answer(ion::uapi::legacy_free, &none) == EINVAL);
    CHECK(answer(ion::uapi::heap_query, &query) == 0);
    CHECK(query.cnt == 7);

    use("modern");
    CHECK(answer(ion::uapi::legacy_free, &none) == ENOTTY);
    CHECK(answer(ion::uapi::legacy_share, &query) == ENOTTY);
    CHECK(answer(ion::uapi::abi_version, &version) == ENOTTY);
    CHECK(answer(ion::uapi::heap_query, &reserved) == EINVAL);
    CHECK(answer(ion::uapi::wide_free, &no_wide_handle) == ENOTTY);
    CHECK(answer(too_long, &long_one) == EINVAL);
    CHECK(legacy_alloc(4096, 1) == legacy_number);
    CHECK(modern_alloc(256U << 20U, 1U << 3U) == ENOMEM);
    CHECK(modern_alloc(0, 1) == EINVAL);
    CHECK(modern_alloc(4096, unused) == ENODEV);
    CHECK(modern_alloc(64U << 20U, carveout) == ENOMEM);
    // The system heap gives no more than half of RAM, and the mask's other heap is tried first.
    CHECK(modern_alloc(1900ULL << 20U, 1) == ENOMEM);
    CHECK(modern_alloc(32U << 20U, carveout | 1U) == 0);

    use("modular");
    CHECK(answer(ion::uapi::abi_version, &version) == 0);
    CHECK(version == 2);
    CHECK(legacy_alloc(4096, 1) == legacy_number);
    std::array<ion::uapi::HeapData, 8> listed = {};
    query = {};
    query.cnt = listed.size();
    query.heaps = reinterpret_cast<std::uintptr_t>(listed.data());
    REQUIRE(answer(ion::uapi::heap_query, &query) == 0);
    std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> heaps;
    for (std::size_t i = 0; i < query.cnt; ++i)
        heaps.emplace_back(listed[i].name, listed[i].type, listed[i].heap_id);
    CHECK(heaps == decltype(heaps){{"vendor_heap", 18, 11},
                                   {"secure_heap", 17, 10},
                                   {"ion_svp_heap", 16, 9},
                                   {"reserved", 2, 1},
                                   {"ion_system_heap", 0, 0}});
}

TEST_CASE_METHOD(Ion,
                 "in each ABI of ION, a contiguous camera and a display get the first contiguous "
                 "heap, and frames reach the display",
                 "[ion]") {
    using Row = std::tuple<std::string, std::string, std::string>;
    const auto [abi, first, second] = GENERATE(
        Row{"modern", "ion:carveout", "ion:reserved"}, Row{"legacy", "ion:carveout", "ion:cma"},
        Row{"legacy-query", "ion:carveout", "ion:cma"}, Row{"modular", "ion:reserved", ""});
    INFO(abi);
    use(abi);
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("vkms");
    const Words request = command::join(pair_of(camera, display), {"--without", "dma-heap"});
    const auto planned = command::plan(request);
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const auto plan = planned.json();
    const Words sources = command::sources(plan);
    REQUIRE(sources.size() >= (second.empty() ? 1U : 2U));
    CHECK(sources[0] == first);
    if (!second.empty())
        CHECK(sources[1] == second);
    const auto scattered = command::rejection(plan, "ion:system", "contiguity");
    REQUIRE(!scattered.is_null());
    CHECK(scattered.at("parties") == nlohmann::json{camera + " (capture)"});

    const auto allocated = command::alloc(request);
    INFO(allocated.output << allocated.errors);
    REQUIRE(allocated.status == 0);
    const auto buffer = command::buffer(allocated);
    CHECK(buffer.at("source") == first);
    CHECK(buffer.at("dmabufs")[0].at("exporter") == "ion");
    REQUIRE(buffer.at("verified").size() == 2);
    CHECK(buffer.at("verified")[0].at("imported") == true);
    CHECK(buffer.at("verified")[1].at("imported") == true);

    const auto streamed = guest::run({"camera_to_display", "--camera", camera, "--display", display,
                                      "--size", "1280x720", "--frames", "8"},
                                     {}, {{"SIMPLEALLOC_DISABLE", "dma-heap"}});
    INFO(streamed.output << streamed.errors);
    REQUIRE(streamed.status == 0);
    CHECK(streamed.output.find("8 frames, 0 copies, memory from " + first) != std::string::npos);
}

TEST_CASE_METHOD(Ion, "the list of sources has ION's heaps with their facts", "[ion]") {
    const auto listed = guest::run({"simplealloc", "sources", "--json"});
    REQUIRE(listed.status == 0);
    std::set<std::string> names;
    const auto document = listed.json();
    for (const auto& source : document.at("sources")) {
        if (source.at("backend") != "ion")
            continue;
        names.insert(source.at("source").get<std::string>());
        CHECK(source.at("path") == "/dev/ion");
        CHECK(source.at("usable") == true);
        CHECK(source.at("facts").size() >= 5);
    }
    CHECK(names == std::set<std::string>{"ion:system", "ion:system_contig", "ion:carveout",
                                         "ion:reserved", "ion:secure", "ion:vendor", "ion:chunk",
                                         "ion:svp"});
}

TEST_CASE_METHOD(Ion, "an ordinary user is told what would give access to ION", "[ion]") {
    const auto planned = command::plan(command::join({"--bytes", "4M"}, without), {false, {}});
    REQUIRE(planned.status == 1);
    const auto rejected = command::rejection(planned.json(), "ion", "access");
    REQUIRE(!rejected.is_null());
    CHECK(rejected.at("reason").get<std::string>().find("Permission denied") != std::string::npos);
    CHECK(!rejected.at("remedy").get<std::string>().empty());
}

TEST_CASE_METHOD(Ion, "what the CPU writes into a buffer of ION is there when it is mapped again",
                 "[ion][full-32]") {
    const auto* const abi = GENERATE("modern", "legacy");
    const auto cpu = GENERATE(CpuAccess::read_often, CpuAccess::write);
    INFO(abi);
    use(abi);
    const Allocator allocator = ion_alone();
    auto buffer = allocator.allocate(Request::bytes(300000).cpu(cpu));
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:system");
    const long syncs = counter("syncs");
    {
        auto mapping = buffer->map(Access::write);
        REQUIRE(mapping);
        CHECK(mapping->bytes().front() == std::byte{0});
        std::fill(mapping->bytes().begin(), mapping->bytes().end(), std::byte{0x5a});
        REQUIRE(mapping->finish());
    }
    auto mapping = buffer->map(Access::read);
    REQUIRE(mapping);
    CHECK(std::all_of(mapping->bytes().begin(), mapping->bytes().end(),
                      [](std::byte value) { return value == std::byte{0x5a}; }));
    REQUIRE(mapping->finish());
    // Only cached memory of the handle ABI needs its own call.
    const bool own_call = abi == std::string("legacy") && cpu == CpuAccess::read_often;
    CHECK(counter("syncs") - syncs == (own_call ? 1 : 0));
}

TEST_CASE_METHOD(Ion, "a secure heap serves no CPU use, and its buffer can't be mapped",
                 "[ion][full-32]") {
    const auto* const abi = GENERATE("modern", "legacy-query", "modular");
    INFO(abi);
    use(abi);
    Constraints constraints;
    constraints.protected_memory = true;
    const Device device = described(constraints);
    const Allocator allocator = ion_alone();

    const auto refused =
        allocator.plan(Request::bytes(65536).use(device, Use::write).cpu(CpuAccess::read_often));
    REQUIRE(refused);
    CHECK(refused->candidates().empty());
    const auto rejections = refused->rejections();
    const auto unmappable =
        std::find_if(rejections.begin(), rejections.end(), [](const Rejection& one) {
            return one.source == "ion:secure" && one.constraint == ConstraintKind::cpu_access;
        });
    REQUIRE(unmappable != rejections.end());
    CHECK(unmappable->reason == "the CPU can't map its memory");

    const auto buffer = allocator.allocate(Request::bytes(65536).use(device, Use::write));
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:secure");
    const auto mapping = buffer->map(Access::read);
    REQUIRE_FALSE(mapping);
    CHECK(mapping.error().cause == Cause::unsupported);
    CHECK(mapping.error().detail == "this memory is protected from the CPU");
}

TEST_CASE_METHOD(Ion,
                 "a heap of ION that runs out is left for the next one, and nothing of it is "
                 "kept",
                 "[ion][full-32]") {
    const auto [abi, next] = GENERATE(
        table<std::string, std::string>({{"modern", "ion:reserved"}, {"legacy", "ion:cma"}}));
    INFO(abi);
    use(abi);
    Constraints constraints;
    constraints.contiguity = Contiguity::required;
    const Device device = described(constraints);
    const Allocator allocator = ion_alone();
    // More than the carveout holds.
    const auto buffer = allocator.allocate(Request::bytes(32U << 20U).use(device, Use::write));
    REQUIRE(buffer);
    CHECK(buffer->source() == next);
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "ion:carveout");
    CHECK(buffer->attempts()[0].cause == Cause::exhausted);
    CHECK(buffer->attempts()[0].sys_errno == ENOMEM);
    CHECK(counter("handles") == 0);
    CHECK(counter("buffers") == 1);
}

TEST_CASE_METHOD(Ion,
                 "memory that nobody describes comes last, and is left where the CPU can't map it",
                 "[ion][full-32]") {
    const auto* const abi = GENERATE("modern", "modular");
    INFO(abi);
    use(abi);
    const Allocator allocator = ion_alone();
    const RequestBuilder request = Request::bytes(65536).cpu(CpuAccess::read_often);
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() >= 3);
    CHECK(plan->candidates()[0].source == "ion:system");
    const auto last = plan->candidates().last(2);
    CHECK(last[0].source == "ion:svp");
    CHECK(last[0].unproven);
    CHECK(last[1].source == "ion:vendor");
    const auto strict = allocator.plan(RequestBuilder(request).strict());
    REQUIRE(strict);
    CHECK(strict->candidates().size() == plan->candidates().size() - 2);

    RequestBuilder alone(request);
    for (const Candidate& candidate : strict->candidates())
        alone.without(candidate.source);
    const auto buffer = allocator.allocate(alone);
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:vendor");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "ion:svp");
    CHECK(buffer->attempts()[0].stage == Stage::map);
    CHECK(buffer->attempts()[0].sys_errno == EOPNOTSUPP);
}

TEST_CASE_METHOD(Ion, "a full CMA heap of the handle ABI is used up, whatever it answers",
                 "[ion]") {
    use("legacy");
    AllocatorOptions options;
    options.without = {"dma-heap", "udmabuf", "ion:system", "ion:system_contig", "ion:carveout"};
    const auto allocator = Allocator::open(std::move(options));
    REQUIRE(allocator);
    const RequestBuilder request = Request::bytes(64U << 20U);
    const auto first = allocator->allocate(request);
    REQUIRE(first);
    CHECK(first->source() == "ion:cma");
    const auto second = allocator->allocate(request);
    REQUIRE_FALSE(second);
    CHECK(second.error().cause == Cause::exhausted);
    CHECK(second.error().sys_errno == EPERM);
}

TEST_CASE_METHOD(Ion, "a vendor's heap id is used where a quirk row names it", "[ion][full-32]") {
    use("legacy");
    const std::string folder = std::string(std::getenv("LANE_OUT")) + "/quirks";
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/board.quirks")
        << "[ion:board]\nsource = test\nheaps = 25:system:scattered 9:secure:protected\n";
    AllocatorOptions options;
    options.without = {"dma-heap", "udmabuf"};
    options.quirk_path = folder;
    const auto allocator = Allocator::open(std::move(options));
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(65536).cpu(CpuAccess::read_often));
    REQUIRE(buffer);
    CHECK(buffer->source() == "ion:system");
    const auto facts = buffer->facts();
    CHECK(std::any_of(facts.begin(), facts.end(), [](const Fact& fact) {
        return fact.name == "heap" && fact.value == "id 25";
    }));
}

TEST_CASE_METHOD(Ion,
                 "among all allocators the built-in order holds until the caller names another",
                 "[ion]") {
    const guest::Driver simple_allocator("simple_allocator", {});
    const Words request = pair_of(guest::video("vivid-000-vid-cap"), guest::card("vkms"));
    const auto sources = [&](const Words& more) {
        const auto planned = command::plan(command::join(request, more));
        INFO(planned.output << planned.errors);
        REQUIRE(planned.status == 0);
        Words names = command::sources(planned.json());
        REQUIRE(names.size() >= 4);
        names.resize(4);
        return names;
    };
    CHECK(sources({}) ==
          Words{"dma-heap:reserved", "simple-allocator:cma0", "ion:carveout", "ion:reserved"});
    CHECK(sources({"--order", "ion:reserved,simple-allocator"}) ==
          Words{"ion:reserved", "simple-allocator:cma0", "dma-heap:reserved", "ion:carveout"});
}
