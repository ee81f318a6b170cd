// SPDX-License-Identifier: MIT
// What quirk rows and the kernel say of a device and a source, and by which names.
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/solver/solver.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

using Names = std::vector<std::string>;

DeviceRecord toy(const std::string& rows) {
    Quirks quirks;
    REQUIRE(quirks.read("[drm:toy]\nsource = x\n" + rows, "mine.quirks"));
    DeviceRecord record;
    record.quirks = quirks.rows_for({"drm", {"toy"}, {}, {}});
    return record;
}

} // namespace

TEST_CASE("a source is called by its backend, its name and its other names") {
    SourceInput heap = cma_heap();
    heap.aliases = {"dma-heap:linux,cma"};
    CHECK(heap.is_called("dma-heap"));
    CHECK(heap.is_called("dma-heap:reserved"));
    CHECK(heap.is_called("dma-heap:linux,cma"));
    CHECK_FALSE(heap.is_called("dma-heap:system"));
    CHECK_FALSE(heap.is_called("reserved"));
}

TEST_CASE("an order may name a source by another name that it has") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap(), udmabuf()};
    input.sources[1].aliases = {"udmabuf:old"};
    input.order = {"udmabuf:old"};
    CHECK(candidates(solved(input)) == Names{"udmabuf", "dma-heap:system"});
}

TEST_CASE("a source that a quirk forbids is out, with who says so") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap(), udmabuf()};
    input.uses = {vkms_display()};
    input.uses[0].notes = {{"udmabuf", false, "quirk x"}};
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:system"});
    const Rejection* found = rejection(output, "udmabuf", "exporter");
    REQUIRE(found != nullptr);
    CHECK(found->reason == "/dev/dri/card2 (scanout) must not be given it (quirk x)");
    CHECK(found->required_by == Names{"/dev/dri/card2 (scanout)"});
}

TEST_CASE("a heap that the kernel links a device to is proof against what is only assumed of it") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap()};
    input.uses = {contiguous_camera()};
    input.uses[0].alternatives[0].constraints.max_address = 0xffffffff;
    CHECK(candidates(solved(input)).empty());
    input.uses[0].notes = {{"dma-heap:system", true, "/sys/x"}};
    CHECK(candidates(solved(input)) == Names{"dma-heap:system"});
    // Of another device it proves nothing.
    input.uses.push_back(contiguous_camera());
    CHECK(candidates(solved(input)).empty());
    input.uses.pop_back();
    input.uses[0].alternatives[0].constraints = {};
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    CHECK_FALSE(solved(input).choices.at(0).candidate.unproven);
    input.uses[0].notes.clear();
    CHECK(solved(input).choices.at(0).candidate.unproven);
}

TEST_CASE("memory that nobody describes is known to the devices that a row or link gives it to") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap()};
    input.sources[0].offer.undescribed = "nobody describes its memory";
    CHECK(solved(input).choices.at(0).candidate.unproven);
    input.uses = {use("camera", "isp", Use::capture), use("display", "kms", Use::scanout)};
    input.uses[0].notes = {{"dma-heap:system", true, "quirk x"}};
    CHECK(solved(input).choices.at(0).candidate.unproven);
    input.request.strict = true;
    const Output strict = solved(input);
    CHECK(candidates(strict).empty());
    REQUIRE(strict.rejections.size() == 1);
    CHECK(strict.rejections[0].constraint == "memory-kind");
    CHECK(strict.rejections[0].reason == "nobody describes its memory, and the request is strict");
    input.uses[1].notes = {{"dma-heap", true, "/sys/x"}};
    CHECK_FALSE(solved(input).choices.at(0).candidate.unproven);
}

TEST_CASE("what is preferred for a device ranks behind the caller's order and before the rest") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap(), udmabuf(), source("ion:system", OfferContiguity::scattered)};
    input.preferred = {{"ion", true, "quirk x"}};
    CHECK(candidates(solved(input)) == Names{"ion:system", "dma-heap:system", "udmabuf"});
    const auto criteria = solved(input).choices.at(0).candidate.criteria;
    CHECK(std::any_of(criteria.begin(), criteria.end(), [](const Criterion& criterion) {
        return criterion.value == "preferred by quirk x";
    }));
    input.order = {"udmabuf"};
    CHECK(candidates(solved(input)) == Names{"udmabuf", "ion:system", "dma-heap:system"});
}

TEST_CASE("areas rank: one's own, then the general one, then those of other devices") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera()};
    input.sources = {cma_heap(), cma_heap(), cma_heap()};
    input.sources[0].name = "dma-heap:a";
    input.sources[0].set_aside = true;
    input.sources[1].name = "dma-heap:linux,cma";
    input.sources[2].name = "dma-heap:z";
    input.sources[2].set_aside = true;
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:linux,cma", "dma-heap:a", "dma-heap:z"});
    CHECK(output.choices.at(1).candidate.criteria.back().value ==
          "dma-heap:a, set aside for a device");
    input.preferred = {{"dma-heap:z", true, "/property"}};
    CHECK(candidates(solved(input)) == Names{"dma-heap:z", "dma-heap:linux,cma", "dma-heap:a"});
}

TEST_CASE("a device that takes no cached memory gets none that is, or that may be") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {vkms_display()};
    input.sources = {system_heap(), dumb("card2", "vkms")};
    input.uses[0].refuses_cached = "quirk x";
    Output output = solved(input);
    CHECK(candidates(output) == Names{"drm-dumb:card2"});
    const Rejection* found = rejection(output, "dma-heap:system", "cpu-access");
    REQUIRE(found != nullptr);
    CHECK(found->reason == "the CPU maps its memory cached; /dev/dri/card2 (scanout) works with "
                           "other memory only (quirk x)");
    input.sources[0].offer.caching = CpuCaching::unknown;
    CHECK(candidates(solved(input)) == Names{"drm-dumb:card2"});
    input.uses[0].refuses_cached.clear();
    CHECK(candidates(solved(input)).size() == 2);
}

TEST_CASE("rows and links of a device become notes, and its preferences an order") {
    DeviceRecord record = toy("role = scanout\nforbid = ion v4l2:video0\nprefer = udmabuf gbm\n");
    record.heap_links = {{"system", "/sys/x"}};
    const auto notes = source_notes(record, Use::scanout, fourcc::xrgb8888);
    REQUIRE(notes.size() == 3);
    CHECK(notes[0].source == "ion");
    CHECK_FALSE(notes[0].works);
    CHECK(notes[1].source == "v4l2:video0");
    CHECK(notes[2].source == "dma-heap:system");
    CHECK(notes[2].works);
    CHECK(notes[2].origin == "/sys/x");
    CHECK(source_notes(record, Use::render, fourcc::xrgb8888).size() == 1);

    std::vector<SourceNote> preferred;
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    Names names;
    for (const SourceNote& note : preferred)
        names.push_back(note.source);
    CHECK(names == Names{"udmabuf", "gbm", "dma-heap:system"});

    // The heap of its own CMA area; a pool that is not shared has none.
    record = toy("");
    record.reach.pool = {"video@80000000", "/node", true, {}, {}, "/property"};
    preferred.clear();
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    REQUIRE(preferred.size() == 1);
    CHECK(preferred[0].source == "dma-heap:video@80000000");
    CHECK(preferred[0].origin == "/property");
    record.reach.pool->cma = false;
    preferred.clear();
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    CHECK(preferred.empty());
}
