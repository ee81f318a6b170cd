// SPDX-License-Identifier: MIT
// What follows from device records: constraints, alternatives, negotiated strides, setups.
#include "lib/base/internal.hpp"
#include "lib/discovery/capabilities.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/discovery/v4l2/try_format.hpp"
#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <cerrno>
#include <drm_fourcc.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr std::uint64_t tiled = I915_FORMAT_MOD_X_TILED;

DeviceRecord camera(std::vector<std::uint32_t> pixelformats,
                    std::uint32_t buf_type = V4L2_BUF_TYPE_VIDEO_CAPTURE) {
    DeviceRecord record;
    record.id = "/sys/devices/platform/toy.0/video4linux/video0";
    record.path = "/dev/video0";
    record.subsystem = "video4linux";
    record.reach.bus = "platform";
    V4l2Info& v4l2 = record.v4l2.emplace();
    v4l2.opened = true;
    v4l2.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    V4l2Queue queue;
    queue.buf_type = buf_type;
    queue.pixelformats = std::move(pixelformats);
    queue.capabilities_known = queue.dmabuf = queue.any_raw = true;
    v4l2.queues.push_back(std::move(queue));
    return record;
}

DeviceRecord display(std::vector<DrmPlane> planes) {
    DeviceRecord record;
    record.id = "/sys/devices/platform/display";
    record.path = "/dev/dri/card0";
    record.subsystem = "drm";
    record.reach.bus = "platform";
    DrmInfo& drm = record.drm.emplace();
    drm.card_node = record.path;
    drm.opened = drm.kms = drm.has_connectors = drm.addfb2_modifiers = true;
    drm.max_width = 4096;
    drm.max_height = 2160;
    drm.planes = std::move(planes);
    return record;
}

/// Rows as they are for a device of driver toy.
std::vector<QuirkRowPtr> rows(const std::string& text, const std::string& subsystem = "drm") {
    Quirks quirks;
    REQUIRE(quirks.read(text, "mine.quirks"));
    return quirks.rows_for({subsystem, {"toy"}, {}, {}});
}

DeviceUse use_of(Use use, std::vector<CapabilitySet> alternatives = {}) {
    return {Device::described({}), use, std::move(alternatives)};
}

std::vector<CapabilitySet> sets(const DeviceRecord& device, Use use, Fourcc fourcc) {
    auto found = capabilities(device, use_of(use), fourcc);
    CAPTURE(found ? "" : found.error().message());
    REQUIRE(found);
    // Nothing limits without saying how that is known.
    for (const CapabilitySet& set : *found)
        for (const ConstraintKind kind : solver::limited(set.constraints)) {
            CAPTURE(to_string(kind));
            REQUIRE(set.evidence.count(kind) == 1);
        }
    return *found;
}

CapabilitySet only_set(const DeviceRecord& device, Use use, Fourcc fourcc = fourcc::xrgb8888) {
    const auto found = sets(device, use, fourcc);
    REQUIRE(found.size() == 1);
    return found.front();
}

Error refusal(const DeviceRecord& device, Use use, Fourcc fourcc = fourcc::xrgb8888) {
    const auto found = capabilities(device, use_of(use), fourcc);
    REQUIRE_FALSE(found);
    return found.error();
}

Layout xrgb(std::uint32_t width, std::uint32_t height, std::uint64_t stride) {
    Layout layout;
    layout.width = width;
    layout.height = height;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = Modifier::linear();
    layout.planes = {{0, 0, stride, stride * height}};
    layout.dmabuf_sizes = {(stride * height + 4095) / 4096 * 4096};
    return layout;
}

Layout nv12(Placement placement, std::uint64_t stride, std::uint32_t height) {
    Layout layout;
    layout.width = 640;
    layout.height = height;
    layout.fourcc = fourcc::nv12;
    layout.modifier = Modifier::linear();
    layout.placement = placement;
    const std::uint64_t luma = stride * height;
    if (placement == Placement::per_plane) {
        layout.planes = {{0, 0, stride, luma}, {1, 0, stride, luma / 2}};
        layout.dmabuf_sizes = {luma + 4096, luma / 2 + 4096};
    } else {
        layout.planes = {{0, 0, stride, luma}, {0, luma, stride, luma / 2}};
        layout.dmabuf_sizes = {luma * 3 / 2 + 4096};
    }
    return layout;
}

/// A camera whose TRY_FMT is `answer`.
struct TryingCamera {
    FakeKernel kernel;
    DeviceRecord record;

    explicit TryingCamera(std::function<int(v4l2_format&)> answer, DeviceRecord wanted,
                          std::function<int(v4l2_format&)> set = {})
        : record(std::move(wanted)) {
        FakeVideo video;
        video.m2m = false;
        video.override = [answer = std::move(answer), set = std::move(set)](
                             unsigned long request, void* argument) -> std::optional<int> {
            auto& format = *static_cast<v4l2_format*>(argument);
            if (request == VIDIOC_S_FMT && set)
                return set(format);
            if (request != VIDIOC_TRY_FMT)
                return std::nullopt;
            return answer(format);
        };
        add_v4l2(kernel, std::move(video));
    }
};

} // namespace

TEST_CASE("vmalloc queues map with the CPU and need nothing of the memory's place") {
    DeviceRecord record = camera({V4L2_PIX_FMT_XBGR32});
    record.v4l2->memory = V4l2Memory::vmalloc;
    record.reach.mask_known = true;
    record.reach.max_address = 0xffffffff;
    const CapabilitySet set = only_set(record, Use::capture);
    CHECK(set.import_path == ImportPath::vmap);
    CHECK(set.constraints.contiguity == Contiguity::any);
    CHECK(set.constraints.max_address == no_limit);
    CHECK(set.constraints.starts_at_zero);
    CHECK(set.label == "XR24");
}

TEST_CASE("dma-contig queues need one segment within the mask, unless an IOMMU translates") {
    DeviceRecord record = camera({V4L2_PIX_FMT_XBGR32});
    record.v4l2->memory = V4l2Memory::dma_contig;
    record.v4l2->memory_confidence = Confidence::known;
    record.v4l2->memory_origin = "somewhere";
    record.reach.mask_known = true;
    record.reach.max_address = 0xffffffff;
    CapabilitySet set = only_set(record, Use::capture);
    CHECK(set.import_path == ImportPath::dma);
    CHECK(set.constraints.contiguity == Contiguity::required);
    CHECK(set.constraints.max_address == 0xffffffff);
    CHECK(set.evidence.at(ConstraintKind::contiguity).origin == "somewhere");
    record.reach.translated = true;
    set = only_set(record, Use::capture);
    CHECK(set.constraints.contiguity == Contiguity::any);
    CHECK(set.constraints.max_address == no_limit);
}

TEST_CASE("what nobody says is assumed by the class of the device") {
    DeviceRecord v4l2 = camera({V4L2_PIX_FMT_XBGR32});
    v4l2.reach.bus = GENERATE("usb", "platform", "pci");
    CapabilitySet set = only_set(v4l2, Use::capture);
    CHECK((set.import_path == ImportPath::vmap) == (v4l2.reach.bus == "usb"));
    CHECK(set.constraints.contiguity == (v4l2.reach.bus == "usb"        ? Contiguity::any
                                         : v4l2.reach.bus == "platform" ? Contiguity::required
                                                                        : Contiguity::preferred));
    if (v4l2.reach.bus == "platform")
        CHECK(set.evidence.at(ConstraintKind::contiguity).confidence == Confidence::assumed);
    if (v4l2.reach.bus == "pci")
        CHECK(set.evidence.at(ConstraintKind::contiguity).confidence == Confidence::unknown);
}

TEST_CASE("what is assumed on the platform bus is assumed on its like") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.reach.bus = GENERATE("amba", "host1x", "vchiq-bus");
    CHECK(only_set(card, Use::scanout).constraints.contiguity == Contiguity::required);
    CHECK(only_set(card, Use::scanout).evidence.at(ConstraintKind::contiguity).confidence ==
          Confidence::assumed);
}

TEST_CASE("displays and GPUs have defaults of their own, and quirks are above them") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    CHECK(only_set(card, Use::scanout).constraints.contiguity == Contiguity::required);
    card.quirks = rows("[drm:toy]\nsource = x\ncontiguous = no\n");
    CHECK(only_set(card, Use::scanout).constraints.contiguity == Contiguity::any);
    card.quirks.clear();
    card.reach.bus = "pci";
    CHECK(only_set(card, Use::scanout).constraints.contiguity == Contiguity::any);
    card.reach.bus = "platform";
    card.drm->kms = card.drm->has_connectors = false;
    card.drm->render_node = "/dev/dri/renderD128";
    CHECK(only_set(card, Use::render).constraints.contiguity == Contiguity::any);
    card.reach.bus = "virtio";
    CHECK(only_set(card, Use::render).constraints.contiguity == Contiguity::preferred);
}

TEST_CASE(
    "a quirk says whether imports are one run always, never, or unless an IOMMU makes it so") {
    const auto [value, translated, needed] = GENERATE(table<std::string, bool, bool>({
        {"yes", false, true},
        {"yes", true, true},
        {"unless-iommu", false, true},
        {"unless-iommu", true, false},
        {"no", false, false},
        {"no", true, false},
    }));
    CAPTURE(value, translated);
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.reach.translated = translated;
    card.quirks = rows("[drm:toy]\nsource = x\nconfidence = assumed\ncontiguous = " + value + "\n");
    const CapabilitySet set = only_set(card, Use::scanout);
    CHECK((set.constraints.contiguity == Contiguity::required) == needed);
    CHECK(set.evidence.contains(ConstraintKind::contiguity) == needed);
    if (needed) {
        CHECK(set.evidence.at(ConstraintKind::contiguity).confidence == Confidence::assumed);
        CHECK(set.evidence.at(ConstraintKind::contiguity).origin == "quirk mine.quirks [drm:toy]");
    }
}

TEST_CASE("alignments and limits of a quirk hold for its uses and formats alone") {
    DeviceRecord camera_record = camera({V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_XBGR32});
    camera_record.quirks = rows("[video4linux:toy]\nsource = x\nstride-align = 8\n"
                                "[video4linux:toy]\nsource = x\nrole = capture\n"
                                "format = NV12 NV16\nstride-align = 32\nheight-align = 16\n"
                                "[video4linux:toy]\nsource = x\nrole = m2m-in\nmax-stride = 64\n",
                                "video4linux");
    Constraints nv12 = only_set(camera_record, Use::capture, fourcc::nv12).constraints;
    CHECK(nv12.stride_align == 32);
    CHECK(nv12.height_align == 16);
    CHECK(nv12.max_stride == no_limit);
    Constraints xrgb8888 = only_set(camera_record, Use::capture).constraints;
    CHECK(xrgb8888.stride_align == 8);
    CHECK(xrgb8888.height_align == 1);
    // Plain memory has no format.
    CHECK(only_set(camera_record, Use::capture, fourcc::bytes).constraints.height_align == 1);
}

TEST_CASE("an encoder's input is a role of its memory-to-memory device as well") {
    const auto [role, use, counts] = GENERATE(table<std::string, Use, bool>({
        {"m2m-in", Use::encode, true},
        {"encode", Use::m2m_in, true},
        {"m2m-out", Use::decode, true},
        {"m2m-out", Use::encode, false},
        {"decode", Use::encode, false},
        {"scanout capture", Use::capture, true},
        {"output", Use::capture, false},
    }));
    CAPTURE(role, to_string(use));
    const auto found = rows("[drm:toy]\nsource = x\nrole = " + role + "\nstride-align = 8\n");
    REQUIRE(found.size() == 1);
    CHECK(counts_for(*found.front(), use, fourcc::nv12, true) == counts);
}

TEST_CASE("output is the role of a V4L2 device that shows what is queued") {
    const auto found = rows("[drm:toy]\nsource = x\nrole = output\nstride-align = 8\n");
    REQUIRE(found.size() == 1);
    CHECK(counts_for(*found.front(), Use::read, fourcc::nv12, false));
    CHECK_FALSE(counts_for(*found.front(), Use::read, fourcc::nv12, true));
    CHECK_FALSE(counts_for(*found.front(), Use::write, fourcc::nv12, false));
}

TEST_CASE("every number of a quirk row becomes its constraint") {
    const auto [key, number, kind] =
        GENERATE(table<std::string, std::uint64_t Constraints::*, ConstraintKind>({
            {"stride-align", &Constraints::stride_align, ConstraintKind::stride_align},
            {"stride-align-pixels", &Constraints::stride_align_pixels,
             ConstraintKind::stride_align_pixels},
            {"address-align", &Constraints::address_align, ConstraintKind::address_align},
            {"offset-align", &Constraints::offset_align, ConstraintKind::offset_align},
            {"size-align", &Constraints::size_align, ConstraintKind::size_align},
            {"width-align", &Constraints::width_align, ConstraintKind::width_align},
            {"height-align", &Constraints::height_align, ConstraintKind::height_align},
            {"tail-padding", &Constraints::tail_padding, ConstraintKind::tail_padding},
            {"max-stride", &Constraints::max_stride, ConstraintKind::max_stride},
            {"max-segments", &Constraints::max_segments, ConstraintKind::max_segments},
            {"max-buffers", &Constraints::max_buffers, ConstraintKind::max_buffers},
            {"max-segment-size", &Constraints::max_segment_size, ConstraintKind::max_segment_size},
        }));
    CAPTURE(key);
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.quirks = rows("[drm:toy]\nsource = x\n" + key + " = 48\n");
    const CapabilitySet set = only_set(card, Use::scanout);
    CHECK(set.constraints.*number == 48);
    CHECK(set.evidence.at(kind).origin == "quirk mine.quirks [drm:toy]");
}

TEST_CASE("a device with one allocation for all planes takes no plane apart") {
    DeviceRecord card = display({{1, "primary", {{fourcc::nv12, {}, true}}}});
    card.quirks = rows("[drm:toy]\nsource = x\nsingle-allocation = yes\n");
    const CapabilitySet set = only_set(card, Use::scanout, fourcc::nv12);
    CHECK_FALSE(set.constraints.placements.has(Placement::per_plane));
    CHECK(set.constraints.placements.has(Placement::single));
    CHECK(set.evidence.contains(ConstraintKind::placement));
    card.quirks = rows("[drm:toy]\nsource = x\nsingle-allocation = no\n");
    CHECK(only_set(card, Use::scanout, fourcc::nv12).constraints.placements == Placements::all());
}

TEST_CASE("what a display shows may be its own VRAM alone, while it draws from any memory") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.drm->render_node = "/dev/dri/renderD128";
    card.quirks = rows("[drm:toy]\nsource = x\nrole = scanout cursor\nimports = no\n"
                       "memory-kind = device-local\n");
    const CapabilitySet shown = only_set(card, Use::scanout);
    CHECK(shown.constraints.exporters == std::vector{card.id});
    CHECK(shown.constraints.memory_kinds == static_cast<unsigned>(MemoryKind::device_local));
    for (const auto kind : {ConstraintKind::exporter, ConstraintKind::memory_kind})
        CHECK(shown.evidence.at(kind).origin ==
              "quirk mine.quirks [drm:toy] (role = scanout cursor)");
    const CapabilitySet drawn = only_set(card, Use::render);
    CHECK_FALSE(drawn.constraints.exporters);
    CHECK(drawn.constraints.memory_kinds == Constraints{}.memory_kinds);
    // And the other way round: who imports nothing but for one use.
    card.imports = false;
    card.quirks = rows("[drm:toy]\nsource = x\nrole = render\nimports = yes\n");
    CHECK(only_set(card, Use::scanout).constraints.exporters);
    CHECK_FALSE(only_set(card, Use::render).constraints.exporters);
}

TEST_CASE("a V4L2 queue holds 32 buffers, or as many as its driver says") {
    DeviceRecord record = camera({V4L2_PIX_FMT_YUYV});
    CapabilitySet set = only_set(record, Use::capture, fourcc::yuyv);
    CHECK(set.constraints.max_buffers == 32);
    CHECK(set.evidence.at(ConstraintKind::max_buffers) ==
          Evidence{Confidence::known, "VIDEO_MAX_FRAME"});
    record.v4l2->queues[0].max_buffers = 64;
    record.v4l2->queues[0].max_buffers_origin = "VIDIOC_CREATE_BUFS max_num_buffers";
    set = only_set(record, Use::capture, fourcc::bytes);
    CHECK(set.constraints.max_buffers == 64);
    CHECK(set.evidence.at(ConstraintKind::max_buffers).origin ==
          "VIDIOC_CREATE_BUFS max_num_buffers");
}

TEST_CASE("gray is asked for by either of its DRM names") {
    const DeviceRecord record = camera({V4L2_PIX_FMT_GREY});
    for (const Fourcc name : {fourcc::r8, fourcc::y8}) {
        const CapabilitySet set = only_set(record, Use::capture, name);
        CHECK(set.formats == std::vector<FormatSupport>{{name, {}, true}});
        CHECK(set.label == "GREY");
    }
}

TEST_CASE("tilings that DRM has no modifier for are offered by their own codes, after pixels") {
    const Fourcc tiles = Fourcc::v4l2(v4l2_fourcc('V', 'T', '1', '2'));
    const DeviceRecord record = camera({tiles.v4l2_code(), V4L2_PIX_FMT_YUYV});
    const CapabilitySet without = only_set(record, Use::capture, fourcc::nv12);
    CHECK(without.formats ==
          std::vector<FormatSupport>{{fourcc::yuyv, {}, true}, {tiles, {}, true}});
    const CapabilitySet set = only_set(record, Use::capture, tiles);
    CHECK(set.label == "VT12");
    CHECK(set.formats == std::vector<FormatSupport>{{tiles, {}, true}});
    CHECK(set.constraints.placements == Placements::all());
    const Error refused = refusal(camera({}), Use::capture, fourcc::nv12);
    CHECK(refused.cause == Cause::unsupported);
    CHECK(refused.detail == "offers no pixel format at all");
    CHECK_THAT(refused.remedy, Catch::Contains("TRY_FMT"));
}

TEST_CASE("modifiers with limits of their own are ways of their own, the best one first") {
    constexpr std::uint64_t y_tiled = 2;
    constexpr std::uint64_t x_tiled = 1;
    DeviceRecord card =
        display({{1,
                  "primary",
                  {{fourcc::xrgb8888, {y_tiled, x_tiled, 0}, true}, {fourcc::rgb565, {}, true}}}});
    card.quirks =
        rows("[drm:toy]\nsource = x\nrole = scanout\nmax-width = 3000\nmax-height = 8000\n"
             "[drm:toy]\nsource = x\nconfidence = assumed\nrole = scanout\nmodifier = 2 9\n"
             "max-width = 2048\n");
    SECTION("as the planes list them") {
        const auto found = sets(card, Use::scanout, fourcc::xrgb8888);
        REQUIRE(found.size() == 2);
        CHECK(found[0].formats[0] == FormatSupport{fourcc::xrgb8888, {y_tiled}, false});
        CHECK(found[0].formats[1].fourcc == fourcc::rgb565);
        CHECK(found[0].constraints.max_width == 2048);
        CHECK(found[0].evidence.at(ConstraintKind::max_width) ==
              solver::Evidence{Confidence::assumed,
                               "quirk mine.quirks [drm:toy] (modifier = 2 9; role = scanout)"});
        CHECK(found[1].formats[0] == FormatSupport{fourcc::xrgb8888, {x_tiled, 0}, true});
        CHECK(found[1].constraints.max_width == 3000);
        // The display's own limit, where a row has none below it.
        CHECK(found[1].constraints.max_height == 2160);
    }
    SECTION("as the caller lists them") {
        CapabilitySet callers;
        callers.formats = {{fourcc::xrgb8888, {0, y_tiled}, false}};
        const auto found = capabilities(card, use_of(Use::scanout, {callers}), fourcc::xrgb8888);
        REQUIRE(found);
        REQUIRE(found->size() == 2);
        CHECK((*found)[0].formats[0].modifiers == std::vector<std::uint64_t>{0});
        CHECK((*found)[0].constraints.max_width == 3000);
        CHECK((*found)[1].formats[0].modifiers == std::vector<std::uint64_t>{y_tiled});
        CHECK((*found)[1].constraints.max_width == 2048);
    }
    SECTION("not where no row is for them") {
        CHECK(sets(card, Use::scanout, fourcc::rgb565).size() == 1);
        CHECK(sets(card, Use::read, fourcc::xrgb8888).size() == 1);
    }
    SECTION("and a later file's limit for all of them wins") {
        Quirks both;
        REQUIRE(both.read("[drm:toy]\nsource = x\nmodifier = 2\nmax-width = 2048\n", "a.quirks"));
        REQUIRE(both.read("[drm:toy]\nsource = x\nmax-width = 4000\n", "b.quirks"));
        card.quirks = both.rows_for({"drm", {"toy"}, {}, {}});
        const CapabilitySet set = only_set(card, Use::scanout);
        CHECK(set.constraints.max_width == 4000);
        CHECK(set.formats[0].modifiers.size() == 3);
    }
}

TEST_CASE("a window that begins above zero is told even without an upper end") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.reach.mask_known = true;
    card.reach.mask_origin = "quirk x";
    card.reach.min_address = 0x80000000;
    const CapabilitySet set = only_set(card, Use::scanout);
    CHECK(set.constraints.min_address == 0x80000000);
    CHECK(set.constraints.max_address == no_limit);
    CHECK(set.evidence.at(ConstraintKind::address_window).origin == "quirk x");
}

TEST_CASE("a driver that imports nothing takes its own memory alone, wherever it is") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.imports = false;
    card.import_origin = "quirk x";
    card.reach.mask_known = true;
    card.reach.max_address = 0xffffffff;
    const CapabilitySet set = only_set(card, Use::scanout);
    CHECK(set.constraints.exporters == std::optional(std::vector<std::string>{card.id}));
    CHECK(set.evidence.at(ConstraintKind::exporter).origin == "quirk x");
    CHECK(set.constraints.max_address == no_limit);
    CHECK(set.constraints.contiguity == Contiguity::any);
}

TEST_CASE("scanout takes what a primary or overlay plane takes, within the mode limits") {
    const DeviceRecord card =
        display({{3, "cursor", {{fourcc::argb8888, {}, true}}},
                 {2, "overlay", {{fourcc::xrgb8888, {0}, true}, {fourcc::nv12, {0}, true}}},
                 {1, "primary", {{fourcc::xrgb8888, {tiled}, false}}}});
    const auto ways = sets(card, Use::scanout, fourcc::xrgb8888);
    // What SETCRTC shows too, and then what overlay planes take beside it.
    REQUIRE(ways.size() == 2);
    CHECK(ways[0].formats == std::vector<FormatSupport>{{fourcc::xrgb8888, {tiled}, false}});
    CHECK(ways[1].formats == std::vector<FormatSupport>{{fourcc::xrgb8888, {0}, true}});
    CHECK(ways[1].label == "overlay planes alone");
    for (const CapabilitySet& set : ways) {
        CHECK(set.constraints.max_width == 4096);
        CHECK(set.constraints.max_height == 2160);
        CHECK(set.constraints.placements == Placements::all());
    }
}

TEST_CASE("a format that only overlay planes take says so") {
    const DeviceRecord card = display({{2, "overlay", {{fourcc::nv12, {0}, true}}},
                                       {1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    const CapabilitySet set = only_set(card, Use::scanout, fourcc::nv12);
    CHECK(set.formats == std::vector<FormatSupport>{{fourcc::nv12, {0}, true}});
    CHECK(set.label == "overlay planes alone");
    CHECK_THAT(set.evidence.at(ConstraintKind::format).origin,
               Catch::Matchers::Contains("SETCRTC does not show it"));
    // What no plane takes is told by all that they take, the primary's first.
    const CapabilitySet none = only_set(card, Use::scanout, fourcc::yuyv);
    CHECK(none.formats ==
          std::vector<FormatSupport>{{fourcc::xrgb8888, {}, true}, {fourcc::nv12, {0}, true}});
    CHECK(none.label.empty());
    CHECK(only_set(card, Use::scanout).label.empty());
}

TEST_CASE("modifiers that framebuffers can't be given do not count") {
    DeviceRecord card = display(
        {{1, "primary", {{fourcc::xrgb8888, {tiled, 0}, true}, {fourcc::rgb565, {tiled}, false}}}});
    card.drm->addfb2_modifiers = false;
    CHECK(only_set(card, Use::scanout).formats ==
          std::vector<FormatSupport>{{fourcc::xrgb8888, {}, true}});
}

TEST_CASE("formats of planes that a descriptor does not show are unknown, not none") {
    const DeviceRecord card = display({{2, "overlay", {{fourcc::nv12, {}, true}}}});
    const CapabilitySet set = only_set(card, Use::scanout);
    CHECK(set.formats.empty());
    CHECK(set.evidence.at(ConstraintKind::format).confidence == Confidence::unknown);
}

TEST_CASE("a cursor is ARGB8888, linear, and as large as the capability says") {
    DeviceRecord card =
        display({{1, "primary", {}}, {3, "cursor", {{fourcc::argb8888, {tiled, 0}, true}}}});
    card.drm->cursor_width = card.drm->cursor_height = 64;
    const CapabilitySet set = only_set(card, Use::cursor, fourcc::argb8888);
    CHECK(set.formats == std::vector<FormatSupport>{{fourcc::argb8888, {0}, true}});
    CHECK(set.constraints.max_width == 64);
    card.drm->cursor_width = 0;
    CHECK(refusal(card, Use::cursor).cause == Cause::unsupported);
}

TEST_CASE("uses that a device can't do are refused in words") {
    DeviceRecord card = display({});
    CHECK(refusal(card, Use::capture).message() ==
          "/dev/dri/card0 (capture): is a DRM device, this use is one of V4L2");
    CHECK(refusal(card, Use::render).cause == Cause::unsupported);
    card.drm->is_render_node = true;
    CHECK(refusal(card, Use::scanout).remedy == "name /dev/dri/card0");
    card.drm->is_render_node = card.drm->kms = false;
    CHECK(refusal(card, Use::scanout).detail == "has no display controller");

    DeviceRecord cam = camera({V4L2_PIX_FMT_XBGR32});
    CHECK(refusal(cam, Use::scanout).detail == "is a V4L2 device, this use is one of DRM");
    CHECK(refusal(cam, Use::m2m_in).detail == "is no memory-to-memory device");
    cam.v4l2->device_caps = V4L2_CAP_VIDEO_CAPTURE;
    CHECK(refusal(cam, Use::capture).detail == "does not stream, so it takes no dma-buf");
    cam.v4l2->m2m = true;
    CHECK(refusal(cam, Use::capture).cause == Cause::unsupported);
    CHECK(refusal(cam, Use::m2m_in).detail == "has no output queue");
}

TEST_CASE("a node that may not be opened is denied, with the remedy") {
    DeviceRecord record = GENERATE(as<bool>{}, true, false) ? camera({}) : display({});
    (record.v4l2 ? record.v4l2->opened : record.drm->opened) = false;
    record.readable = false;
    record.denied_reason = "no";
    record.denied_remedy = "add the user to group video";
    const Error denied = refusal(record, record.v4l2 ? Use::capture : Use::scanout);
    CHECK(denied.cause == Cause::denied);
    CHECK(denied.remedy == "add the user to group video");
    record.readable = true;
    record.denied_reason.clear();
    CHECK(refusal(record, Use::read).cause == Cause::invalid); // from the list, never asked
}

TEST_CASE("a format in one or several buffers is one or two alternatives") {
    const DeviceRecord record = camera({V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_BGR32, V4L2_PIX_FMT_NV12,
                                        V4L2_PIX_FMT_XBGR32, V4L2_PIX_FMT_NV12_32L32},
                                       V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    const auto found = sets(record, Use::capture, fourcc::nv12);
    REQUIRE(found.size() == 3);
    CHECK(found[0].label == "NM12");
    CHECK(found[0].constraints.placements == Placements::of(Placement::per_plane));
    CHECK(found[1].label == "NV12");
    CHECK(found[1].constraints.placements == Placements::of(Placement::packed));
    CHECK(found[2].formats ==
          std::vector<FormatSupport>{{fourcc::nv12, {DRM_FORMAT_MOD_ALLWINNER_TILED}, false}});
    const CapabilitySet rgb = only_set(record, Use::capture);
    CHECK(rgb.label == "XR24");
    CHECK(rgb.constraints.placements == Placements::all());
}

TEST_CASE("single-planar queues have no format in several buffers") {
    const auto found =
        sets(camera({V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12}), Use::capture, fourcc::nv12);
    REQUIRE(found.size() == 1);
    CHECK(found.front().label == "NV12");
}

TEST_CASE("a format that the queue lacks leaves the list of those that it has") {
    const CapabilitySet set =
        only_set(camera({V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG}), Use::capture);
    CHECK(set.formats == std::vector<FormatSupport>{{fourcc::yuyv, {}, true},
                                                    {Fourcc::v4l2(V4L2_PIX_FMT_MJPEG), {}, true}});
}

TEST_CASE("a Bayer camera takes its own codes, and no DRM format that has one of them") {
    const DeviceRecord record = camera({V4L2_PIX_FMT_SRGGB16, V4L2_PIX_FMT_SRGGB10P});
    const Fourcc packed = Fourcc::v4l2(V4L2_PIX_FMT_SRGGB10P);
    const CapabilitySet set = only_set(record, Use::capture, packed);
    CHECK(set.label == "pRAA");
    CHECK(set.formats == std::vector<FormatSupport>{{packed, {}, true}});
    CHECK(set.constraints.placements == Placements::all());
    const CapabilitySet without = only_set(record, Use::capture, fourcc::rgb565);
    CHECK(without.formats ==
          std::vector<FormatSupport>{{Fourcc::v4l2(V4L2_PIX_FMT_SRGGB16), {}, true},
                                     {packed, {}, true}});
}

TEST_CASE("a DRM device knows no code of V4L2, and names its own for the same bytes") {
    const DeviceRecord card = display({{1, "primary", {{fourcc::nv12, {}, true}}}});
    const auto refused = [&](std::uint32_t pixelformat) {
        const auto found = capabilities(card, use_of(Use::scanout), Fourcc::v4l2(pixelformat));
        REQUIRE_FALSE(found);
        CHECK(found.error().cause == Cause::unsupported);
        return found.error();
    };
    const Error bayer = refused(V4L2_PIX_FMT_SRGGB10P);
    CHECK(bayer.detail == "is a DRM device, and v4l2:pRAA is a code that only V4L2 devices know");
    CHECK(bayer.remedy == "convert the image by a memory-to-memory device or by the CPU");
    CHECK(refused(V4L2_PIX_FMT_NV12).remedy == "request NV12, which are the same bytes");
    CHECK(refused(V4L2_PIX_FMT_NV12_32L32).remedy ==
          "request NV12:ALLWINNER_TILED, which are the same bytes");
}

TEST_CASE("a queue without DMABUF takes no memory at all") {
    DeviceRecord record = camera({V4L2_PIX_FMT_XBGR32});
    record.v4l2->queues.front().dmabuf = false;
    const Error error = refusal(record, Use::capture);
    CHECK(error.cause == Cause::unsupported);
    CHECK_THAT(error.message(), Catch::Matchers::Contains("takes no dma-buf"));
    record.v4l2->queues.front().capabilities_known = false;
    CHECK_FALSE(only_set(record, Use::capture).constraints.exporters.has_value());
}

TEST_CASE("memory-to-memory uses look at the queue of their direction") {
    DeviceRecord record = camera({V4L2_PIX_FMT_YUYV});
    record.v4l2->m2m = true;
    V4l2Queue output;
    output.buf_type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    output.pixelformats = {V4L2_PIX_FMT_NV12};
    record.v4l2->queues.push_back(output);
    for (const Use use : {Use::m2m_in, Use::encode})
        CHECK(only_set(record, use, fourcc::nv12).label == "NV12");
    for (const Use use : {Use::m2m_out, Use::decode})
        CHECK(only_set(record, use, fourcc::yuyv).label == "YUYV");
}

TEST_CASE("plain bytes need no format and no placement") {
    const CapabilitySet cam = only_set(camera({V4L2_PIX_FMT_MJPEG}), Use::capture, fourcc::bytes);
    CHECK(cam.formats.empty());
    const CapabilitySet card = only_set(display({}), Use::scanout, fourcc::bytes);
    CHECK(card.formats.empty());
    CHECK(card.constraints.max_width == no_limit);
}

TEST_CASE("the caller's formats replace those that discovery knows") {
    const std::vector<FormatSupport> own{{fourcc::xrgb8888, {tiled}, false}};
    CapabilitySet callers;
    callers.formats = own;
    const auto found = capabilities(display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}}),
                                    use_of(Use::scanout, {callers}), fourcc::xrgb8888);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().formats == own);
    CHECK(found->front().evidence.at(ConstraintKind::format).origin == "caller");
    CHECK(found->front().constraints.max_width == 4096);
}

TEST_CASE("the caller's constraints are added to those that discovery finds") {
    std::vector<CapabilitySet> callers(2);
    callers[0].constraints.max_width = 2048; // less than the display's
    callers[0].constraints.stride_align = 64;
    callers[0].evidence[ConstraintKind::stride_align] = {Confidence::assumed, "the other end"};
    callers[1].constraints.max_width = 8192; // more
    const DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    const auto found = capabilities(card, use_of(Use::scanout, callers), fourcc::xrgb8888);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    const CapabilitySet& first = found->front();
    CHECK(first.constraints.max_width == 2048);
    CHECK(first.evidence.at(ConstraintKind::max_width).origin == "caller");
    CHECK(first.constraints.stride_align == 64);
    CHECK(first.evidence.at(ConstraintKind::stride_align) ==
          Evidence{Confidence::assumed, "the other end"});
    CHECK(first.formats == std::vector<FormatSupport>{{fourcc::xrgb8888, {}, true}});
    const CapabilitySet& second = found->back();
    CHECK(second.constraints.max_width == 4096);
    CHECK(second.evidence.at(ConstraintKind::max_width).origin == "DRM_IOCTL_MODE_GETRESOURCES");
}

TEST_CASE("each of a device's ways goes with each of the caller's, the caller's order first") {
    const DeviceRecord cam =
        camera({V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    std::vector<CapabilitySet> callers(3);
    callers[0].constraints.placements = Placements::of(Placement::per_plane);
    callers[1].constraints.stride_align = 64;
    callers[2].constraints.placements = Placements::of(Placement::single); // no way of V4L2
    const auto found = capabilities(cam, use_of(Use::capture, callers), fourcc::nv12);
    REQUIRE(found);
    REQUIRE(found->size() == 3);
    CHECK((*found)[0].label == "NM12");
    CHECK((*found)[1].constraints.stride_align == 64);
    CHECK((*found)[1].label == "NV12");
    CHECK((*found)[2].label == "NM12");

    callers.erase(callers.begin(), callers.begin() + 2);
    const auto none = capabilities(cam, use_of(Use::capture, callers), fourcc::nv12);
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::unsupported);
    CHECK_THAT(none.error().detail, Catch::Matchers::Contains("placement"));
}

TEST_CASE("a described device is what the caller says and no more") {
    DeviceDescription description;
    description.name = "npu";
    CapabilitySet& said = description.alternatives.emplace_back();
    said.constraints.stride_align = 48;
    said.constraints.contiguity = Contiguity::required;
    said.formats = {{fourcc::nv12, {}, true}};
    const Device device = Device::described(description);
    const CapabilitySet set = only_set(Internal::data(device), Use::read, fourcc::nv12);
    CHECK(set.constraints == said.constraints);
    CHECK(set.formats == said.formats);
    CHECK(set.evidence.size() == 3);
    CHECK(set.evidence.at(ConstraintKind::stride_align).origin == "caller");
    CHECK(party_name(Internal::data(device), Use::read) == "npu (read)");
    const auto told = device.capabilities(Use::read, fourcc::nv12);
    REQUIRE(told);
    CHECK(*told == std::vector{set});
}

TEST_CASE("the driver's answer to TRY_FMT becomes an exact stride and a least size") {
    v4l2_format asked = {};
    TryingCamera trying(
        [&](v4l2_format& format) {
            asked = format;
            format.fmt.pix.bytesperline = 2688;
            format.fmt.pix.sizeimage = 2688 * 368;
            return 0;
        },
        camera({V4L2_PIX_FMT_XBGR32}));
    const auto answer = try_format(trying.record, use_of(Use::capture), xrgb(640, 360, 2560));
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK((*answer)->limits.min_stride == 2688);
    CHECK((*answer)->limits.max_stride == 2688);
    CHECK((*answer)->limits.min_size == 2688 * 368);
    CHECK((*answer)->evidence == Evidence{Confidence::known, "VIDIOC_TRY_FMT"});
    CHECK(asked.fmt.pix.bytesperline == 2560);
    CHECK(asked.fmt.pix.pixelformat == V4L2_PIX_FMT_XBGR32);
    CHECK(asked.fmt.pix.field == V4L2_FIELD_NONE);
    CHECK(asked.type == V4L2_BUF_TYPE_VIDEO_CAPTURE);
    CHECK(trying.kernel.census() == Census{});
}

TEST_CASE("a driver that makes another image of it can't be satisfied") {
    const auto [width, height, pixelformat, words] =
        GENERATE(table<std::uint32_t, std::uint32_t, std::uint32_t, std::string>({
            {640, 360, V4L2_PIX_FMT_XBGR32, "offers 640x360 instead of 321x243"},
            {321, 243, V4L2_PIX_FMT_YUYV, "offers YUYV instead of XR24"},
        }));
    const std::uint32_t w = width, h = height, code = pixelformat;
    TryingCamera trying(
        [=](v4l2_format& format) {
            format.fmt.pix.width = w;
            format.fmt.pix.height = h;
            format.fmt.pix.pixelformat = code;
            return 0;
        },
        camera({V4L2_PIX_FMT_XBGR32}));
    const auto answer = try_format(trying.record, use_of(Use::capture), xrgb(321, 243, 1284));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cause == Cause::unsupported);
    CHECK(answer.error().object == "/dev/video0 (capture)");
    CHECK(answer.error().detail == words);
    CHECK(answer.error().remedy ==
          (code == V4L2_PIX_FMT_YUYV ? "another format" : "an image of 640x360"));
}

TEST_CASE("a codec's whole blocks pad the planes, and are what is programmed") {
    const auto placement = GENERATE(Placement::packed, Placement::per_plane);
    const bool apart = placement == Placement::per_plane;
    DeviceRecord codec = camera({apart ? V4L2_PIX_FMT_NV12M : V4L2_PIX_FMT_NV12},
                                V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    codec.v4l2->m2m = true;
    TryingCamera trying(
        [=](v4l2_format& format) {
            v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
            pixels.height = 368;
            pixels.plane_fmt[0].sizeimage = 640 * (apart ? 368 : 552);
            pixels.plane_fmt[1].sizeimage = apart ? 640 * 184 : 0;
            return 0;
        },
        std::move(codec));
    const DeviceRecord& device = trying.record;
    const auto answer = try_format(device, use_of(Use::decode), nv12(placement, 640, 360));
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK((*answer)->limits.height_align == 368);

    Layout padded = nv12(placement, 640, 368);
    padded.height = 360;
    CHECK_FALSE(try_format(device, use_of(Use::capture), padded));
    const auto setup = make_setup(device, use_of(Use::decode), padded);
    REQUIRE(setup);
    CHECK(setup->v4l2->height == 368);
    CHECK(check_format(device, use_of(Use::decode), padded));
}

TEST_CASE("a decoder has a say in the size only where it has a stream") {
    TryingCamera trying(
        [](v4l2_format& format) {
            format.fmt.pix.width = format.fmt.pix.height = 48;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12}));
    const Layout layout = nv12(Placement::packed, 640, 360);
    const auto answer = try_format(trying.record, use_of(Use::decode), layout);
    REQUIRE(answer);
    CHECK_FALSE(answer->has_value());
    CHECK(make_setup(trying.record, use_of(Use::decode), layout)->v4l2->height == 360);

    // The queue of a caller has the stream.
    trying.record.queue_access = QueueAccess::lent;
    const auto refused = try_format(trying.record, use_of(Use::decode), layout);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail == "offers 48x48 instead of 640x360");
}

TEST_CASE("a second plane that is not where the driver looks for it is a mismatch") {
    TryingCamera trying(
        [](v4l2_format& format) {
            format.fmt.pix.sizeimage = 640 * 540;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12}));
    Layout padded = nv12(Placement::packed, 640, 368);
    padded.height = 360;
    const auto checked = check_format(trying.record, use_of(Use::capture), padded);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().cause == Cause::mismatch);
    CHECK(checked.error().detail == "looks for plane 1 at byte 230400, it begins at 235520");
}

TEST_CASE("no answer is no constraint") {
    const auto nothing = [](const DeviceRecord& record) {
        const auto answer = try_format(record, use_of(Use::capture), xrgb(640, 360, 2560));
        return answer && !answer->has_value();
    };
    TryingCamera trying([](v4l2_format&) { return -ENOTTY; }, camera({V4L2_PIX_FMT_XBGR32}));
    CHECK(nothing(trying.record));
    trying.kernel.fail("open", 0, EACCES);
    CHECK(nothing(trying.record));
    CHECK(nothing(display({})));
    CHECK(nothing(camera({V4L2_PIX_FMT_YUYV})));
}

TEST_CASE("planes in buffers of their own are asked for one by one") {
    TryingCamera trying(
        [](v4l2_format& format) {
            v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
            if (pixels.num_planes != 2 || pixels.plane_fmt[1].bytesperline != 640)
                return -EINVAL;
            pixels.plane_fmt[0].sizeimage = 640 * 368;
            pixels.plane_fmt[1].sizeimage = 640 * 184;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE));
    const auto answer =
        try_format(trying.record, use_of(Use::capture), nv12(Placement::per_plane, 640, 360));
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK((*answer)->limits.min_size == 640 * 368);
}

TEST_CASE("strides and sizes of planes in buffers of their own are limits of each") {
    TryingCamera trying(
        [](v4l2_format& format) {
            format.fmt.pix_mp.plane_fmt[0].sizeimage = 640 * 360;
            format.fmt.pix_mp.plane_fmt[1].bytesperline = 704;
            format.fmt.pix_mp.plane_fmt[1].sizeimage = 704 * 360;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE));
    const auto answer =
        try_format(trying.record, use_of(Use::capture), nv12(Placement::per_plane, 640, 360));
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    const Constraints& limits = (*answer)->limits;
    CHECK(limits.min_stride == 640);
    CHECK(limits.max_stride == 640);
    CHECK(limits.planes[1].min_stride == 704);
    CHECK(limits.planes[1].max_stride == 704);
    CHECK(limits.planes[1].min_size == 704 * 360);
    CHECK(limits.planes[2] == PlaneLimits{});
}

TEST_CASE("a driver that only repeats the question has agreed to nothing") {
    TryingCamera trying([](v4l2_format&) { return 0; },
                        camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE));
    const Layout layout = nv12(Placement::per_plane, 640, 360);
    const auto answer = try_format(trying.record, use_of(Use::capture), layout);
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK_FALSE((*answer)->sized);
    CHECK((*answer)->limits == Constraints{});
    CHECK(trying.kernel.count(VIDIOC_S_FMT) == 0); // the queue is everybody's

    // Of a row that says more than one number the last one is for all further planes.
    trying.record.quirks =
        rows("[video4linux:toy]\nsource = x\nplane-padding = 256 128\n", "video4linux");
    const auto by_row = try_format(trying.record, use_of(Use::capture), layout);
    REQUIRE(by_row);
    REQUIRE(by_row->has_value());
    CHECK((*by_row)->sized);
    CHECK((*by_row)->limits.min_stride == 0);
    CHECK((*by_row)->limits.min_size == 640 * 360 + 256);
    CHECK((*by_row)->limits.planes[1].min_size == 640 * 180 + 128);
    CHECK((*by_row)->evidence.origin == "quirk mine.quirks [video4linux:toy]");
    const auto setup = make_setup(trying.record, use_of(Use::capture), layout);
    REQUIRE(setup);
    CHECK(setup->v4l2->planes[0].sizeimage == 640 * 360 + 256);
    CHECK(setup->v4l2->planes[1].sizeimage == 640 * 180 + 128);
}

TEST_CASE("an answer without sizes for other planes than the image's is refused") {
    TryingCamera trying(
        [](v4l2_format& format) {
            format.fmt.pix_mp.num_planes = 8;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE));
    trying.record.quirks =
        rows("[video4linux:toy]\nsource = x\nplane-padding = 256\n", "video4linux");
    const auto answer =
        try_format(trying.record, use_of(Use::capture), nv12(Placement::per_plane, 640, 360));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().detail == "wants 8 memory planes instead of 2");
}

TEST_CASE("what TRY_FMT leaves open a context of one's own tells, but a decoder's not") {
    const auto [use, told] =
        GENERATE(table<Use, bool>({{Use::m2m_out, true}, {Use::decode, false}}));
    const Use asked = use;
    DeviceRecord codec = camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    codec.v4l2->m2m = true;
    TryingCamera trying([](v4l2_format&) { return 0; }, std::move(codec),
                        [](v4l2_format& format) {
                            v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
                            for (unsigned i = 0; i < 2; ++i) {
                                pixels.plane_fmt[i].bytesperline = 704;
                                pixels.plane_fmt[i].sizeimage = 704 * 368 / (i + 1);
                            }
                            return 0;
                        });
    const auto answer =
        try_format(trying.record, use_of(asked), nv12(Placement::per_plane, 640, 360));
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK((*answer)->sized == told);
    CHECK(trying.kernel.census() == Census{});
    if (!told)
        return;
    CHECK((*answer)->limits.min_stride == 704);
    CHECK((*answer)->limits.planes[1].max_stride == 704);
    CHECK((*answer)->limits.planes[1].min_size == 704 * 184);
    CHECK_THAT((*answer)->evidence.origin, Catch::Matchers::StartsWith("VIDIOC_S_FMT"));
}

TEST_CASE("the format of a stream that a codec writes is never set, as that may start the codec") {
    const bool reads = GENERATE(true, false);
    unsigned set = 0;
    DeviceRecord codec = camera({V4L2_PIX_FMT_H264}, reads ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
                                                           : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
    codec.v4l2->m2m = true;
    TryingCamera trying([](v4l2_format&) { return 0; }, std::move(codec),
                        [&](v4l2_format& format) {
                            ++set;
                            format.fmt.pix_mp.plane_fmt[0].sizeimage = 1U << 20U;
                            return 0;
                        });
    Layout stream;
    stream.width = 640;
    stream.height = 360;
    stream.fourcc = Fourcc::v4l2(V4L2_PIX_FMT_H264);
    stream.modifier = Modifier::linear();
    stream.placement = Placement::per_plane;
    stream.planes.emplace_back();
    stream.dmabuf_sizes.push_back(0);
    const auto answer =
        try_format(trying.record, use_of(reads ? Use::m2m_in : Use::m2m_out), stream);
    REQUIRE(answer);
    CHECK(set == (reads ? 1 : 0));
}

TEST_CASE("a V4L2 setup covers the payload, and more where the driver wants it") {
    const std::uint32_t wanted = GENERATE(0U, 640U * 544, 0xffff0000U);
    TryingCamera trying(
        [=](v4l2_format& format) {
            format.fmt.pix.sizeimage = wanted;
            return 0;
        },
        camera({V4L2_PIX_FMT_NV12}));
    const auto setup =
        make_setup(trying.record, use_of(Use::capture), nv12(Placement::packed, 640, 360));
    REQUIRE(setup);
    REQUIRE(setup->v4l2.has_value());
    CHECK(setup->v4l2->pixelformat == V4L2_PIX_FMT_NV12);
    CHECK_FALSE(setup->v4l2->multiplanar);
    REQUIRE(setup->v4l2->planes.size() == 1);
    const auto& plane = setup->v4l2->planes.front();
    CHECK(plane.bytesperline == 640);
    CHECK(plane.sizeimage == (wanted == 640U * 544 ? wanted : 640U * 540));
    CHECK(plane.length == plane.sizeimage);
}

TEST_CASE("a V4L2 setup in several buffers names the dma-buf of each") {
    TryingCamera trying([](v4l2_format&) { return -ENOTTY; },
                        camera({V4L2_PIX_FMT_NV12M}, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE));
    const auto setup =
        make_setup(trying.record, use_of(Use::capture), nv12(Placement::per_plane, 640, 360));
    REQUIRE(setup);
    CHECK(setup->v4l2->multiplanar);
    REQUIRE(setup->v4l2->planes.size() == 2);
    CHECK(setup->v4l2->planes[1].dmabuf == 1);
    CHECK(setup->v4l2->planes[1].sizeimage == 640 * 180);
}

TEST_CASE("a DRM setup passes a modifier only when it is named and the card takes modifiers") {
    DeviceRecord card = display({});
    Layout layout = nv12(Placement::packed, 640, 360);
    layout.modifier = Modifier::linear();
    auto setup = make_setup(card, use_of(Use::scanout), layout);
    REQUIRE(setup);
    CHECK_FALSE(setup->drm->pass_modifier);
    CHECK(setup->drm->plane_count == 2);
    CHECK(setup->drm->offsets[1] == 640 * 360);
    CHECK(setup->drm->pitches[1] == 640);
    layout.modifier = Modifier::named(tiled);
    setup = make_setup(card, use_of(Use::scanout), layout);
    CHECK(setup->drm->pass_modifier);
    CHECK(setup->drm->modifier == tiled);
    card.drm->addfb2_modifiers = false;
    CHECK_FALSE(make_setup(card, use_of(Use::scanout), layout)->drm->pass_modifier);
}

TEST_CASE("a setup says which part of the image counts") {
    DeviceUse use = use_of(Use::scanout);
    const Layout layout = nv12(Placement::packed, 640, 368);
    const auto all = make_setup(display({}), use, layout)->drm->crop;
    CHECK(all.width == 640);
    CHECK(all.height == 368);
    const auto part = make_setup(display({}), use, layout, {0, 0, 640, 360})->drm->crop;
    CHECK(part.top == 0);
    CHECK(part.width == 640);
    CHECK(part.height == 360);
}

TEST_CASE("a setup names the planes that take the framebuffer, primary ones first") {
    const DeviceRecord card = display({{33, "overlay", {{fourcc::xrgb8888, {0, tiled}, true}}},
                                       {31, "primary", {{fourcc::xrgb8888, {0}, true}}},
                                       {35, "cursor", {{fourcc::xrgb8888, {}, true}}},
                                       {34, "overlay", {{fourcc::nv12, {}, true}}}});
    Layout layout = xrgb(640, 480, 2560);
    const auto planes = [&](Use use) { return make_setup(card, use_of(use), layout)->drm->planes; };
    using Ids = std::vector<std::uint32_t>;
    CHECK(planes(Use::scanout) == Ids{31, 33});
    CHECK(planes(Use::cursor) == Ids{35});
    CHECK(planes(Use::read) == Ids{});
    CHECK_FALSE(make_setup(card, use_of(Use::scanout), layout)->drm->overlay_only);
    layout.modifier = Modifier::named(tiled);
    CHECK(planes(Use::scanout) == Ids{33});
    CHECK(make_setup(card, use_of(Use::scanout), layout)->drm->overlay_only);
    // Who does not see the primary planes does not say that there are none.
    CHECK_FALSE(make_setup(display({}), use_of(Use::scanout), layout)->drm->overlay_only);
}

TEST_CASE("a display likes lines of the pitch that it gives its own buffers") {
    DeviceRecord card = display({{1, "primary", {{fourcc::xrgb8888, {}, true}}}});
    card.drm->dumb.asked_pitch_align = 256;
    card.drm->dumb.asked_pitch_origin = "CREATE_DUMB";
    const auto ways = sets(card, Use::scanout, fourcc::xrgb8888);
    REQUIRE(ways.size() == 2);
    CHECK(ways[0].constraints.stride_align == 256);
    CHECK(ways[0].evidence.at(ConstraintKind::stride_align).confidence == Confidence::assumed);
    CHECK(ways[1].constraints.stride_align <= 1);
    card.drm->dumb.asked_pitch_align = 1;
    card.drm->dumb.asked_width_align = 32;
    CHECK(sets(card, Use::scanout, fourcc::xrgb8888)[0].constraints.stride_align_pixels == 32);
    // A row that says as much is no preference.
    card.drm->dumb.asked_pitch_align = 64;
    card.drm->dumb.asked_width_align = 1;
    card.quirks = rows("[drm:toy]\nsource = drivers/toy.c\nstride-align = 128\n");
    CHECK(only_set(card, Use::scanout).constraints.stride_align == 128);
}

TEST_CASE("numbers beyond the interface's 32 bits are an error") {
    Layout layout = xrgb(640, 360, 2560);
    layout.planes.front().stride = std::uint64_t{1} << 32U;
    const auto setup = make_setup(display({}), use_of(Use::scanout), layout);
    REQUIRE_FALSE(setup);
    CHECK(setup.error().cause == Cause::limit);
}

TEST_CASE("there is nothing to program for bytes and for described devices") {
    Layout bytes;
    bytes.modifier = Modifier::linear();
    bytes.planes = {{0, 0, 0, 4096}};
    CHECK(make_setup(display({}), use_of(Use::scanout), bytes).error().cause == Cause::invalid);
    const Device device = Device::described({});
    CHECK(make_setup(Internal::data(device), use_of(Use::read), xrgb(1, 1, 4)).error().cause ==
          Cause::invalid);
}
