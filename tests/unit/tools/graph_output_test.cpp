// SPDX-License-Identifier: MIT
// The graph has every party, source and reason of a plan, and nothing in them can break it.
#include "tools/output/graph.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::tools;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// The line with the node's label, or nothing.
std::string node(const std::string& dot, const std::string& id) {
    const std::size_t begin = dot.find("\n  " + id + " [");
    return begin == std::string::npos ? ""
                                      : dot.substr(begin + 1, dot.find('\n', begin + 1) - begin);
}

Candidate candidate(std::string source) {
    Candidate result;
    result.source = std::move(source);
    result.layout.width = 1280;
    result.layout.height = 720;
    result.layout.fourcc = fourcc::xrgb8888;
    result.layout.modifier = Modifier::linear();
    result.layout.planes = {{0, 0, 5120, 3686400}};
    result.layout.dmabuf_sizes = {3686400};
    return result;
}

const std::string camera = "/dev/video0 (capture)";
const std::string display = "/dev/dri/card0 (scanout)";

/// Two heaps serve, a third one does not.
struct Served {
    std::vector<Candidate> candidates{candidate("dma-heap:system"), candidate("udmabuf")};
    std::vector<Rejection> rejections{
        {"dma-heap:reserved",
         ConstraintKind::request_size,
         "10 MiB is wanted, it has 4 MiB",
         {camera},
         {{RemedyKind::advice, {"cma=64M"}}}},
        {"dma-heap:reserved", ConstraintKind::exporter, "it is foreign", {}, {}}};
    GraphReport report;

    Served() {
        candidates[0].constraints = [] {
            return std::vector<MergedConstraint>{
                {ConstraintKind::stride_align,
                 "a multiple of 64 bytes",
                 {{camera, ConstraintKind::stride_align, "a multiple of 32 bytes",
                   Confidence::known, "ioctl"},
                  {display, ConstraintKind::stride_align, "a multiple of 64 bytes",
                   Confidence::assumed, ""}}},
                {ConstraintKind::cpu_access,
                 "readable",
                 {{"cpu (read-often)", ConstraintKind::cpu_access, "readable", Confidence::known,
                   ""}}}};
        };
        candidates[1].unproven = true;
        candidates[1].exact = false;
        candidates[1].lost =
            Lost{"dma-heap:system", CriterionKind::policy, "2nd", "1st", 2, 1, {}, {}};
        report = {{"1280x720 XR24 for both", candidates, rejections, {}},
                  {{camera, "vivid"}, {display, "vkms"}}};
    }
};

} // namespace

TEST_CASE("each use is there with its driver and what it sets, and how sure that is") {
    const std::string dot = graph_dot(Served().report);
    CHECK(contains(node(dot, "party0"), "\"/dev/video0 (capture)\\ldriver vivid\\lstride-align: a "
                                        "multiple of 32 bytes\\l\""));
    CHECK(contains(node(dot, "party1"), "driver vkms"));
    CHECK(contains(node(dot, "party1"), "64 bytes\\l(assumed)\\l"));
    CHECK(contains(node(dot, "party2"), "cpu (read-often)"));
    CHECK(node(dot, "party3").empty());
}

TEST_CASE("what several set together is said where their edges meet") {
    const std::string dot = graph_dot(Served().report);
    CHECK(contains(node(dot, "request"), "1280x720 XR24 for both\\lstride-align: a multiple of 64 "
                                         "bytes\\l"));
    for (const char* party : {"party0", "party1", "party2"})
        CHECK(contains(dot, "\n  " + std::string(party) + " -> request ["));
}

TEST_CASE("the chosen path stands out, and the other candidates say by what they lost") {
    const std::string dot = graph_dot(Served().report);
    CHECK(contains(node(dot, "candidate0"), "1: dma-heap:system\\lXR24 LINEAR, 3.5 MiB, stride "
                                            "5120\\lchosen\\l"));
    CHECK(contains(node(dot, "candidate0"), "penwidth=3"));
    CHECK(contains(dot, "request -> candidate0 [color=\"#1b7837\", penwidth=3]"));
    CHECK(contains(node(dot, "candidate1"), "2: udmabuf"));
    CHECK(contains(node(dot, "candidate1"), "about 3.5 MiB"));
    CHECK(contains(node(dot, "candidate1"), "unproven"));
    CHECK(contains(node(dot, "candidate1"), "after dma-heap:system by policy: 2nd, not\\l1st\\l"));
    CHECK(!contains(node(dot, "candidate1"), "penwidth"));
}

TEST_CASE("a source that is rejected for several reasons is there once, with all of them") {
    const std::string dot = graph_dot(Served().report);
    const std::string rejected = node(dot, "rejected0");
    CHECK(contains(rejected, "dma-heap:reserved\\lrejected\\lrequest-size: 10 MiB is wanted, it "
                             "has 4 MiB\\lneeded by /dev/video0 (capture)\\ltry: "
                             "cma=64M\\lexporter: it is foreign\\l"));
    CHECK(contains(rejected, "style=dashed"));
    CHECK(node(dot, "rejected1").empty());
}

TEST_CASE("without a candidate those in conflict stand out, and the others do not") {
    const std::vector<Rejection> rejections{
        {"udmabuf", ConstraintKind::contiguity, "is scattered", {camera}, {}}};
    const std::vector<Conflict> conflict{
        {ConstraintKind::contiguity,
         {camera, "udmabuf"},
         {{camera, ConstraintKind::contiguity, "one piece", Confidence::known, ""},
          {"udmabuf", ConstraintKind::contiguity, "scattered", Confidence::known, ""}}}};
    const std::string dot =
        graph_dot({{"4 MiB", {}, rejections, conflict}, {{camera, "vivid"}, {display, "vkms"}}});
    CHECK(contains(node(dot, "party0"), "contiguity: one piece"));
    CHECK(contains(node(dot, "party0"), "#b2182b"));
    CHECK(!contains(node(dot, "party1"), "#b2182b"));
    CHECK(node(dot, "party2").empty()); // the source is no party
    CHECK(contains(node(dot, "request"), "no source on this machine serves it"));
    CHECK(!contains(dot, "candidate"));
}

TEST_CASE("names can't end a string, escape from it or be taken for markup") {
    const std::vector<Rejection> rejections{
        {"a\"]; b [label=\"c\\", ConstraintKind::policy, "<b>&lt;\n\x1b[31m\xff", {}, {}}};
    const std::string dot = graph_dot({{"\\N", {}, rejections, {}}, {}});
    CHECK(contains(node(dot, "request"), "label=\"\\\\N\\lno source"));
    CHECK(contains(node(dot, "rejected0"), "label=\"a\\\"]; b [label=\\\"c\\\\\\lrejected\\l"
                                           "policy: <b>&amp;lt;??[31m\xef\xbf\xbd\\l\""));
}
