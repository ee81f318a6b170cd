// SPDX-License-Identifier: MIT
// Each candidate but the first says by what it lost; what is said to turn that round does.
#include "lib/solver/explain/lost.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

using Names = std::vector<std::string>;

Lost lost(const Input& input, const std::string& source) {
    const Output output = solved(input);
    REQUIRE_FALSE(output.choices.at(0).candidate.lost);
    for (const Choice& choice : output.choices)
        if (choice.candidate.source == source) {
            REQUIRE(choice.candidate.lost);
            CHECK(choice.candidate.lost->to == output.choices[0].candidate.source);
            CHECK(choice.candidate.lost->better_rank < choice.candidate.lost->rank);
            return *choice.candidate.lost;
        }
    FAIL("no candidate " << source);
    return {};
}

Input small() {
    Input input = bytes(mib);
    input.uses = {use("npu", "npu", Use::read)};
    return input;
}

} // namespace

TEST_CASE("a rank that was lost by policy names the order, which turns it round") {
    Input input = small();
    input.sources = {system_heap(), udmabuf()};
    const Lost found = lost(input, "udmabuf");
    CHECK(found.criterion == CriterionKind::policy);
    CHECK(found.value == "udmabuf");
    CHECK(found.better_value == "dma-heap");
    CHECK(found.parties == Names{"built-in order"});
    CHECK(to_string(found.remedy) == "Request::order udmabuf");
    input.order = {"udmabuf"};
    CHECK(candidates(solved(input)).front() == "udmabuf");
    CHECK(lost(input, "dma-heap:system").parties == Names{"caller"});
}

TEST_CASE("a rank that was lost by the name is turned round by the order, too") {
    Input input = small();
    input.sources = {system_heap(), system_heap()};
    input.sources[1].name = "dma-heap:zebra";
    const Lost found = lost(input, "dma-heap:zebra");
    CHECK(found.criterion == CriterionKind::name);
    CHECK(to_string(found.remedy) == "Request::order dma-heap:zebra");
    input.order = {"dma-heap:zebra"};
    CHECK(candidates(solved(input)).front() == "dma-heap:zebra");
}

TEST_CASE("the CPU is behind its fit, and the nearest lesser access turns it round") {
    Input input = small();
    input.request.cpu = CpuAccess::read_often;
    input.sources = {system_heap(), cma_heap()};
    input.sources[0].offer.caching = CpuCaching::write_combined;
    const Lost found = lost(input, "dma-heap:system");
    CHECK(found.criterion == CriterionKind::cpu_fit);
    CHECK(found.parties == Names{"cpu (read-often)"});
    CHECK(to_string(found.remedy) == "Request::cpu write");
    input.request.cpu = CpuAccess::write;
    CHECK(candidates(solved(input)).front() == "dma-heap:system");
}

TEST_CASE("an unproven candidate names the use that nobody knows enough of") {
    Input input = small();
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    input.sources = {system_heap(), cma_heap()};
    const Lost found = lost(input, "dma-heap:system");
    CHECK(found.criterion == CriterionKind::proven);
    CHECK(found.parties == Names{"npu"});
    CHECK(to_string(found.remedy) == "if it takes scattered memory, describe it so");
    input.uses[0].row = "drm:npu";
    CHECK(
        to_string(lost(input, "dma-heap:system").remedy) ==
        "if it takes scattered memory, say so in a quirk file: `[drm:npu]`, `source = tried here`, "
        "`contiguous = no`");
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::any;
    CHECK(candidates(solved(input)).front() == "dma-heap:system");
}

TEST_CASE("a scarce source is passed over unless the winner is left out") {
    Input input = small();
    input.sources = {system_heap(), cma_heap()};
    const Lost found = lost(input, "dma-heap:reserved");
    CHECK(found.criterion == CriterionKind::scarcity);
    CHECK(to_string(found.remedy) == "Request::without dma-heap:system");
    input.sources[0].excluded = ExcludedBy::caller;
    CHECK(candidates(solved(input)) == Names{"dma-heap:reserved"});
}

TEST_CASE(
    "a linear layout that lost to a tiled one says who prefers it and how to ask for linear") {
    Input input = image(64, 64, fourcc::xrgb8888);
    input.uses = {use("gpu", "gpu", Use::render)};
    input.uses[0].alternatives[0].formats = {{fourcc::xrgb8888, {9, 0}, true}};
    input.sources = {system_heap(), source("gbm:card0", OfferContiguity::scattered)};
    input.sources[1].offer.device = "gpu";
    input.sources[1].offer.own_layout = true;
    const Lost found = lost(input, "dma-heap:system");
    CHECK(found.criterion == CriterionKind::layout);
    CHECK(found.parties == Names{"gpu"});
    CHECK(found.remedy == Remedy{RemedyKind::linear});
    input.request.modifier = Modifier::linear();
    CHECK(candidates(solved(input)).front() == "dma-heap:system");
}
