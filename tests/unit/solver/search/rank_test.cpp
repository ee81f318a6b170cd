// SPDX-License-Identifier: MIT
// Each criterion of the ranking by itself, in its place, and the order as a whole.
#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

#include <functional>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

using Names = std::vector<std::string>;

/// Two heaps that differ in nothing; `a` wins by its name.
Input pair_of_heaps() {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {use("camera", "isp", Use::capture), use("display", "kms", Use::scanout)};
    input.sources = {source("dma-heap:b", OfferContiguity::physical),
                     source("dma-heap:a", OfferContiguity::physical)};
    return input;
}

const Criterion& criterion(const Output& output, std::size_t choice, CriterionKind kind) {
    const auto& list = output.choices[choice].candidate.criteria;
    return *std::find_if(list.begin(), list.end(),
                         [&](const Criterion& c) { return c.kind == kind; });
}

/// A change that makes `a` worse or `b` better, and the criterion that then decides for `b`.
struct Row {
    CriterionKind criterion;
    std::function<void(Input&, SourceInput& a, SourceInput& b)> change;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {CriterionKind::proven,
         [](Input&, auto& a, auto&) { a.offer.undescribed = "nobody describes its memory"; }},
        {CriterionKind::proven,
         [](Input& i, auto& a, auto&) {
             i.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
             a.offer.contiguity = OfferContiguity::scattered;
         }},
        {CriterionKind::layout,
         [](Input&, auto&, auto& b) {
             b.offer.memory_kind = MemoryKind::device_local;
             b.offer.device = "kms"; // scanout moves more than capture
         }},
        {CriterionKind::cpu_fit,
         [](Input& i, auto& a, auto&) {
             i.request.cpu = CpuAccess::read_often;
             a.offer.caching = CpuCaching::write_combined;
         }},
        {CriterionKind::scarcity, [](Input&, auto& a, auto&) { a.offer.scarce = true; }},
        {CriterionKind::side_effects,
         [](Input&, auto& a, auto&) { a.offer.side_effect = SideEffect::takes_queue; }},
        {CriterionKind::policy, [](Input& i, auto&, auto& b) { i.order = {b.name}; }},
    };
    return table;
}

void apply(const Row& row, Input& input) {
    row.change(input, input.sources[1], input.sources[0]);
}

} // namespace

TEST_CASE("what differs in nothing is ordered by name") {
    const Output output = solved(pair_of_heaps());
    CHECK(candidates(output) == Names{"dma-heap:a", "dma-heap:b"});
    CHECK(criterion(output, 0, CriterionKind::name).rank == 0);
    CHECK(criterion(output, 1, CriterionKind::name).rank == 1);
}

TEST_CASE("each criterion decides when it alone differs") {
    for (const Row& row : rows()) {
        CAPTURE(to_string(row.criterion));
        Input input = pair_of_heaps();
        apply(row, input);
        const Output output = solved(input);
        CHECK(candidates(output) == Names{"dma-heap:b", "dma-heap:a"});
        for (std::size_t i = 0; i + 1 < output.choices[0].candidate.criteria.size(); ++i) {
            const Criterion& better = output.choices[0].candidate.criteria[i];
            const Criterion& worse = output.choices[1].candidate.criteria[i];
            CHECK((better.rank < worse.rank) == (better.kind == row.criterion));
            CHECK(!better.value.empty());
        }
    }
}

TEST_CASE("an earlier criterion outweighs all later ones") {
    for (std::size_t first = 0; first + 1 < rows().size(); ++first) {
        Input input = pair_of_heaps();
        apply(rows()[first], input);
        for (std::size_t later = first + 1; later < rows().size(); ++later) {
            // The later ones speak for a.
            Input other = input;
            rows()[later].change(other, other.sources[0], other.sources[1]);
            CAPTURE(to_string(rows()[first].criterion), to_string(rows()[later].criterion));
            CHECK(candidates(solved(other)) == Names{"dma-heap:b", "dma-heap:a"});
        }
    }
}

TEST_CASE("every candidate lists all criteria in the order in which they decide") {
    const Output output = solved(pair_of_heaps());
    Names names;
    for (const Criterion& c : output.choices[1].candidate.criteria)
        names.emplace_back(to_string(c.kind));
    CHECK(names ==
          Names{"proven", "layout", "cpu-fit", "scarcity", "side-effects", "policy", "name"});
}

TEST_CASE("the cpu profile picks the caching") {
    struct Fit {
        CpuAccess access;
        CpuCaching better;
        CpuCaching worse;
        bool equal;
    };
    const std::vector<Fit> table{
        {CpuAccess::read_often, CpuCaching::cached, CpuCaching::unknown, false},
        {CpuAccess::read_often, CpuCaching::unknown, CpuCaching::write_combined, false},
        {CpuAccess::read_rarely, CpuCaching::cached, CpuCaching::write_combined, false},
        {CpuAccess::write, CpuCaching::cached, CpuCaching::write_combined, true},
        {CpuAccess::write, CpuCaching::write_combined, CpuCaching::unknown, false},
        {CpuAccess::none, CpuCaching::write_combined, CpuCaching::cached, true},
        {CpuAccess::none, CpuCaching::unmappable, CpuCaching::unknown, true},
    };
    for (const Fit& fit : table) {
        Input input = pair_of_heaps();
        input.request.cpu = fit.access;
        input.sources[0].offer.caching = fit.better;
        input.sources[1].offer.caching = fit.worse;
        const Output output = solved(input);
        const auto best = fit.equal ? "dma-heap:a" : "dma-heap:b";
        CHECK(candidates(output)[0] == best);
        CHECK((criterion(output, 0, CriterionKind::cpu_fit).rank ==
               criterion(output, 1, CriterionKind::cpu_fit).rank) == fit.equal);
    }
}

TEST_CASE("scarce memory is no loss when contiguity is needed") {
    Input input = pair_of_heaps();
    input.sources[1].offer.scarce = true;
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::required;
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:a", "dma-heap:b"});
    CHECK(criterion(output, 0, CriterionKind::scarcity).value == "scarce, but needed");
}

TEST_CASE("memory local to the device with less traffic is no better") {
    Input input = pair_of_heaps();
    input.sources[0].offer.memory_kind = MemoryKind::device_local;
    input.sources[0].offer.device = "isp";
    CHECK(candidates(solved(input))[0] == "dma-heap:a");
    input.uses[1].use = Use::cursor;
    CHECK(candidates(solved(input))[0] == "dma-heap:b");
}

TEST_CASE("a default that was assumed counts as proven, and says so") {
    Input input = pair_of_heaps();
    input.uses[0].alternatives[0].evidence[ConstraintKind::contiguity] = {Confidence::assumed, "x"};
    const Output output = solved(input);
    CHECK(criterion(output, 0, CriterionKind::proven).value == "assumed");
    CHECK(criterion(output, 0, CriterionKind::proven).rank == 0);
}

TEST_CASE("the built-in policy orders backends, after what the caller names") {
    Input input = image(640, 480, fourcc::xrgb8888);
    for (const char* name : {"drm-dumb:c", "zzz:new", "v4l2:v", "gbm:g", "ion:i",
                             "simple-allocator:s", "udmabuf", "dma-heap:h"})
        input.sources.push_back(source(name, OfferContiguity::scattered));
    CHECK(candidates(solved(input)) == Names{"dma-heap:h", "udmabuf", "simple-allocator:s", "ion:i",
                                             "gbm:g", "v4l2:v", "drm-dumb:c", "zzz:new"});
    input.order = {"v4l2:v", "drm-dumb", "absent"};
    const auto ordered = candidates(solved(input));
    CHECK(Names(ordered.begin(), ordered.begin() + 4) ==
          Names{"v4l2:v", "drm-dumb:c", "dma-heap:h", "udmabuf"});
    input.order.clear();
    input.request.order = {"ion"};
    CHECK(candidates(solved(input))[0] == "ion:i");
}
