// SPDX-License-Identifier: MIT
// Requests, alternatives of devices, what a choice carries, and the laws of the whole.
#include "lib/model/layout.hpp"
#include "lib/solver/solver.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

#include <functional>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

using Names = std::vector<std::string>;

Result<Output> with_request(const std::function<void(ResolvedRequest&)>& change) {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap()};
    change(input.request);
    return solve(input);
}

} // namespace

TEST_CASE("a request without uses takes any source, linear") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.sources = {system_heap()};
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].candidate.layout.modifier == Modifier::linear());
    CHECK(output.choices[0].candidate.layout.dmabuf_sizes ==
          std::vector<std::uint64_t>{640 * 480 * 4});
    CHECK(output.choices[0].alternatives.empty());
}

TEST_CASE("requests that make no sense are errors, and say which field") {
    struct Bad {
        std::string object;
        std::function<void(ResolvedRequest&)> change;
    };
    const std::vector<Bad> table{
        {"width", [](auto& r) { r.width = 0; }},
        {"height", [](auto& r) { r.height = 0; }},
        {"count", [](auto& r) { r.count = 0; }},
        {"format",
         [](auto& r) {
             r.fourcc = Fourcc{'N', 'O', 'P', 'E'};
         }},
        {"format", [](auto& r) { r.fourcc = fourcc::bytes; }},
        {"size", [](auto& r) { r.width = r.height = 0, r.fourcc = fourcc::bytes, r.size = 0; }},
        {"size", [](auto& r) { r.size = 4096; }},
        {"modifier", [](auto& r) { r.modifier = Modifier::implicit(); }},
        {"modifier",
         [](auto& r) {
             r.width = r.height = 0, r.fourcc = fourcc::bytes, r.size = 1;
             r.modifier = Modifier::named(1);
         }},
    };
    for (const Bad& bad : table) {
        const auto result = with_request(bad.change);
        REQUIRE(!result);
        CHECK(result.error().object == bad.object);
        CHECK(result.error().cause == Cause::invalid);
        CHECK(result.error().stage == Stage::request);
    }
    const auto overflow = with_request(
        [](auto& r) { r.width = r.height = 0, r.fourcc = fourcc::bytes, r.size = no_limit; });
    REQUIRE(!overflow);
    CHECK(overflow.error().cause == Cause::limit);
    CHECK(overflow.error().object == "size");
}

TEST_CASE("an unknown need leaves candidates unproven, behind those that meet it") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera()};
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    input.sources = {system_heap(), cma_heap()};
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"dma-heap:reserved", "dma-heap:system"});
    CHECK(!output.choices[0].candidate.unproven);
    CHECK(output.choices[1].candidate.unproven);
    CHECK_THAT(output.choices[1].candidate.criteria[0].value, Contains("/dev/video0 (capture)"));
}

TEST_CASE("limits on lines and planes mean nothing for bytes, nor placements for one plane") {
    Input input = bytes(4096);
    input.uses = {use("a", "a", Use::read), use("b", "b", Use::write)};
    input.uses[0].alternatives[0].constraints.min_stride = 100;
    input.uses[0].alternatives[0].constraints.placements = Placements::of(Placement::packed);
    input.uses[1].alternatives[0].constraints.max_stride = 50;
    input.uses[1].alternatives[0].constraints.max_width = 1;
    input.uses[1].alternatives[0].constraints.placements = Placements::of(Placement::per_plane);
    input.sources = {system_heap()};
    CHECK(solved(input).choices.size() == 1);
    input.request = image(8, 8, fourcc::xrgb8888).request;
    input.uses[0].alternatives[0].constraints.min_stride = 0;
    input.uses[1].alternatives[0].constraints.max_width = 8;
    CHECK(solved(input).choices.size() == 1);
    input.request.fourcc = fourcc::nv12;
    CHECK(solved(input).choices.empty());
}

TEST_CASE("policy and access come with what would unblock them") {
    Input input = bytes(mib);
    input.sources = {system_heap(), udmabuf(), dumb("card1", "vgem")};
    input.sources[0].excluded = ExcludedBy::caller;
    input.sources[1].usable = false;
    input.sources[1].reason = "/dev/udmabuf: Permission denied (mode 0660, group kvm)";
    input.sources[1].remedy = "add the user to group kvm";
    input.sources[2].named = false;
    const Output output = solved(input);
    CHECK(output.choices.empty());
    REQUIRE(output.rejections.size() == 3);
    CHECK_THAT(rejection(output, "dma-heap:system", "policy")->reason, Contains("disabled"));
    CHECK(to_string(rejection(output, "udmabuf", "access")->remedies) ==
          "add the user to group kvm");
    CHECK(to_string(rejection(output, "drm-dumb:card1", "policy")->remedies) ==
          "Request::any_device");
}

TEST_CASE("independent objections to a source are all listed") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera(), closed_display("bochs")};
    input.sources = {system_heap()};
    const Output output = solved(input);
    CHECK(output.rejections.size() == 2);
    CHECK(rejection(output, "dma-heap:system", "contiguity")->required_by ==
          Names{"/dev/video0 (capture)"});
    CHECK(rejection(output, "dma-heap:system", "exporter")->required_by ==
          Names{"/dev/dri/card0 (scanout)"});
}

TEST_CASE("a refusal counts for the same source, layout class and use only") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {vkms_display()};
    input.sources = {system_heap(), cma_heap()};
    const Output before = solved(input);
    const std::string layouts = layout_class(before.choices[0].candidate.layout);
    const auto refuse = [&](const std::string& device, const std::string& party) {
        input.refusals = refusals({{"dma-heap:system", layouts, device, party, "EINVAL"}});
    };
    const std::string id = input.uses[0].device;
    refuse(id, "/dev/dri/card2 (scanout)");
    const Output after = solved(input);
    CHECK(candidates(after) == Names{"dma-heap:reserved"});
    CHECK(rejection(after, "dma-heap:system", "attach")->reason == "refused before: EINVAL");
    refuse(id, "/dev/video7 (capture)");
    CHECK(solved(input).choices.size() == 2);
    refuse("described:/dev/dri/card2", "/dev/dri/card2 (scanout)");
    CHECK(solved(input).choices.size() == 2);
    refuse(id, "/dev/dri/card2 (scanout)");
    input.request.width = 64;
    CHECK(solved(input).choices.size() == 2);
}

TEST_CASE("a refused layout hides no other way that fits, not even one that it beats") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {vkms_display(), contiguous_camera()};
    input.sources = {cma_heap()};
    // More padding is never better for the layout alone, and never liked better.
    for (const std::uint64_t align : {4 * mib, 16 * mib}) {
        input.uses[0].alternatives.push_back(input.uses[0].alternatives[0]);
        input.uses[0].alternatives.back().constraints.size_align = align;
    }
    std::vector<Input::Refusal> all;
    const auto refuse = [&](const Output& output) {
        const Choice& choice = output.choices.at(0);
        all.push_back({"dma-heap:reserved", layout_class(choice.candidate.layout),
                       input.uses[0].device, "/dev/dri/card2 (scanout)", "EINVAL"});
        input.refusals = refusals(all);
        return choice.alternatives[0];
    };
    for (const std::size_t way : {0U, 1U, 2U})
        CHECK(refuse(solved(input)) == way);
    const Output output = solved(input);
    CHECK(output.choices.empty());
    CHECK(rejection(output, "dma-heap:reserved", "attach"));
}

TEST_CASE("a combination of alternatives that fails is no conflict while another one fits") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {use("camera", "isp", Use::capture), use("display", "kms", Use::scanout)};
    auto& camera = input.uses[0].alternatives;
    camera[0].constraints.placements = Placements::of(Placement::per_plane);
    camera.emplace_back();
    camera[1].constraints.placements = Placements::of(Placement::packed);
    input.uses[1].alternatives[0].constraints.placements =
        Placements::of(Placement::packed) | Placements::of(Placement::single);
    input.sources = {system_heap()};
    Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].alternatives == std::vector<std::size_t>{1, 0});
    CHECK(output.choices[0].candidate.layout.placement == Placement::packed);
    CHECK(output.choices[0].merged.placements == Placements::of(Placement::packed));

    input.uses.pop_back(); // alone, the camera gets what it prefers
    output = solved(input);
    CHECK(output.choices[0].alternatives == std::vector<std::size_t>{0});
    CHECK(output.choices[0].candidate.layout.dmabuf_sizes.size() == 2);
}

TEST_CASE("a proven alternative goes before a preferred one that is unproven") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {use("camera", "isp", Use::capture)};
    auto& camera = input.uses[0].alternatives;
    camera[0].constraints.contiguity = Contiguity::preferred;
    camera.emplace_back();
    input.sources = {system_heap()};
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].alternatives == std::vector<std::size_t>{1});
    CHECK(!output.choices[0].candidate.unproven);
}

TEST_CASE("the source's own rules shape the layout but aren't asked of the kernel's answer") {
    Input input = image(100, 100, fourcc::xrgb8888);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].constraints.stride_align = 16;
    input.sources = {dumb("card2", "vkms")};
    input.sources[0].offer.layout.stride_align = 64;
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].candidate.layout.planes[0].stride == 448);
    CHECK(!output.choices[0].candidate.exact);
    CHECK(output.choices[0].candidate.driver == "vkms");
    CHECK(output.choices[0].merged.stride_align == 16);
}

TEST_CASE("odd images of every format are planned for a camera and a display") {
    for (const char* name : {"XR24", "AR24", "RG16", "XR30", "YUYV", "UYVY", "NV12", "NV21", "NV16",
                             "P010", "YU12", "YV12", "YU16"}) {
        CAPTURE(name);
        Input input = image(321, 241, Fourcc{name[0], name[1], name[2], name[3]});
        input.uses = {contiguous_camera(), vkms_display()};
        input.uses[0].alternatives[0].constraints.stride_align = 32;
        input.sources = {cma_heap()};
        CHECK(solved(input).choices.size() == 1);
    }
}

TEST_CASE("a way with fewer segments is kept beside one that is liked better") {
    Input input = bytes(8192);
    input.uses = {use("camera", "isp", Use::capture), use("encoder", "vpu", Use::encode)};
    auto& camera = input.uses[0].alternatives;
    camera[0].constraints.max_segments = 2;
    camera[0].constraints.max_segment_size = 512; // 16 segments
    camera.emplace_back();
    camera[1].constraints.max_segments = 2;
    auto& encoder = input.uses[1].alternatives;
    encoder.emplace_back();
    encoder[1].constraints.max_segments = 100;
    encoder[1].constraints.max_segment_size = 512;
    input.sources = {system_heap()};
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    CHECK(output.choices[0].alternatives == std::vector<std::size_t>{1, 0});
    encoder.erase(encoder.begin()); // both ways now merge to the same limits
    CHECK(solved(input).choices.size() == 1);
}

TEST_CASE("packed planes lie where a device that takes no offsets counts them") {
    Input input = image(64, 30, fourcc::nv12);
    input.uses = {use("camera", "isp", Use::capture), use("encoder", "vpu", Use::encode)};
    Constraints& camera = input.uses[0].alternatives[0].constraints;
    Constraints& encoder = input.uses[1].alternatives[0].constraints;
    camera.placements = Placements::of(Placement::packed);
    encoder.height_align = 16;
    input.sources = {system_heap()};
    const Output output = solved(input);
    CHECK(output.choices.empty()); // behind 30 lines for the one, 32 for the other
    const Rejection* found = rejection(output, "dma-heap:system", "height-align");
    REQUIRE(found);
    CHECK_THAT(found->reason, Contains("behind 32 lines") && Contains("height padded to 16 lines"));
    CHECK(found->required_by == Names{"encoder", "camera"});
    input.request.height = 32;
    CHECK(solved(input).choices.size() == 1);
    input.request.height = 30;
    camera.height_align = 2 * 16;
    CHECK(solved(input).choices.size() == 1); // both have 32
    camera.height_align = 1;
    camera.placements = Placements::of(Placement::packed) | Placements::of(Placement::per_plane);
    const Output apart = solved(input);
    REQUIRE(apart.choices.size() == 1);
    CHECK(apart.choices[0].candidate.layout.placement == Placement::per_plane);
}

TEST_CASE("the one combination that fits is found among very many that are liked better") {
    Input input = bytes(4096);
    for (int d = 0; d < 20; ++d) {
        auto device = use("device " + std::to_string(d), "d" + std::to_string(d), Use::read);
        device.alternatives.resize(8);
        for (std::size_t i = 0; i < 8; ++i)
            device.alternatives[i].constraints.tail_padding = 7 - i;
        input.uses.push_back(std::move(device));
    }
    input.uses.push_back(use("narrow", "narrow", Use::write));
    input.uses.back().alternatives[0].constraints.max_size = 4096;
    input.sources = {system_heap()};
    const Output output = solved(input);
    REQUIRE(output.choices.size() == 1);
    std::vector<std::size_t> expected(20, 7);
    expected.push_back(0);
    CHECK(output.choices[0].alternatives == expected);
}

TEST_CASE("twenty devices with eight alternatives each are solved at once") {
    Input input = image(1920, 1080, fourcc::nv12);
    Generator g(7);
    for (int d = 0; d < 20; ++d) {
        auto device = use("device " + std::to_string(d), "d" + std::to_string(d), Use::read);
        device.alternatives.resize(8);
        for (CapabilitySet& set : device.alternatives) {
            set.constraints.stride_align = 1ULL << g.below(9);
            set.constraints.offset_align = g.pick<std::uint64_t>({1, 3, 5, 7, 64, 256, 4096});
            set.constraints.width_align = g.pick<std::uint64_t>({1, 2, 16, 24});
            set.constraints.tail_padding = g.below(4096);
            set.constraints.placements.bits = static_cast<std::uint8_t>(1 + g.below(7));
        }
        input.uses.push_back(std::move(device));
    }
    input.sources = {system_heap(), cma_heap(), udmabuf()};
    // Without pruning there are 8^20 combinations, and the test never ends.
    CHECK(solved(input).choices.size() == 3);
    input.uses[19].alternatives.resize(1);
    input.uses[19].alternatives[0].constraints.max_width = 1000;
    const Output impossible = solved(input);
    CHECK(conflict(impossible) == Names{"max-width: device 19"});
}
