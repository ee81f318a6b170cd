// SPDX-License-Identifier: MIT
// Sources that lay images out themselves: which modifiers they may pick from, and when.
#include "lib/model/layout.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

using Modifiers = std::vector<std::uint64_t>;
using Names = std::vector<std::string>;

SourceInput gbm(const std::string& device = "gpu") {
    SourceInput result = source("gbm:renderD128", OfferContiguity::device_domain);
    result.offer.device = device;
    result.offer.caching = CpuCaching::unknown;
    result.offer.own_layout = true;
    result.offer.layout_exact = false;
    result.offer.side_effect = SideEffect::loads_driver;
    return result;
}

UseInput gpu(Use what, Modifiers modifiers = {}, bool without = true) {
    UseInput result = use("gpu (" + std::string(to_string(what)) + ")", "gpu", what);
    if (!modifiers.empty())
        result.alternatives[0].formats = {{fourcc::xrgb8888, std::move(modifiers), without}};
    return result;
}

UseInput display(Modifiers modifiers, bool without = true) {
    UseInput result = use("display", "kms", Use::scanout);
    result.alternatives[0].formats = {{fourcc::xrgb8888, std::move(modifiers), without}};
    return result;
}

Input draw(std::vector<UseInput> uses) {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = std::move(uses);
    input.sources = {gbm(), system_heap()};
    return input;
}

const Choice& by_gbm(const Output& output) {
    const auto found = std::find_if(output.choices.begin(), output.choices.end(),
                                    [](const Choice& c) { return c.candidate.backend == "gbm"; });
    REQUIRE(found != output.choices.end());
    return *found;
}

} // namespace

TEST_CASE("modifiers are what all uses take, in the order of the source's own device") {
    const Output output =
        solved(draw({display({5, 3, 7, 0}), gpu(Use::render, {9, 7, 5, 0}, false)}));
    const Choice& choice = by_gbm(output);
    CHECK(choice.modifiers == Modifiers{7, 5, 0});
    CHECK(choice.candidate.layout.modifier == Modifier::named(7));
    CHECK(choice.explicit_modifier);
    CHECK_FALSE(choice.candidate.exact);
    CHECK(candidates(output) == Names{"gbm:renderD128", "dma-heap:system"});
}

TEST_CASE("linear comes last, wherever a device lists it") {
    const Output output = solved(draw({gpu(Use::scanout, {0, 4, 2})}));
    CHECK(by_gbm(output).modifiers == Modifiers{4, 2, 0});
}

TEST_CASE("a GPU that lists nothing is not asked for tilings of another device") {
    const Output output = solved(draw({gpu(Use::render), display({5, 3, 0})}));
    CHECK(by_gbm(output).modifiers == Modifiers{0});
    CHECK_FALSE(by_gbm(output).explicit_modifier);

    UseInput renderer = gpu(Use::render, {0});
    renderer.alternatives.emplace_back(); // whatever its driver makes
    const Output listed = solved(draw({std::move(renderer), display({5, 3, 0})}));
    CHECK(by_gbm(listed).modifiers == Modifiers{0});
}

TEST_CASE("a GPU that lists nothing draws with what its own display lists") {
    const Output output = solved(draw({gpu(Use::render), gpu(Use::scanout, {5, 3, 0})}));
    CHECK(by_gbm(output).modifiers == Modifiers{5, 3, 0});
}

TEST_CASE("a tiling that the caller asks for is asked of the GPU") {
    Input input = draw({gpu(Use::render), display({5, 3, 0})});
    input.request.modifier = Modifier::named(3);
    CHECK(by_gbm(solved(input)).modifiers == Modifiers{3});
}

TEST_CASE("a device that lists nothing and does not draw takes linear only") {
    const Output output = solved(draw({gpu(Use::scanout), display({5, 0})}));
    CHECK(by_gbm(output).modifiers == Modifiers{0});
    CHECK(by_gbm(output).candidate.layout.modifier.is_linear());
    CHECK(candidates(output) == Names{"dma-heap:system", "gbm:renderD128"});
}

TEST_CASE("without a common modifier there is no layout, and the reason is a use's") {
    const Output output = solved(draw({gpu(Use::render, {5}, false), display({3}, false)}));
    CHECK(output.choices.empty());
    const Rejection* rejected = rejection(output, "gbm:renderD128", "format");
    REQUIRE(rejected != nullptr);
    CHECK_THAT(rejected->reason, Catch::Contains("only with other modifiers than LINEAR"));
}

TEST_CASE("an implicit layout never leaves its device") {
    SECTION("drawn and shown by one device that knows no modifiers") {
        UseInput shown = use("gpu (scanout)", "gpu", Use::scanout);
        shown.alternatives[0].formats = {{fourcc::xrgb8888, {}, true}};
        const Output output = solved(draw({gpu(Use::render), shown}));
        CHECK(by_gbm(output).candidate.layout.modifier == Modifier::implicit());
        CHECK(by_gbm(output).modifiers.empty());
        CHECK(candidates(output)[0] == "gbm:renderD128");
    }
    SECTION("another device reads it") {
        const Output output = solved(draw({gpu(Use::render), vkms_display()}));
        CHECK(by_gbm(output).candidate.layout.modifier.is_linear());
    }
    SECTION("the CPU reads it") {
        Input input = draw({gpu(Use::render)});
        input.request.cpu = CpuAccess::read_rarely;
        CHECK(by_gbm(solved(input)).candidate.layout.modifier.is_linear());
    }
    SECTION("nobody draws it") {
        const Output output = solved(draw({gpu(Use::scanout)}));
        CHECK(by_gbm(output).candidate.layout.modifier.is_linear());
    }
    SECTION("a use names its modifiers") {
        const Output output = solved(draw({gpu(Use::render), gpu(Use::scanout, {0}, false)}));
        CHECK(by_gbm(output).modifiers == Modifiers{0});
        CHECK(by_gbm(output).explicit_modifier);
    }
}

TEST_CASE("a modifier that the request names is the only one, and is named") {
    Input input = draw({gpu(Use::render), display({5, 3, 0})});
    input.request.modifier = Modifier::named(3);
    const Output output = solved(input);
    CHECK(candidates(output) == Names{"gbm:renderD128"});
    CHECK(by_gbm(output).modifiers == Modifiers{3});
    CHECK(by_gbm(output).explicit_modifier);
    input.request.modifier = Modifier::named(4);
    CHECK(solved(input).choices.empty());
    input.request.modifier = Modifier::linear();
    CHECK_FALSE(by_gbm(solved(input)).explicit_modifier);
}

TEST_CASE("the CPU reads linear images only") {
    Input input = draw({gpu(Use::render, {5, 0}, true)});
    input.request.cpu = CpuAccess::write;
    CHECK(by_gbm(solved(input)).modifiers == Modifiers{0});
}

TEST_CASE("the modifiers offered are those that one alternative of each use takes") {
    UseInput codec = use("codec", "codec", Use::decode);
    codec.alternatives = {{}, {}};
    codec.alternatives[0].formats = {{fourcc::xrgb8888, {5}, false}};
    codec.alternatives[1].formats = {{fourcc::xrgb8888, {3, 0}, true}};
    const Output output = solved(draw({gpu(Use::sample, {3, 5, 0}), codec}));
    CHECK(by_gbm(output).modifiers == Modifiers{3, 0});
    CHECK(by_gbm(output).alternatives == std::vector<std::size_t>{0, 1});
}

TEST_CASE("plain bytes have no layout of their own") {
    Input input = bytes(4096);
    input.sources = {gbm()};
    CHECK(rejection(solved(input), "gbm:renderD128", "format") != nullptr);
}

TEST_CASE("a driver that is loaded anyway is no side effect") {
    const auto effect = [](const Output& output) {
        return by_gbm(output).candidate.criteria[4].rank;
    };
    CHECK(effect(solved(draw({gpu(Use::scanout, {0})}))) == 2);
    CHECK(effect(solved(draw({gpu(Use::render, {0})}))) == 0);
}

TEST_CASE("dumb buffers are better than a GPU's where nobody draws") {
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {closed_display("virtio")};
    input.sources = {gbm("virtio"), dumb("card0", "virtio")};
    CHECK(candidates(solved(input)) == Names{"drm-dumb:card0", "gbm:renderD128"});
}

TEST_CASE("the real layout of a tiled image is not held to the rules of lines") {
    Layout layout;
    layout.width = 640;
    layout.height = 480;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = Modifier::named(7);
    layout.placement = Placement::single;
    layout.planes = {{0, 0, 128, 65536}, {0, 65536, 32, 4096}};
    layout.dmabuf_sizes = {69632};
    Constraints limits;
    limits.stride_align = 192;
    limits.min_stride = 2560;
    limits.height_align = 16;
    CHECK(check_layout(layout, limits));
    layout.modifier = Modifier::linear();
    CHECK_FALSE(check_layout(layout, limits));
    layout.modifier = Modifier::implicit();
    CHECK(check_layout(layout, limits));

    const auto broken = [&](auto change) {
        Layout other = layout;
        Constraints others;
        change(other, others);
        const auto checked = check_layout(other, others);
        return checked ? std::string() : checked.error().object;
    };
    CHECK(broken([](Layout& l, Constraints&) { l.planes.clear(); }) == "format");
    CHECK(broken([](Layout& l, Constraints&) { l.planes[1].dmabuf = 1; }) == "placement");
    CHECK(broken([](Layout& l, Constraints&) { l.planes[1].size = 8192; }) == "min-size");
    CHECK(broken([](Layout&, Constraints& c) { c.max_size = 4096; }) == "max-size");
    CHECK(broken([](Layout&, Constraints& c) { c.max_width = 320; }) == "max-width");
    CHECK(broken([](Layout& l, Constraints& c) {
              l.planes[0].offset = 64;
              l.planes[0].size = 64;
              c.starts_at_zero = true;
          }) == "starts-at-zero");
    CHECK(broken([](Layout&, Constraints& c) {
              c.placements = Placements::of(Placement::per_plane);
          }) == "placement");
}
