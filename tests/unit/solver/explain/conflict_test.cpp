// SPDX-License-Identifier: MIT
// The answers for the devices of the test kernels, and what the conflict names when there is none.
#include "lib/solver/explain/conflict.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

#include <numeric>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

using Names = std::vector<std::string>;

const std::string camera = "/dev/video0 (capture)";
const std::string closed = "/dev/dri/card0 (scanout)";

Input camera_to_display(UseInput from, UseInput to) {
    Input input = image(1280, 720, fourcc::xrgb8888);
    input.uses = {std::move(from), std::move(to)};
    return input;
}

/// A machine that lacks nothing, at an address that all windows of the uses have, if there is one.
SourceInput everything(const Input& input) {
    auto best = source("ideal", OfferContiguity::physical);
    best.offer.caching = CpuCaching::write_combined;
    best.offer.scarce = true;
    for (const UseInput& each : input.uses)
        for (const CapabilitySet& set : each.alternatives) {
            best.offer.min_address = std::max(best.offer.min_address, set.constraints.min_address);
            best.offer.protected_memory |= set.constraints.protected_memory;
            best.offer.address_align =
                std::lcm(best.offer.address_align,
                         std::max<std::uint64_t>(set.constraints.address_align, 1));
        }
    best.offer.max_address = best.offer.min_address;
    return best;
}

/// Whether something serves when of all constraints only these are left.
bool serves_with_only(const Input& input, const Demands& demands, bool anywhere) {
    Demands others = demands_of(input);
    for (const Demand& demand : demands)
        others.erase(demand);
    Input left = leave_out(input, others);
    if (anywhere)
        left.sources.push_back(everything(left));
    return !solver::candidates(left, ample()).value().choices.empty();
}

std::vector<FormatSupport> random_formats(Generator& g) {
    std::vector<FormatSupport> formats;
    for (const Fourcc code : {fourcc::nv12, fourcc::yuyv})
        if (!g.one_in(4))
            formats.push_back({code,
                               g.one_in(2) ? std::vector<std::uint64_t>{}
                                           : std::vector<std::uint64_t>{g.below(3), 0},
                               !g.one_in(4)});
    return formats;
}

SourceInput random_source(Generator& g, SourceInput made) {
    made.usable = !g.one_in(5);
    made.excluded = g.one_in(5) ? ExcludedBy::caller : ExcludedBy::nobody;
    made.offer.attachable = !g.one_in(5);
    made.offer.vmap_stable = !g.one_in(5);
    made.offer.sync_effective = !g.one_in(5);
    made.offer.protected_memory = g.one_in(8);
    if (g.one_in(5))
        made.offer.caching = CpuCaching::unmappable;
    if (g.one_in(5))
        made.offer.max_size = g.below(mib);
    if (g.one_in(5))
        made.offer.layout = random_constraints(g);
    return made;
}

Input random_world(Generator& g) {
    Input input = image(640, 480, fourcc::nv12);
    input.request.cpu = g.pick({CpuAccess::none, CpuAccess::write, CpuAccess::read_often});
    input.request.strict = g.one_in(3);
    if (g.one_in(4))
        input.request.modifier = Modifier::named(g.below(3));
    for (const char* device : {"camera", "display", "gpu"}) {
        input.uses.push_back(use(device, device, Use::read));
        UseInput& made = input.uses.back();
        made.coherent = !g.one_in(4);
        if (g.one_in(3))
            made.alternatives.emplace_back();
        for (CapabilitySet& set : made.alternatives) {
            set.constraints = random_constraints(g);
            set.import_path = g.pick({ImportPath::dma, ImportPath::vmap});
            if (g.one_in(3))
                set.formats = random_formats(g);
        }
    }
    for (SourceInput& made :
         std::vector{system_heap(), cma_heap(), udmabuf(), dumb("card0", "display")})
        input.sources.push_back(random_source(g, std::move(made)));
    if (g.one_in(6))
        input.refusals = refusals({{"dma-heap:system", "", "camera", "camera", "bad"}});
    return input;
}

} // namespace

TEST_CASE("a display that imports nothing gets its own memory, which a vmalloc camera takes") {
    Input input = camera_to_display(vmalloc_camera(), closed_display("virtio"));
    input.sources = {system_heap(), udmabuf(), dumb("card0", "virtio"), dumb("card1", "vgem")};
    input.sources[3].named = false;
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"drm-dumb:card0"});
    CHECK(rejection(output, "dma-heap:system", "exporter")->required_by == Names{closed});
    CHECK(rejection(output, "drm-dumb:card1", "policy"));
    CHECK(output.conflict.empty());
}

TEST_CASE("a contiguous camera gets the CMA heap, and scattered heaps are rejected by its name") {
    Input input = camera_to_display(contiguous_camera(), vkms_display());
    input.sources = {system_heap(), cma_heap(), udmabuf(), dumb("card2", "vkms")};
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:reserved"});
    const Rejection* system = rejection(output, "dma-heap:system", "contiguity");
    REQUIRE(system);
    CHECK(system->required_by == Names{camera});
    CHECK(system->reason == "pages are scattered; /dev/video0 (capture) needs contiguous memory");
}

TEST_CASE("a camera that takes anything leaves the scarce CMA heap alone") {
    Input input = camera_to_display(vmalloc_camera(), vkms_display());
    input.sources = {cma_heap(), system_heap(), dumb("card2", "vkms")};
    CHECK(candidates(solved(input)) ==
          Names{"dma-heap:system", "drm-dumb:card2", "dma-heap:reserved"});
}

TEST_CASE("when every source is denied, the conflict is about access and lists them") {
    Input input = bytes(4 * mib);
    input.request.cpu = CpuAccess::read_often;
    input.sources = {udmabuf(), system_heap()};
    for (SourceInput& each : input.sources) {
        each.usable = false;
        each.reason = each.name + ": Permission denied";
        each.remedy = "remedy for " + each.name;
    }
    const Output output = solved(input);
    CHECK(conflict(output) == Names{"access: dma-heap:system, udmabuf"});
    for (const SourceInput& each : input.sources)
        CHECK(to_string(rejection(output, each.name, "access")->remedies) ==
              "remedy for " + each.name);
    // A card that the request does not name would do: then policy is a side of it, too.
    input.sources.push_back(dumb("card1", "vgem"));
    input.sources[2].named = false;
    CHECK(conflict(solved(input)) ==
          Names{"access: dma-heap:system, udmabuf", "policy: drm-dumb:card1"});
    input.sources[2].named = true;
    CHECK(candidates(solved(input)) == Names{"drm-dumb:card1"});
}

TEST_CASE("udmabuf's limit is told with the numbers and how to raise it") {
    Input input = bytes(100 * mib);
    input.sources = {system_heap(), udmabuf()};
    input.sources[0].excluded = ExcludedBy::caller;
    const Output output = solved(input);
    CHECK(output.choices.empty());
    const Rejection* limit = rejection(output, "udmabuf", "request-size");
    REQUIRE(limit);
    CHECK(limit->reason == "100 MiB are needed in one dma-buf, the source gives at most 64 MiB: "
                           "size_limit_mb of udmabuf is 64 MiB");
    CHECK_THAT(to_string(limit->remedies), Contains("size_limit_mb"));
    CHECK(conflict(output) == Names{"request-size: udmabuf", "policy: dma-heap:system"});
}

TEST_CASE("who makes the buffer larger than a source gives is named beside the source") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {vkms_display(), contiguous_camera()};
    input.uses[0].alternatives[0].constraints.min_size = 2 * mib;
    input.sources = {cma_heap()};
    input.sources[0].offer.max_size = 2 * mib - 4096;
    const Output output = solved(input);
    const Rejection* limit = rejection(output, "dma-heap:reserved", "request-size");
    REQUIRE(limit);
    CHECK(limit->required_by == Names{"/dev/dri/card2 (scanout)"});
    CHECK_THAT(limit->reason, Contains("(/dev/dri/card2 (scanout): "));
    CHECK(conflict(output) == Names{"request-size: /dev/dri/card2 (scanout), dma-heap:reserved"});
    // Where the image alone is too large, it is nobody's fault.
    input.sources[0].offer.max_size = mib;
    CHECK(rejection(solved(input), "dma-heap:reserved", "request-size")->required_by.empty());
}

TEST_CASE("contiguous camera and bochs: it imports nothing, and its export can't be attached") {
    Input input = camera_to_display(contiguous_camera(), closed_display("bochs"));
    const Names expected{"exporter: " + closed, "attach: " + camera + ", drm-dumb:card0"};
    input.sources = {system_heap(), udmabuf(), bochs_dumb()};
    CHECK(conflict(solved(input)) == expected);
    input.sources.push_back(cma_heap());
    CHECK(conflict(solved(input)) == expected);
}

TEST_CASE("contiguous camera and virtio: it imports nothing, and its memory is scattered") {
    Input input = camera_to_display(contiguous_camera(), closed_display("virtio"));
    const Names expected{"contiguity: " + camera, "exporter: " + closed};
    // Without any contiguous source the camera alone fails too, but a CMA heap would not help.
    input.sources = {system_heap(), udmabuf(), dumb("card0", "virtio")};
    CHECK(conflict(solved(input)) == expected);
    input.sources.push_back(cma_heap());
    CHECK(conflict(solved(input)) == expected);
    auto queue = source("v4l2:video0", OfferContiguity::device_domain);
    queue.offer.device = "vivid";
    queue.usable = false;
    queue.reason = "the queue is not ours";
    input.sources.push_back(queue);
    CHECK(conflict(solved(input)) == expected);
}

TEST_CASE("policy is no side of a conflict that a relaxed policy would not solve") {
    Input input = camera_to_display(contiguous_camera(), closed_display("virtio"));
    input.sources = {system_heap(), cma_heap(), dumb("card0", "virtio"), dumb("card1", "vgem")};
    input.sources[1].excluded = ExcludedBy::caller;
    input.sources[3].named = false;
    CHECK(conflict(solved(input)) == Names{"contiguity: " + camera, "exporter: " + closed});
}

TEST_CASE("vmalloc camera and bochs: its mapping would go stale when scanout moves the buffer") {
    Input input = camera_to_display(vmalloc_camera(), closed_display("bochs"));
    input.sources = {system_heap(), udmabuf(), bochs_dumb()};
    const Output output = solved(input);
    CHECK(conflict(output) ==
          Names{"exporter: " + closed, "attach: " + camera + ", drm-dumb:card0"});
    CHECK_THAT(rejection(output, "drm-dumb:card0", "attach")->reason,
               Contains("bochs keeps its buffers in VRAM"));
}

TEST_CASE("a request that no memory can hold is a conflict of size, not an attempt") {
    Input input = bytes(1ULL << 50U);
    input.available_memory = 2048 * mib;
    input.sources = {system_heap(), udmabuf()};
    const Output output = solved(input);
    CHECK(conflict(output) == Names{"request-size: dma-heap:system, udmabuf"});
    CHECK(rejection(output, "dma-heap:system", "request-size")->reason ==
          "1 PiB are needed, 2 GiB of memory are available");
    Input large = image(65535, 65535, fourcc::p010);
    large.available_memory = 2048 * mib;
    large.sources = {system_heap()};
    CHECK(conflict(solved(large)) == Names{"request-size: dma-heap:system"});
}

TEST_CASE("one MiB that might be contiguous by luck is still rejected") {
    Input input = bytes(mib);
    input.uses = {contiguous_camera()};
    input.sources = {system_heap()};
    const Output output = solved(input);
    CHECK(output.choices.empty());
    CHECK(conflict(output) == Names{"contiguity: " + camera});
}

TEST_CASE("what is missing on this machine alone names no bystander") {
    Input input = camera_to_display(contiguous_camera(), vkms_display());
    input.request.cpu = CpuAccess::read_often;
    input.sources = {system_heap(), udmabuf(), dumb("card2", "vkms")};
    CHECK(conflict(solved(input)) == Names{"contiguity: " + camera});
}

TEST_CASE("only the uses that exclude each other are in the conflict") {
    Input input = camera_to_display(contiguous_camera(), vkms_display());
    input.uses.push_back(use("npu", "npu", Use::read));
    input.uses.push_back(use("encoder", "vpu", Use::encode));
    input.uses[0].alternatives[0].constraints.stride_align = 64;
    input.uses[1].alternatives[0].constraints.stride_align = 256;
    input.uses[2].alternatives[0].constraints.stride_align = 4096;
    input.uses[3].alternatives[0].constraints.max_stride = 8000;
    input.sources = {cma_heap(), system_heap()};
    CHECK(conflict(solved(input)) == Names{"stride-align: npu, encoder"});
}

TEST_CASE("the CPU is a party when its access is what excludes the memory") {
    Input input = bytes(mib);
    input.uses = {vmalloc_camera()};
    input.uses[0].alternatives[0].constraints.protected_memory = true;
    input.request.cpu = CpuAccess::read_often;
    input.sources = {system_heap()};
    input.sources[0].offer.protected_memory = true;
    CHECK(conflict(solved(input)) == Names{"protected-memory: " + camera + ", cpu (read-often)"});
    input.uses.clear();
    input.sources[0].offer.protected_memory = false;
    input.sources[0].offer.caching = CpuCaching::unmappable;
    CHECK(conflict(solved(input)) == Names{"cpu-access: cpu (read-often), dma-heap:system"});
}

TEST_CASE("windows that don't meet are in conflict on any machine") {
    Input input = camera_to_display(vmalloc_camera(), vkms_display());
    input.uses[0].alternatives[0].constraints.max_address = 0xffff;
    input.uses[1].alternatives[0].constraints.min_address = 0x10000;
    input.sources = {system_heap()};
    CHECK(conflict(solved(input)) ==
          Names{"address-window: " + camera + ", /dev/dri/card2 (scanout)"});
}

TEST_CASE("a machine without any source says so") {
    CHECK(conflict(solved(bytes(mib))) == Names{"access: no source on this machine"});
}

TEST_CASE("there is a conflict exactly when there is no candidate, and it can't be made smaller") {
    Generator g(9);
    int conflicts = 0;
    for (int i = 0; i < 300; ++i) {
        Input input = image(640, 480, fourcc::nv12);
        for (const char* device : {"camera", "display", "gpu"}) {
            input.uses.push_back(use(device, device, Use::read));
            input.uses.back().alternatives[0].constraints = random_constraints(g);
        }
        input.sources = {system_heap(), cma_heap(), dumb("card0", "display")};
        const Output output = solved(input);
        REQUIRE(output.choices.empty() == !output.conflict.empty());
        REQUIRE(output.choices.size() + output.rejections.size() >= input.sources.size());
        if (!output.choices.empty())
            continue;
        ++conflicts;
        // Without all the uses that are named, something has to become possible on some machine;
        // here: the conflict, if there still is one, is another.
        Names named;
        for (const Conflict& c : output.conflict) {
            REQUIRE(!c.parties.empty());
            named.insert(named.end(), c.parties.begin(), c.parties.end());
        }
        std::erase_if(input.uses, [&](const UseInput& each) {
            return std::find(named.begin(), named.end(), each.party) != named.end();
        });
        REQUIRE(conflict(solved(input)) != conflict(output));
    }
    CHECK(conflicts > 100);
}

TEST_CASE(
    "over generated worlds the core can't hold together, and without any one of its parts can") {
    Generator g(23);
    int cores = 0;
    int of_several = 0;
    for (int i = 0; i < 600; ++i) {
        const Input input = random_world(g);
        CAPTURE(i);
        if (!solver::candidates(input, ample()).value().choices.empty())
            continue;
        const Core core = find_core(input, ample());
        REQUIRE(core.minimal);
        REQUIRE(!core.demands.empty());
        REQUIRE_FALSE(serves_with_only(input, core.demands, core.ideal));
        for (const Demand& demand : core.demands) {
            CAPTURE(static_cast<int>(demand.side), demand.index, to_string(demand.kind));
            Demands rest = core.demands;
            rest.erase(demand);
            REQUIRE(serves_with_only(input, rest, core.ideal));
        }
        ++cores;
        of_several += core.demands.size() > 2 ? 1 : 0;
        // What is told is the core, no more and no less.
        std::size_t told = 0;
        for (const Conflict& part : conflict_of(input, core, ample()))
            told += part.contributors.size();
        REQUIRE(told == core.demands.size());
        REQUIRE(find_core(input, ample()).demands == core.demands);
    }
    CHECK(cores > 200);
    CHECK(of_several > 50);
}

TEST_CASE("each side of a conflict says what it wants and how that is known") {
    Input input = camera_to_display(contiguous_camera(), vkms_display());
    input.uses[0].alternatives[0].constraints.stride_align = 4096;
    input.uses[0].alternatives[0].evidence[ConstraintKind::stride_align] = {Confidence::assumed,
                                                                            "a default"};
    input.uses[1].alternatives[0].constraints.max_stride = 8000;
    input.uses[1].alternatives[0].evidence[ConstraintKind::max_stride] = {Confidence::known,
                                                                          "caller"};
    input.sources = {cma_heap()};
    const Output output = solved(input);
    REQUIRE(output.conflict.size() == 1);
    CHECK(output.conflict[0].contributors ==
          std::vector<Contributor>{{camera, ConstraintKind::stride_align,
                                    "stride a multiple of 4096 bytes", Confidence::assumed,
                                    "a default"},
                                   {"/dev/dri/card2 (scanout)", ConstraintKind::max_stride,
                                    "stride at most 8000 bytes", Confidence::known, "caller"}});
}

TEST_CASE("a hostile request costs a bounded number of questions, and still gets a conflict") {
    Input input = image(640, 480, fourcc::xrgb8888);
    for (int i = 0; i < 200; ++i) {
        input.uses.push_back(use("device" + std::to_string(i), "d", Use::read));
        Constraints& need = input.uses.back().alternatives[0].constraints;
        need.stride_align = 1 + static_cast<std::uint64_t>(i);
        need.contiguity = Contiguity::required;
        need.exporters = {{"nobody"}};
    }
    for (int i = 0; i < 40; ++i) {
        input.sources.push_back(system_heap());
        input.sources.back().name += std::to_string(i);
        input.sources.back().usable = false;
    }
    const Core core = find_core(input, ample());
    CHECK(!core.demands.empty());
    CHECK(core.demands.size() < 10);
    CHECK(!conflict_of(input, core, ample()).empty());
}
