// SPDX-License-Identifier: MIT
// Every merged value names all who set it, and how each of them is known.
#include "lib/model/merge.hpp"
#include "lib/solver/explain/provenance.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

std::optional<MergedConstraint> find(const Candidate& candidate, ConstraintKind kind) {
    for (MergedConstraint& merged : candidate.constraints())
        if (merged.constraint == kind)
            return std::move(merged);
    return std::nullopt;
}

} // namespace

TEST_CASE("a merged stride has the common multiple and all contributors with their origins") {
    Input input = image(1280, 720, fourcc::xrgb8888);
    input.uses = {contiguous_camera(), vkms_display()};
    CapabilitySet& camera = input.uses[0].alternatives[0];
    camera.constraints.stride_align = 96;
    camera.evidence[ConstraintKind::stride_align] = {Confidence::known,
                                                     "quirk isp.quirks [v4l2:isp]"};
    camera.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "default for platform"};
    CapabilitySet& display = input.uses[1].alternatives[0];
    display.constraints.stride_align = 64;
    display.evidence[ConstraintKind::stride_align] = {Confidence::known, "caller"};
    input.sources = {cma_heap()};
    input.sources[0].offer.layout.stride_align = 256;
    input.sources[0].offer.evidence[ConstraintKind::stride_align] = {Confidence::known, "pitch"};
    const Candidate candidate = solved(input).choices.at(0).candidate;

    const auto stride = find(candidate, ConstraintKind::stride_align);
    REQUIRE(stride);
    CHECK(stride->value == "stride a multiple of 768 bytes");
    CHECK(stride->contributors ==
          std::vector<Contributor>{{"/dev/video0 (capture)", ConstraintKind::stride_align,
                                    "stride a multiple of 96 bytes", Confidence::known,
                                    "quirk isp.quirks [v4l2:isp]"},
                                   {"/dev/dri/card2 (scanout)", ConstraintKind::stride_align,
                                    "stride a multiple of 64 bytes", Confidence::known, "caller"},
                                   {"dma-heap:reserved", ConstraintKind::stride_align,
                                    "stride a multiple of 256 bytes", Confidence::known, "pitch"}});
    const auto contiguity = find(candidate, ConstraintKind::contiguity);
    REQUIRE(contiguity);
    REQUIRE(contiguity->contributors.size() == 1);
    CHECK(contiguity->contributors[0].confidence == Confidence::assumed);
    const auto format = find(candidate, ConstraintKind::format);
    REQUIRE(format);
    CHECK(format->value == "XR24 LINEAR");
    CHECK(format->contributors.size() == 2);
    CHECK_FALSE(find(candidate, ConstraintKind::max_stride));
    CHECK_FALSE(find(candidate, ConstraintKind::cpu_access));
}

TEST_CASE("what the caller asks for and what the CPU does have their part") {
    Input input = image(64, 64, fourcc::xrgb8888);
    input.request.cpu = CpuAccess::read_often;
    input.request.modifier = Modifier::linear();
    input.sources = {system_heap()};
    const Candidate candidate = solved(input).choices.at(0).candidate;
    const auto format = find(candidate, ConstraintKind::format);
    REQUIRE(format);
    REQUIRE(format->contributors.size() == 1);
    CHECK(format->contributors[0].party == "request");
    CHECK(format->contributors[0].origin == "caller");
    const auto cpu = find(candidate, ConstraintKind::cpu_access);
    REQUIRE(cpu);
    CHECK(cpu->value == "cached memory");
    CHECK(cpu->contributors.at(0).party == "cpu (read-often)");
}

TEST_CASE("constraints are put into words when nothing else is left of the plan") {
    Candidate candidate;
    CHECK(candidate.constraints().empty());
    {
        Input input = image(64, 64, fourcc::nv12);
        input.uses = {contiguous_camera()};
        input.uses[0].alternatives[0].constraints.stride_align = 96;
        input.uses[0].alternatives[0].evidence[ConstraintKind::stride_align] = {
            Confidence::known, "an origin that is too long to be inside its string"};
        input.sources = {cma_heap()};
        candidate = solved(input).choices.at(0).candidate;
    }
    const auto stride = find(candidate, ConstraintKind::stride_align);
    REQUIRE(stride);
    CHECK(stride->contributors ==
          std::vector<Contributor>{{"/dev/video0 (capture)", ConstraintKind::stride_align,
                                    "stride a multiple of 96 bytes", Confidence::known,
                                    "an origin that is too long to be inside its string"}});
    CHECK(find(candidate, ConstraintKind::format)->contributors.size() == 1);
}

TEST_CASE("over generated limits every limit of a use is told, and nothing that nobody set") {
    Generator g(17);
    int told = 0;
    for (int i = 0; i < 300; ++i) {
        Input input = image(640, 480, fourcc::nv12);
        for (const char* device : {"camera", "display"}) {
            input.uses.push_back(use(device, device, Use::read));
            input.uses.back().alternatives[0].constraints = random_constraints(g);
        }
        input.sources = {cma_heap()};
        for (const Choice& choice : solved(input).choices) {
            std::size_t expected = 2; // both have a say in the format
            for (const UseInput& each : input.uses)
                expected +=
                    limited(relevant(each.alternatives[0].constraints, *format_info(fourcc::nv12)))
                        .size();
            std::size_t found = 0;
            for (const MergedConstraint& merged : choice.candidate.constraints()) {
                REQUIRE(!merged.contributors.empty());
                REQUIRE(!merged.value.empty());
                for (const Contributor& who : merged.contributors)
                    REQUIRE((who.constraint == merged.constraint && !who.value.empty()));
                found += merged.contributors.size();
            }
            REQUIRE(found == expected);
            told += static_cast<int>(found);
        }
    }
    CHECK(told > 100);
}
