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
    input.uses[0].forbidden = {{"udmabuf", "quirk x"}};
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:system"});
    const Rejection* found = rejection(output, "udmabuf", "exporter");
    REQUIRE(found != nullptr);
    CHECK(found->reason == "/dev/dri/card2 (scanout) must not be given it (quirk x)");
    CHECK(found->required_by == Names{"/dev/dri/card2 (scanout)"});
}

TEST_CASE("memory that nobody describes is unproven, and a strict request refuses it") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap()};
    input.sources[0].offer.undescribed = "nobody describes its memory";
    CHECK(solved(input).choices.at(0).candidate.unproven);
    input.uses = {use("camera", "isp", Use::capture), use("display", "kms", Use::scanout)};
    CHECK(solved(input).choices.at(0).candidate.unproven);
    input.request.strict = true;
    const Output strict = solved(input);
    CHECK(candidates(strict).empty());
    REQUIRE(strict.rejections.size() == 1);
    CHECK(strict.rejections[0].constraint == ConstraintKind::memory_kind);
    CHECK(strict.rejections[0].reason == "nobody describes its memory, and the request is strict");
}

TEST_CASE("what is preferred for a device ranks behind the caller's order and before the rest") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap(), udmabuf(), source("ion:system", OfferContiguity::scattered)};
    input.preferred = {{"ion", "quirk x"}};
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
    input.preferred = {{"dma-heap:z", "/property"}};
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

TEST_CASE("what rows forbid is told, and what they prefer becomes an order") {
    DeviceRecord record = toy("role = scanout\nforbid = ion v4l2:video0\nprefer = udmabuf gbm\n");
    const auto notes = forbidden_sources(record, Use::scanout, fourcc::xrgb8888);
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].source == "ion");
    CHECK(notes[1].source == "v4l2:video0");
    CHECK(forbidden_sources(record, Use::render, fourcc::xrgb8888).empty());

    std::vector<SourceNote> preferred;
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    add_preferred_sources(record, Use::scanout, fourcc::xrgb8888, preferred);
    Names names;
    for (const SourceNote& note : preferred)
        names.push_back(note.source);
    CHECK(names == Names{"udmabuf", "gbm"});

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
