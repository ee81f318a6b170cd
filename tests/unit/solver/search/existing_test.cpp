// SPDX-License-Identifier: MIT
// Whether memory that exists suits a use: what it is told where it does not, and whether to move.
#include "lib/model/layout.hpp"
#include "lib/solver/search/existing.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

Layout picture(Fourcc format) {
    return make_layout(format, Modifier::linear(), 64, 16, 0, Placement::packed, {}, 4096).value();
}

std::vector<Criterion> ranks(std::int64_t proven, std::int64_t layout, std::int64_t cpu,
                             std::int64_t policy) {
    return {{CriterionKind::proven, "", proven},
            {CriterionKind::layout, "", layout},
            {CriterionKind::scarcity, "", 7},
            {CriterionKind::cpu_fit, "", cpu},
            {CriterionKind::policy, "", policy}};
}

} // namespace

TEST_CASE("of several ways that do not suit, the one that takes the format is told") {
    const ResolvedRequest request = image(64, 16, fourcc::xrgb8888).request;
    UseInput display = vkms_display();
    display.alternatives.resize(2);
    display.alternatives[0].formats = {{fourcc::nv12, {}, true}};
    display.alternatives[1].constraints.stride_align = 512;
    for (int order = 0; order < 2; ++order) {
        const Suitability found =
            suits(request, display, system_heap(), picture(fourcc::xrgb8888), 4096, ample());
        REQUIRE(found.objections.size() == 1);
        CHECK(found.objections[0].kind == ConstraintKind::stride_align);
        std::swap(display.alternatives[0], display.alternatives[1]);
    }
    display.alternatives.emplace_back();
    CHECK(suits(request, display, system_heap(), picture(fourcc::xrgb8888), 4096, ample())
              .objections.empty());
}

TEST_CASE("a format without a linear layout is in nobody's way but its own") {
    ResolvedRequest request = image(64, 16, fourcc::vuy101010).request;
    Layout layout = picture(fourcc::xrgb8888);
    layout.fourcc = fourcc::vuy101010;
    layout.modifier = Modifier::named(0x0100000000000001);
    const Suitability found = suits(request, vkms_display(), system_heap(), layout, 4096, ample());
    REQUIRE(found.objections.size() == 1);
    CHECK(found.objections[0].kind == ConstraintKind::format);
    CHECK(found.objections[0].by_source);
}

TEST_CASE("one moves for what lasts, and not for what others lose or what is paid once") {
    CHECK(is_better_off(ranks(0, 0, 0, 0), ranks(1, 0, 0, 0)));
    CHECK(is_better_off(ranks(0, 0, 1, 9), ranks(0, 0, 2, 0)));
    CHECK_FALSE(is_better_off(ranks(1, 0, 0, 0), ranks(0, 2, 2, 2)));
    CHECK_FALSE(is_better_off(ranks(0, 0, 0, 0), ranks(0, 0, 0, 5)));
    CHECK_FALSE(is_better_off(ranks(0, 0, 0, 0), ranks(0, 0, 0, 0)));
}
