// SPDX-License-Identifier: MIT
// What makes one source good for the uses or not: a row for each constraint.
#include "lib/solver/solver.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

#include <functional>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

using Names = std::vector<std::string>;

/// One camera, one source, and what is changed of both.
struct Row {
    std::string constraint; ///< empty: accepted
    std::function<void(Input&)> change;
    std::string reason; ///< a part of it
};

Constraints& need(Input& input) {
    return input.uses[0].alternatives[0].constraints;
}
Offer& offer(Input& input) {
    return input.sources[0].offer;
}

void run(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        Input input = image(640, 480, fourcc::nv12);
        input.uses = {use("camera", "isp", Use::capture)};
        input.sources = {system_heap()};
        row.change(input);
        CAPTURE(row.constraint, row.reason);
        const Output output = solved(input);
        if (row.constraint.empty()) {
            REQUIRE(output.rejections.empty());
            CHECK(candidates(output) == Names{input.sources[0].name});
            CHECK(output.conflict.empty());
            continue;
        }
        REQUIRE(output.choices.empty());
        REQUIRE(!output.rejections.empty());
        const Rejection* found = rejection(output, input.sources[0].name, row.constraint);
        REQUIRE(found);
        CHECK_THAT(found->reason, Contains(row.reason));
        REQUIRE(!output.conflict.empty());
        CHECK(to_string(output.conflict[0].constraint) == row.constraint);
        CHECK(!output.conflict[0].parties.empty());
    }
}

} // namespace

TEST_CASE("format: every use has to take the fourcc with a linear layout") {
    const auto formats = [](Input& input, std::vector<FormatSupport> list) {
        input.uses[0].alternatives[0].formats = std::move(list);
    };
    run({
        {"",
         [&](auto& i) {
             formats(i, {{fourcc::nv12, {}, true}});
         },
         ""},
        {"",
         [&](auto& i) {
             formats(i, {{fourcc::nv12, {7, 0}, false}});
         },
         ""},
        {"format",
         [&](auto& i) {
             formats(i, {{fourcc::nv12, {7}, false}});
         },
         "modifiers"},
        {"format",
         [&](auto& i) {
             formats(i, {{fourcc::nv21, {}, true}});
         },
         "does not take NV12"},
        {"format", [](auto& i) { i.uses[0].alternatives.clear(); }, "no way is known"},
        {"format", [](auto& i) { i.request.modifier = Modifier::named(7); }, "linear"},
        {"", [](auto& i) { i.request.modifier = Modifier::named(0); }, ""},
    });
    Input input = image(64, 64, fourcc::argb8888);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].formats = {{fourcc::xrgb8888, {}, true}};
    input.sources = {system_heap(), cma_heap()};
    const Output output = solved(input);
    CHECK(output.rejections.size() == 2);
    CHECK_THAT(to_string(rejection(output, "dma-heap:system", "format")->remedies),
               Contains("XR24"));
    CHECK(conflict(output) == Names{"format: /dev/dri/card2 (scanout)"});
    input.request = bytes(4096).request;
    CHECK(solved(input).choices.size() == 2); // bytes have no format
}

TEST_CASE("contiguity: only memory that is one segment for the device satisfies a need") {
    const auto with = [](Contiguity contiguity, OfferContiguity offered, std::string device = {}) {
        return [=](Input& i) {
            need(i).contiguity = contiguity;
            offer(i).contiguity = offered;
            offer(i).device = device;
        };
    };
    using C = Contiguity;
    using O = OfferContiguity;
    run({
        {"", with(C::any, O::scattered), ""},
        {"", with(C::any, O::unknown), ""},
        {"", with(C::required, O::physical), ""},
        {"", with(C::required, O::device_domain, "isp"), ""},
        {"contiguity", with(C::required, O::device_domain, "gpu"), "its own device only"},
        {"contiguity", with(C::required, O::scattered), "pages are scattered; camera needs"},
        {"contiguity", with(C::required, O::chunks), "chunks"},
        {"contiguity", with(C::required, O::unknown), "nobody says"},
        {"contiguity", [](auto& i) { need(i).max_segments = 1; }, "scattered"},
        {"contiguity",
         [](auto& i) {
             need(i).contiguity = Contiguity::preferred;
             i.request.strict = true;
         },
         "strict"},
    });
    Input small = bytes(4096); // one page, and still not a guarantee
    small.uses = {contiguous_camera()};
    small.sources = {system_heap()};
    CHECK_THAT(to_string(rejection(solved(small), "dma-heap:system", "contiguity")->remedies),
               Contains("cma="));
}

TEST_CASE("a device's own memory meets what the device demands of memory, by construction") {
    const auto own = [](auto change) {
        return [=](Input& i) {
            offer(i).device = "isp";
            offer(i).contiguity = OfferContiguity::unknown;
            offer(i).min_address = 0x80000000;
            change(i);
        };
    };
    run({
        {"", own([](auto& i) { need(i).contiguity = Contiguity::required; }), ""},
        {"", own([](auto& i) { need(i).max_segments = 1; }), ""},
        {"", own([](auto& i) {
             need(i).max_segments = 4;
             need(i).max_segment_size = 4096;
         }),
         ""},
        {"", own([](auto& i) { need(i).max_address = 0xffffffff; }), ""},
        {"", own([](auto& i) { need(i).address_align = 65536; }), ""},
        {"", own([](auto& i) { need(i).memory_kinds = 2; }), ""},
        {"", own([](auto& i) { need(i).exporters = {{"gpu"}}; }), ""},
        {"", own([](auto& i) {
             need(i).contiguity = Contiguity::preferred;
             i.request.strict = true;
         }),
         ""},
        // A driver's two queues may use different memory.
        {"contiguity", own([](auto& i) {
             need(i).contiguity = Contiguity::required;
             i.uses[0].queue = QueueSide::output;
             offer(i).queue = QueueSide::capture;
         }),
         "nobody says"},
        {"", own([](auto& i) {
             need(i).contiguity = Contiguity::required;
             i.uses[0].queue = offer(i).queue = QueueSide::output;
         }),
         ""},
        // What it demands of layouts counts on, and so does what others demand of the memory.
        {"max-stride", own([](auto& i) { need(i).max_stride = 16; }), "stride"},
        {"max-buffers", own([](auto& i) {
             need(i).max_buffers = 1;
             i.request.count = 2;
         }),
         "2 buffers"},
        {"contiguity", own([](auto& i) {
             i.uses.push_back(use("display", "lcd", Use::scanout));
             i.uses[1].alternatives[0].constraints.contiguity = Contiguity::required;
         }),
         "display needs contiguous"},
        {"address-window", own([](auto& i) {
             i.uses.push_back(use("display", "lcd", Use::scanout));
             i.uses[1].alternatives[0].constraints.max_address = 0xffffffff;
         }),
         "display reaches"},
    });
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {use("camera", "isp", Use::capture)};
    need(input).contiguity = Contiguity::preferred;
    input.sources = {source("v4l2:video0", OfferContiguity::unknown)};
    offer(input).device = "isp";
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].candidate.criteria[0].value == "proven");
}

TEST_CASE("address window: all memory that the source may give has to be in reach") {
    run({
        {"",
         [](auto& i) {
             need(i).max_address = 0xffffffff;
             offer(i).max_address = 0xffffffff;
         },
         ""},
        {"address-window",
         [](auto& i) {
             need(i).max_address = 0xffffffff;
             offer(i).max_address = 0x17fffffff;
         },
         "0x0 to 0x17fffffff; camera reaches 0x0 to 0xffffffff"},
        {"address-window", [](auto& i) { need(i).max_address = 0xffffffff; }, "0x0 and up"},
        {"address-window",
         [](auto& i) {
             need(i).min_address = 0x1000;
             offer(i).max_address = 0xffff;
         },
         "reaches 0x1000 and up"},
        {"",
         [](auto& i) { // what a device's own DMA allocator gives is in its reach
             need(i).max_address = 0xffffffff;
             offer(i).contiguity = OfferContiguity::device_domain;
             offer(i).device = "isp";
         },
         ""},
    });
}

TEST_CASE("address alignment: a source promises whole pages unless it says more") {
    run({
        {"", [](auto& i) { need(i).address_align = 4096; }, ""},
        {"", [](auto& i) { need(i).address_align = 0; }, ""},
        {"address-align", [](auto& i) { need(i).address_align = 65536; },
         "a multiple of 4 KiB; camera needs a multiple of 64 KiB"},
        {"address-align", [](auto& i) { need(i).address_align = 12288; }, "12 KiB"},
        {"",
         [](auto& i) {
             need(i).address_align = 65536;
             offer(i).address_align = 131072;
         },
         ""},
    });
}

TEST_CASE("exporter, attach, memory kind and protection are each looked at") {
    run({
        {"exporter", [](auto& i) { need(i).exporters = {{"isp"}}; }, "no memory but its own"},
        {"exporter",
         [](auto& i) {
             need(i).exporters = {{"gpu", "isp"}};
         },
         "gpu and isp only"},
        {"",
         [](auto& i) {
             need(i).exporters = {{"isp"}};
             offer(i).device = "isp";
         },
         ""},
        {"attach",
         [](auto& i) {
             offer(i).attachable = false;
             offer(i).attach_reason = "VRAM";
         },
         "VRAM; camera can't attach it"},
        {"",
         [](auto& i) {
             offer(i).attachable = false;
             offer(i).device = "isp";
         },
         ""},
        {"",
         [](auto& i) {
             offer(i).attachable = false;
             i.uses[0].alternatives[0].import_path = ImportPath::vmap;
         },
         ""},
        {"attach",
         [](auto& i) {
             offer(i).vmap_stable = false;
             i.uses[0].alternatives[0].import_path = ImportPath::vmap;
         },
         "kernel mapping"},
        {"", [](auto& i) { offer(i).vmap_stable = false; }, ""},
        {"attach",
         [](auto& i) {
             offer(i).vmap_stable = false;
             i.uses[0].maps_too = "a quirk";
         },
         "kernel mapping"},
        {"attach",
         [](auto& i) {
             offer(i).attachable = false;
             i.uses[0].maps_too = "a quirk";
         },
         "can't attach it"},
        {"", [](auto& i) { i.uses[0].maps_too = "a quirk"; }, ""},
        {"memory-kind", [](auto& i) { need(i).memory_kinds = 2; }, "needs device-local"},
        {"memory-kind",
         [](auto& i) {
             need(i).memory_kinds = 1;
             offer(i).memory_kind = MemoryKind::device_local;
         },
         "needs system memory"},
        {"protected-memory", [](auto& i) { need(i).protected_memory = true; }, "not protected"},
        {"protected-memory", [](auto& i) { offer(i).protected_memory = true; }, "no use asks"},
        {"",
         [](auto& i) {
             need(i).protected_memory = true;
             offer(i).protected_memory = true;
         },
         ""},
        {"protected-memory",
         [](auto& i) {
             need(i).protected_memory = true;
             offer(i).protected_memory = true;
             i.request.cpu = CpuAccess::write;
         },
         "no CPU use"},
    });
}

TEST_CASE("attach: what a display shows from its own memory can't be attached in RAM as well") {
    const auto world = [](auto change) {
        return [=](Input& i) {
            i.uses.push_back(use("monitor", "card", Use::scanout));
            i.uses[1].alternatives[0].constraints.memory_kinds = 2;
            i.uses[1].alternatives[0].constraints.exporters = {{"card"}};
            i.sources = {source("drm-dumb:card1", OfferContiguity::unknown)};
            offer(i).device = "card";
            offer(i).memory_kind = MemoryKind::device_local;
            change(i);
        };
    };
    const std::vector<Row> rows{
        {"attach", world([](auto&) {}), "what camera attaches is moved to RAM; monitor shows"},
        {"attach", world([](auto& i) { i.uses[0].peer_to_peer = true; }), "moved to RAM"},
        {"attach", world([](auto& i) { offer(i).peer_to_peer = true; }), "moved to RAM"},
        {"", world([](auto& i) { i.uses[0].peer_to_peer = offer(i).peer_to_peer = true; }), ""},
        {"", world([](auto& i) { i.uses[0].alternatives[0].import_path = ImportPath::vmap; }), ""},
        {"", world([](auto& i) { i.uses[0].device = "card"; }), ""},
        // Nobody shows it, or its display shows RAM too.
        {"", world([](auto& i) { i.uses[1].use = Use::render; }), ""},
        {"", world([](auto& i) { i.uses[1].alternatives[0].constraints.memory_kinds = 3; }), ""},
    };
    Input input;
    const auto begin = [&] {
        input = image(640, 480, fourcc::nv12);
        input.uses = {use("camera", "isp", Use::capture)};
    };
    for (const Row& row : rows) {
        begin();
        row.change(input);
        const Output output = solved(input);
        CAPTURE(row.reason);
        CHECK(output.choices.size() == (row.constraint.empty() ? 1 : 0));
        if (row.constraint.empty())
            continue;
        const Rejection* found = rejection(output, "drm-dumb:card1", row.constraint);
        REQUIRE(found);
        CHECK_THAT(found->reason, Contains(row.reason));
        CHECK(found->required_by == Names{"camera", "monitor"});
    }
    begin();
    world([](auto& i) { i.sources.push_back(system_heap()); })(input);
    CHECK(conflict(solved(input)) == Names{"memory-kind: monitor", "attach: camera"});
}

TEST_CASE("cpu access: memory that the CPU can't map or keep in step is rejected") {
    run({
        {"cpu-access",
         [](auto& i) {
             offer(i).caching = CpuCaching::unmappable;
             i.request.cpu = CpuAccess::read_rarely;
         },
         "can't map"},
        {"", [](auto& i) { offer(i).caching = CpuCaching::unmappable; }, ""},
        {"cpu-access",
         [](auto& i) {
             offer(i).sync_effective = false;
             i.uses[0].coherent = false;
             i.request.cpu = CpuAccess::write;
         },
         "camera does not see CPU caches"},
        {"",
         [](auto& i) {
             offer(i).sync_effective = false;
             i.request.cpu = CpuAccess::write;
         },
         ""},
        {"",
         [](auto& i) {
             offer(i).sync_effective = false;
             i.uses[0].coherent = false;
         },
         ""},
        {"",
         [](auto& i) {
             i.uses[0].coherent = false;
             i.request.cpu = CpuAccess::write;
         },
         ""},
        {"",
         [](auto& i) {
             offer(i).sync_effective = false;
             offer(i).caching = CpuCaching::write_combined;
             i.uses[0].coherent = false;
             i.request.cpu = CpuAccess::write;
         },
         ""},
    });
}

TEST_CASE("segments: limits on their number, size and boundary are counted at the worst") {
    // 640x480 NV12: 460800 bytes, 113 pages
    run({
        {"", [](auto& i) { need(i).max_segments = 113; }, ""},
        {"max-segments", [](auto& i) { need(i).max_segments = 70; }, "113 segments"},
        {"",
         [](auto& i) {
             need(i).max_segments = 8;
             offer(i).contiguity = OfferContiguity::chunks;
             offer(i).chunk_size = 65536;
         },
         ""},
        {"max-segments",
         [](auto& i) {
             need(i).max_segments = 3;
             offer(i).contiguity = OfferContiguity::chunks;
             offer(i).chunk_size = 65536;
         },
         "8 segments of 64 KiB"},
        {"max-segment-size",
         [](auto& i) {
             need(i).max_segments = 1;
             need(i).max_segment_size = 65536;
             offer(i).contiguity = OfferContiguity::physical;
         },
         "8 segments"},
        {"segment-boundary",
         [](auto& i) {
             need(i).max_segments = 2;
             need(i).segment_boundary = 0xffff;
             offer(i).contiguity = OfferContiguity::physical;
         },
         "8 segments"},
        {"",
         [](auto& i) {
             need(i).max_segments = 1;
             need(i).segment_boundary = 0xffffffff;
             offer(i).contiguity = OfferContiguity::physical;
         },
         ""},
    });
}

TEST_CASE("request size: limits of the source are known before any call") {
    run({
        {"request-size",
         [](auto& i) {
             offer(i).max_size = 65536;
             offer(i).max_size_reason = "pool is small";
         },
         "452 KiB are needed in one dma-buf, the source gives at most 64 KiB: pool is small"},
        {"request-size", [](auto& i) { i.available_memory = 65536; }, "64 KiB of memory"},
        {"",
         [](auto& i) {
             i.available_memory = 65536;
             offer(i).scarce = true; // a pool of its own
         },
         ""},
        {"",
         [](auto& i) {
             i.available_memory = 65536;
             offer(i).memory_kind = MemoryKind::device_local;
         },
         ""},
        {"placement",
         [](auto& i) {
             offer(i).max_dmabufs = 1;
             need(i).placements = Placements::of(Placement::per_plane);
         },
         "exclude each other"},
        {"", [](auto& i) { need(i).placements = Placements::of(Placement::per_plane); }, ""},
    });
}

TEST_CASE("layout limits of uses and of the source meet, and both are named") {
    const auto second = [](Input& input, const std::function<void(Constraints&)>& change) {
        input.uses.push_back(use("display", "kms", Use::scanout));
        change(input.uses[1].alternatives[0].constraints);
    };
    run({
        {"max-stride", [](auto& i) { need(i).max_stride = 639; }, "at most 639"},
        {"stride-align",
         [&](auto& i) {
             need(i).max_stride = 1000;
             second(i, [](auto& c) { c.stride_align = 1024; });
         },
         "display: stride a multiple of 1024 bytes"},
        {"stride-align",
         [&](auto& i) {
             need(i).stride_align = 1ULL << 33U;
             second(i, [](auto& c) { c.stride_align = (1ULL << 33U) - 1; });
         },
         "camera: stride a multiple of"},
        {"offset-align",
         [](auto& i) {
             need(i).offset_align = 1ULL << 20U;
             need(i).max_stride = 640;
             need(i).placements = Placements::of(Placement::packed);
         },
         "multiple of 1048576 bytes"},
        {"size-align",
         [&](auto& i) {
             need(i).size_align = mib;
             second(i, [](auto& c) { c.max_size = 500000; });
         },
         "display: size at most 500000 bytes"},
        {"width-align", [](auto& i) { need(i).width_align = 1000, need(i).max_stride = 999; },
         "1000"},
        {"request-size", [](auto& i) { need(i).height_align = 1ULL << 63U; },
         "does not fit into 64 bits"},
        {"min-stride",
         [&](auto& i) {
             need(i).min_stride = 1000;
             second(i, [](auto& c) { c.max_stride = 999; });
         },
         "stride at most 999"},
        {"min-size",
         [&](auto& i) {
             need(i).min_size = mib;
             second(i, [](auto& c) { c.max_size = mib - 1; });
         },
         ""},
        {"tail-padding", [](auto& i) { need(i).tail_padding = 200000, need(i).max_size = 460800; },
         "660800"},
        {"max-size", [](auto& i) { need(i).max_size = 307199; }, "at most 307199"},
        {"max-width", [](auto& i) { need(i).max_width = 639; }, "639"},
        {"max-height", [](auto& i) { need(i).max_height = 479; }, "479"},
        {"min-width",
         [&](auto& i) {
             need(i).min_width = 641;
             second(i, [](auto& c) { c.max_width = 640; });
         },
         "display: width at most 640 pixels; camera: width at least 641 pixels"},
        {"min-height", [](auto& i) { need(i).min_height = 481; }, "481"},
        {"max-offset",
         [](auto& i) {
             need(i).max_offset = 307199;
             need(i).placements = Placements::of(Placement::packed);
         },
         "307200"},
        {"", [](auto& i) { need(i).max_offset = 307199; }, ""}, // a dma-buf for each plane
        {"stride-align-pixels",
         [](auto& i) {
             need(i).stride_align_pixels = 1024;
             need(i).max_stride = 1000;
         },
         "stride a multiple of 1024 pixels"},
        {"stride-align",
         [&](auto& i) {
             need(i).planes[1].stride_align = 1024;
             second(i, [](auto& c) { c.planes[1].max_stride = 1000; });
         },
         "display: stride of plane 1 at most 1000 bytes; camera: stride of plane 1 a multiple of"},
        {"", // NV12 has two planes
         [&](auto& i) {
             need(i).planes[2].stride_align = 1024;
             second(i, [](auto& c) { c.planes[2].max_stride = 1000; });
         },
         ""},
        {"stride-align",
         [](auto& i) {
             offer(i).layout.stride_align = 1024;
             need(i).max_stride = 1000;
         },
         "dma-heap:system: stride a multiple of 1024"},
        {"",
         [](auto& i) { // one for each plane when the planes can't be in one dma-buf
             need(i).placements = Placements::of(Placement::per_plane);
         },
         ""},
        {"", [](auto& i) { need(i).starts_at_zero = true; }, ""},
    });
}

TEST_CASE("a remedy names what to write where: kernel parameters, configuration, quirk rows") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera()};
    input.uses[0].row = "video4linux:unicam";
    input.sources = {system_heap()};
    const auto remedy = [&](const char* constraint) {
        const Output output = solved(input);
        const Rejection* found = rejection(output, "dma-heap:system", constraint);
        REQUIRE(found);
        return to_string(found->remedies);
    };
    CHECK(remedy("contiguity") == "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE");
    CapabilitySet& set = input.uses[0].alternatives[0];
    set.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "default"};
    CHECK(remedy("contiguity") ==
          "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE; if /dev/video0 (capture) "
          "needs no such memory, say so in a quirk file: `[video4linux:unicam]`, "
          "`source = tried here`, `contiguous = no`");
    set.constraints = {};
    set.constraints.max_address = 0x3fffffff;
    set.evidence.clear();
    CHECK(remedy("address-window") ==
          "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE@0x0-0x40000000");
    // An area can be made where RAM is, and nowhere else.
    input.sources[0].offer.min_address = 0x20000000;
    CHECK_THAT(remedy("address-window"), Contains("cma=SIZE@0x20000000-0x40000000"));
    set.constraints.max_address = no_limit;
    set.constraints.min_address = 0x30000000;
    CHECK_THAT(remedy("address-window"),
               Contains("cma=SIZE@0x30000000") && !Contains("0x30000000-"));
    set.constraints.min_address = 0;
    set.constraints.max_address = 0x1fffffff;
    CHECK(remedy("address-window") == "give /dev/video0 (capture) a buffer of its own and copy");
    set.evidence[ConstraintKind::address_window] = {Confidence::assumed, "default"};
    CHECK_THAT(remedy("address-window"), !Contains("cma="));
    CHECK_THAT(remedy("address-window"),
               Contains("if /dev/video0 (capture) reaches it, say so in a quirk file: "
                        "`[video4linux:unicam]`, `source = tried here`, "
                        "`max-address = 0xffffffffffffffff`"));
    set.constraints = {};
    set.constraints.exporters = {{"unicam"}};
    CHECK(remedy("exporter") == "give /dev/video0 (capture) a buffer of its own and copy");
    set.evidence[ConstraintKind::exporter] = {Confidence::assumed, "default"};
    CHECK(remedy("exporter") ==
          "if /dev/video0 (capture) takes other memory, say so in a quirk file: "
          "`[video4linux:unicam]`, `source = tried here`, `imports = yes`; give /dev/video0 "
          "(capture) a buffer of its own and copy");
    set = {};
    set.constraints.protected_memory = true;
    CHECK_THAT(remedy("protected-memory"), Contains("CONFIG_TEE_DMABUF_HEAPS"));
    input.sources.push_back(cma_heap());
    input.sources[1].name = "dma-heap:secure";
    input.sources[1].offer.protected_memory = true;
    CHECK(remedy("protected-memory") == "dma-heap:secure, which is protected");
}

TEST_CASE("memory in one run is advised from where this machine has it") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera()};
    input.sources = {system_heap(), cma_heap()};
    const auto remedy = [&] {
        const Output output = solved(input);
        const Rejection* found = rejection(output, "dma-heap:system", "contiguity");
        REQUIRE(found);
        return to_string(found->remedies);
    };
    CHECK(remedy() == "dma-heap:reserved, which is contiguous");
    SECTION("it may be left out") {
        input.sources[1].excluded = ExcludedBy::caller;
        CHECK(remedy() == "dma-heap:reserved, which is contiguous");
        input.sources.push_back(cma_heap());
        input.sources.back().name = "dma-heap:camera";
        CHECK(remedy() == "dma-heap:camera, which is contiguous");
    }
    SECTION("it may be where the device does not reach: the kernel has the heap all the same") {
        input.uses[0].alternatives[0].constraints.max_address = 0x3fffffff;
        CHECK(remedy() == "boot with cma=SIZE@0x0-0x40000000");
    }
    SECTION("a device's own memory and protected memory are for others") {
        input.sources[1].offer.protected_memory = true;
        CHECK(remedy() == "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE");
        input.sources[1].offer.protected_memory = false;
        input.sources[1].offer.device = "card";
        CHECK(remedy() == "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE");
    }
}

TEST_CASE("what was left out is let in where it was left out") {
    const auto [excluded, by, remedy] = GENERATE(table<ExcludedBy, const char*, const char*>({
        {ExcludedBy::caller, "caller", "no Request::without, AllocatorOptions::without"},
        {ExcludedBy::environment, "SIMPLEALLOC_DISABLE", "take it out of SIMPLEALLOC_DISABLE"},
        {ExcludedBy::policy, "policy /etc/x.conf [policy]",
         "take it off `forbid` in policy /etc/x.conf [policy]"},
    }));
    Input input = bytes(4096);
    input.sources = {system_heap()};
    input.sources[0].excluded = excluded;
    input.sources[0].exclusion = by;
    const Output output = solved(input);
    REQUIRE(output.rejections.size() == 1);
    CHECK(to_string(output.rejections[0].remedies) == remedy);
}

TEST_CASE("a machine without a source is told what its kernel lacks") {
    const Output output = solved(bytes(4096));
    REQUIRE(output.conflict.size() == 1);
    REQUIRE(output.conflict[0].contributors.size() == 1);
    CHECK_THAT(output.conflict[0].contributors[0].value,
               Contains("CONFIG_DMABUF_HEAPS_SYSTEM") && Contains("modprobe udmabuf"));
}

TEST_CASE("a tiling is made by the device whose driver defines it, and by nobody's linear memory") {
    constexpr std::uint64_t tiles = 7;
    Input input = image(1920, 1088, fourcc::nv12);
    auto decoder = use("/dev/video0 (decode)", "vpu", Use::decode);
    auto display = use("/dev/dri/card0 (scanout)", "de", Use::scanout);
    decoder.alternatives[0].formats =
        display.alternatives[0].formats = {{fourcc::nv12, {tiles}, false}};
    input.uses = {decoder, display};
    input.sources = {system_heap(), source("v4l2:video0", OfferContiguity::scattered)};
    input.sources[1].offer.device = "vpu";
    CHECK(solved(input).choices.empty());
    input.sources[1].offer.tilings = {{fourcc::nv12, {tiles}, false}};
    Output output = solved(input);
    REQUIRE(candidates(output) == std::vector<std::string>{"v4l2:video0"});
    CHECK(output.choices[0].candidate.layout.modifier == Modifier::named(tiles));
    CHECK(rejection(output, "dma-heap:system", "format"));
    // The same where it is asked for by name, and not of another format.
    input.request.modifier = Modifier::named(tiles);
    output = solved(input);
    CHECK(candidates(output) == std::vector<std::string>{"v4l2:video0"});
    CHECK_THAT(rejection(output, "dma-heap:system", "format")->reason, Contains("laid out linear"));
    input.sources[1].offer.tilings = {{fourcc::nv16, {tiles}, false}};
    CHECK(solved(input).choices.empty());
    // Tiles are nothing for the CPU to read, unless it asks for them.
    input.sources[1].offer.tilings = {{fourcc::nv12, {tiles}, false}};
    input.request.modifier.reset();
    input.request.cpu = CpuAccess::read_often;
    CHECK(solved(input).choices.empty());
}

TEST_CASE("a remedy lists as many formats as one reads, and no quirk row where there is none") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {use("npu (read)", "npu", Use::read)};
    input.sources = {system_heap()};
    CapabilitySet& set = input.uses[0].alternatives[0];
    for (const Fourcc code : {fourcc::nv12, fourcc::nv21, fourcc::nv16, fourcc::nv61, fourcc::nv24,
                              fourcc::nv42, fourcc::p010})
        set.formats.push_back({code, {}, true});
    const Output other_format = solved(input);
    const Rejection* format = rejection(other_format, "dma-heap:system", "format");
    REQUIRE(format);
    CHECK(to_string(format->remedies) ==
          "request NV12 or NV21 or NV16 or NV61 or NV24 or NV42, which it takes");

    set.formats.clear();
    set.constraints.contiguity = Contiguity::required;
    set.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "a guess"};
    const Output scattered = solved(input);
    const Rejection* contiguity = rejection(scattered, "dma-heap:system", "contiguity");
    REQUIRE(contiguity);
    CHECK_THAT(to_string(contiguity->remedies),
               Contains("if npu (read) needs no such memory, describe it so"));

    set.constraints = {};
    set.constraints.max_address = 0xffff;
    set.evidence[ConstraintKind::address_window] = {Confidence::assumed, "a guess"};
    const Output far = solved(input);
    const Rejection* window = rejection(far, "dma-heap:system", "address-window");
    REQUIRE(window);
    CHECK_THAT(to_string(window->remedies), Contains("cma=SIZE@0x0-0x10000") && !Contains("quirk"));
}

TEST_CASE("memory that the CPU can't map is not cached, for who refuses that") {
    Input input = bytes(4096);
    input.uses = {use("npu (read)", "npu", Use::read)};
    input.uses[0].refuses_cached = "a quirk";
    input.sources = {system_heap()};
    CHECK(solved(input).choices.empty());
    input.sources[0].offer.caching = CpuCaching::unmappable;
    CHECK(solved(input).choices.size() == 1);
}
