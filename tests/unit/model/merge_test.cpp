// SPDX-License-Identifier: MIT
// The merge: its laws over generated input, and a row for each constraint.
#include "lib/model/merge.hpp"
#include "lib/model/merged.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;

namespace {

using Maybe = std::optional<Constraints>;

Maybe merged(const Maybe& a, const Maybe& b) {
    if (!a || !b)
        return std::nullopt;
    Constraints result = *a;
    if (merge(result, *b))
        return std::nullopt;
    return result;
}

std::set<std::pair<ConstraintKind, std::string>> contributions(const Merged& m) {
    std::set<std::pair<ConstraintKind, std::string>> result;
    for (const auto& c : m.contributions)
        result.emplace(c.kind, c.party);
    return result;
}

/// Two values and what they merge to; no result: they exclude each other.
struct Row {
    ConstraintKind kind;
    std::function<void(Constraints&)> a;
    std::function<void(Constraints&)> b;
    std::function<void(Constraints&)> result;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {ConstraintKind::stride_align, [](auto& c) { c.stride_align = 12; },
         [](auto& c) { c.stride_align = 64; }, [](auto& c) { c.stride_align = 192; }},
        {ConstraintKind::stride_align, [](auto& c) { c.stride_align = 1ULL << 63U; },
         [](auto& c) { c.stride_align = 3; }, nullptr},
        {ConstraintKind::stride_align, [](auto& c) { c.stride_align = 4096; },
         [](auto& c) { c.max_stride = 4000; }, nullptr},
        {ConstraintKind::stride_align, [](auto& c) { c.planes[1].stride_align = 48; },
         [](auto& c) { c.planes[1].stride_align = 32; },
         [](auto& c) { c.planes[1].stride_align = 96; }},
        {ConstraintKind::stride_align, [](auto& c) { c.planes[2].stride_align = 128; },
         [](auto& c) { c.planes[2].max_stride = 127; }, nullptr},
        {ConstraintKind::stride_align, [](auto& c) { c.planes[2].stride_align = 1ULL << 63U; },
         [](auto& c) { c.stride_align = 3; }, nullptr},
        {ConstraintKind::stride_align_pixels, [](auto& c) { c.stride_align_pixels = 32; },
         [](auto& c) { c.stride_align_pixels = 12; }, [](auto& c) { c.stride_align_pixels = 96; }},
        {ConstraintKind::stride_align_pixels, [](auto& c) { c.stride_align_pixels = 1ULL << 63U; },
         [](auto& c) { c.stride_align_pixels = 3; }, nullptr},
        {ConstraintKind::offset_align, [](auto& c) { c.planes[1].offset_align = 4096; },
         [](auto& c) { c.offset_align = 256; },
         [](auto& c) {
             c.planes[1].offset_align = 4096;
             c.offset_align = 256;
         }},
        {ConstraintKind::address_align, [](auto& c) { c.address_align = 65536; },
         [](auto& c) { c.address_align = 3; }, [](auto& c) { c.address_align = 196608; }},
        {ConstraintKind::address_align, [](auto& c) { c.address_align = 1ULL << 32U; },
         [](auto& c) {
             c.min_address = 1;
             c.max_address = 0xffffffff;
         },
         nullptr},
        {ConstraintKind::offset_align, [](auto& c) { c.offset_align = 6; },
         [](auto& c) { c.offset_align = 4; }, [](auto& c) { c.offset_align = 12; }},
        {ConstraintKind::offset_align, [](auto& c) { c.offset_align = 1ULL << 63U; },
         [](auto& c) { c.offset_align = 5; }, nullptr},
        {ConstraintKind::size_align, [](auto& c) { c.size_align = 4096; },
         [](auto& c) { c.size_align = 3; }, [](auto& c) { c.size_align = 12288; }},
        {ConstraintKind::size_align, [](auto& c) { c.size_align = 65536; },
         [](auto& c) { c.max_size = 65535; }, nullptr},
        {ConstraintKind::width_align, [](auto& c) { c.width_align = 16; },
         [](auto& c) { c.width_align = 8; }, [](auto& c) { c.width_align = 16; }},
        {ConstraintKind::height_align, [](auto& c) { c.height_align = 2; },
         [](auto& c) { c.height_align = 3; }, [](auto& c) { c.height_align = 6; }},
        {ConstraintKind::min_stride, [](auto& c) { c.min_stride = 100; },
         [](auto& c) { c.min_stride = 200; }, [](auto& c) { c.min_stride = 200; }},
        {ConstraintKind::min_stride, [](auto& c) { c.min_stride = 101; },
         [](auto& c) { c.max_stride = 100; }, nullptr},
        {ConstraintKind::min_stride, [](auto& c) { c.planes[3].min_stride = 100; },
         [](auto& c) { c.planes[3].min_stride = 50; },
         [](auto& c) { c.planes[3].min_stride = 100; }},
        {ConstraintKind::min_stride, [](auto& c) { c.planes[0].min_stride = 100; },
         [](auto& c) { c.min_stride = 50; }, [](auto& c) { c.min_stride = 100; }},
        {ConstraintKind::min_stride, [](auto& c) { c.planes[0].min_stride = 100; },
         [](auto& c) { c.max_stride = 99; }, nullptr},
        {ConstraintKind::min_width, [](auto& c) { c.min_width = 100; },
         [](auto& c) { c.min_width = 200; }, [](auto& c) { c.min_width = 200; }},
        {ConstraintKind::min_width, [](auto& c) { c.min_width = 100; },
         [](auto& c) { c.max_width = 99; }, nullptr},
        {ConstraintKind::min_height, [](auto& c) { c.min_height = 300; },
         [](auto& c) { c.min_height = 200; }, [](auto& c) { c.min_height = 300; }},
        {ConstraintKind::min_height, [](auto& c) { c.min_height = 100; },
         [](auto& c) { c.max_height = 99; }, nullptr},
        {ConstraintKind::min_size, [](auto& c) { c.planes[1].min_size = 100; },
         [](auto& c) { c.planes[2].min_size = 50; },
         [](auto& c) {
             c.planes[1].min_size = 100;
             c.planes[2].min_size = 50;
         }},
        {ConstraintKind::min_size, [](auto& c) { c.planes[1].min_size = 100; },
         [](auto& c) { c.max_size = 99; }, nullptr},
        {ConstraintKind::min_size, [](auto& c) { c.min_size = 100; },
         [](auto& c) { c.min_size = 50; }, [](auto& c) { c.min_size = 100; }},
        {ConstraintKind::min_size, [](auto& c) { c.min_size = 101; },
         [](auto& c) { c.max_size = 100; }, nullptr},
        {ConstraintKind::tail_padding, [](auto& c) { c.tail_padding = 64; },
         [](auto& c) { c.tail_padding = 32; }, [](auto& c) { c.tail_padding = 64; }},
        {ConstraintKind::max_stride, [](auto& c) { c.max_stride = 64; },
         [](auto& c) { c.max_stride = 32; }, [](auto& c) { c.max_stride = 32; }},
        {ConstraintKind::max_stride, [](auto& c) { c.planes[1].max_stride = 64; },
         [](auto& c) { c.planes[1].max_stride = 32; },
         [](auto& c) { c.planes[1].max_stride = 32; }},
        {ConstraintKind::max_buffers, [](auto& c) { c.max_buffers = 32; },
         [](auto& c) { c.max_buffers = 4; }, [](auto& c) { c.max_buffers = 4; }},
        {ConstraintKind::max_offset, [](auto& c) { c.max_offset = 64; },
         [](auto& c) { c.max_offset = 32; }, [](auto& c) { c.max_offset = 32; }},
        {ConstraintKind::max_size, [](auto& c) { c.max_size = 64; },
         [](auto& c) { c.max_size = 32; }, [](auto& c) { c.max_size = 32; }},
        {ConstraintKind::max_width, [](auto& c) { c.max_width = 640; },
         [](auto& c) { c.max_width = 320; }, [](auto& c) { c.max_width = 320; }},
        {ConstraintKind::max_height, [](auto& c) { c.max_height = 640; },
         [](auto& c) { c.max_height = 320; }, [](auto& c) { c.max_height = 320; }},
        {ConstraintKind::max_segments, [](auto& c) { c.max_segments = 8; },
         [](auto& c) { c.max_segments = 4; }, [](auto& c) { c.max_segments = 4; }},
        {ConstraintKind::max_segment_size, [](auto& c) { c.max_segment_size = 65536; },
         [](auto& c) { c.max_segment_size = 4096; }, [](auto& c) { c.max_segment_size = 4096; }},
        {ConstraintKind::segment_boundary, [](auto& c) { c.segment_boundary = 0xffff; },
         [](auto& c) { c.segment_boundary = 0xffffffff; },
         [](auto& c) { c.segment_boundary = 0xffff; }},
        {ConstraintKind::contiguity, [](auto& c) { c.contiguity = Contiguity::preferred; },
         [](auto& c) { c.contiguity = Contiguity::required; },
         [](auto& c) {
             c.contiguity = Contiguity::required;
             c.max_segments = 1;
         }},
        {ConstraintKind::address_window, [](auto& c) { c.min_address = 0x1000; },
         [](auto& c) {
             c.min_address = 0x10;
             c.max_address = 0x1000;
         },
         [](auto& c) {
             c.min_address = 0x1000;
             c.max_address = 0x1000;
         }},
        {ConstraintKind::address_window, [](auto& c) { c.min_address = 0x1001; },
         [](auto& c) { c.max_address = 0x1000; }, nullptr},
        {ConstraintKind::placement, [](auto& c) { c.placements.bits = 0x3; },
         [](auto& c) { c.placements.bits = 0x6; }, [](auto& c) { c.placements.bits = 0x2; }},
        {ConstraintKind::placement, [](auto& c) { c.placements.bits = 0x1; },
         [](auto& c) { c.placements.bits = 0x6; }, nullptr},
        {ConstraintKind::starts_at_zero, [](auto& c) { c.starts_at_zero = true; },
         [](auto& c) { c.starts_at_zero = false; }, [](auto& c) { c.starts_at_zero = true; }},
        {ConstraintKind::memory_kind, [](auto& c) { c.memory_kinds = 1; }, [](auto&) {},
         [](auto& c) { c.memory_kinds = 1; }},
        {ConstraintKind::memory_kind, [](auto& c) { c.memory_kinds = 1; },
         [](auto& c) { c.memory_kinds = 2; }, nullptr},
        {ConstraintKind::protected_memory, [](auto& c) { c.protected_memory = true; }, [](auto&) {},
         [](auto& c) { c.protected_memory = true; }},
        {ConstraintKind::exporter,
         [](auto& c) {
             c.exporters = {{"b", "a"}};
         },
         [](auto& c) {
             c.exporters = {{"c", "b"}};
         },
         [](auto& c) { c.exporters = {{"b"}}; }},
        {ConstraintKind::exporter, [](auto& c) { c.exporters = {{"a"}}; },
         [](auto& c) { c.exporters = {{"b"}}; }, nullptr},
    };
    return table;
}

} // namespace

TEST_CASE("each constraint merges by its own rule, and names itself when nothing is left") {
    for (const Row& row : rows()) {
        CAPTURE(to_string(row.kind), row.result == nullptr);
        Constraints a;
        Constraints b;
        row.a(a);
        row.b(b);
        for (const auto& [x, y] : {std::pair{a, b}, std::pair{b, a}}) {
            Merged into;
            REQUIRE(!merge(into, x, "x"));
            const Merged before = into;
            const auto failed = merge(into, y, "y");
            if (row.result) {
                Constraints expected;
                row.result(expected);
                REQUIRE(!failed);
                CHECK(into.constraints == expected);
            } else {
                REQUIRE(failed == row.kind);
                CHECK(into.constraints == before.constraints);
                CHECK(into.contributions == before.contributions);
            }
        }
    }
}

TEST_CASE("every merged constraint has a row in the table above") {
    for (unsigned i = 0; i < static_cast<unsigned>(ConstraintKind::format); ++i)
        CHECK(std::any_of(rows().begin(), rows().end(), [&](const Row& row) {
            return row.kind == static_cast<ConstraintKind>(i);
        }));
}

TEST_CASE("contributions name every party that limits a constraint, and nobody else") {
    Constraints aligned;
    aligned.stride_align = 64;
    Constraints weaker;
    weaker.stride_align = 4;
    weaker.max_segments = 1;
    Merged into;
    REQUIRE(!merge(into, aligned, "display"));
    REQUIRE(!merge(into, Constraints{}, "gpu"));
    REQUIRE(!merge(into, weaker, "camera"));
    REQUIRE(!merge(into, weaker, "camera"));
    CHECK(into.parties(ConstraintKind::stride_align) ==
          std::vector<std::string>{"display", "camera"});
    CHECK(into.parties(ConstraintKind::contiguity) == std::vector<std::string>{"camera"});
    CHECK(into.parties(ConstraintKind::max_segments).empty());
    CHECK(into.parties(ConstraintKind::max_stride).empty());
    Constraints narrow;
    narrow.max_stride = 4096;
    REQUIRE(!merge(into, narrow, "encoder"));
    CHECK(into.parties_around(ConstraintKind::stride_align) ==
          std::vector<std::string>{"display", "camera", "encoder"});
}

TEST_CASE("one segment and contiguity required are the same thing") {
    Constraints one_segment;
    one_segment.max_segments = 1;
    Constraints contiguous;
    contiguous.contiguity = Contiguity::required;
    CHECK(normal(one_segment) == normal(contiguous));
    Constraints into;
    REQUIRE(!merge(into, one_segment));
    CHECK(into.contiguity == Contiguity::required);
    CHECK(into.max_segments == 1);
}

TEST_CASE("a limit of one plane is a contribution to the constraint of its name") {
    Constraints chroma;
    chroma.planes[1].stride_align = 128;
    chroma.planes[1].min_size = 4096;
    Merged into;
    REQUIRE(!merge(into, chroma, "encoder"));
    CHECK(into.parties(ConstraintKind::stride_align) == std::vector<std::string>{"encoder"});
    CHECK(into.parties(ConstraintKind::min_size) == std::vector<std::string>{"encoder"});
    CHECK(into.parties(ConstraintKind::offset_align).empty());
    CHECK(into.contributions.size() == 2);
}

TEST_CASE("merging is commutative") {
    for_each_case(20000, [](Generator& g) {
        const Constraints a = random_constraints(g);
        const Constraints b = random_constraints(g);
        REQUIRE(merged(merged(Constraints{}, a), b) == merged(merged(Constraints{}, b), a));
        Merged ab;
        Merged ba;
        if (!merge(ab, a, "a") && !merge(ab, b, "b") && !merge(ba, b, "b") && !merge(ba, a, "a"))
            REQUIRE(contributions(ab) == contributions(ba));
    });
}

TEST_CASE("merging is associative") {
    std::uint64_t all = 0;
    std::uint64_t possible = 0;
    for_each_case(20000, [&](Generator& g) {
        const Constraints a = random_constraints(g);
        const Constraints b = random_constraints(g);
        const Constraints c = random_constraints(g);
        const Maybe left = merged(merged(a, b), c);
        REQUIRE(left == merged(a, merged(b, c)));
        ++all;
        possible += left ? 1 : 0;
    });
    check_share(possible, all, 0.05, 0.95);
}

TEST_CASE("merging is idempotent and has an identity") {
    for_each_case(20000, [](Generator& g) {
        const Constraints a = random_constraints(g);
        const Maybe once = merged(Constraints{}, a);
        REQUIRE(once == merged(a, Constraints{}));
        if (!once)
            return;
        REQUIRE(*once == normal(a));
        REQUIRE(merged(once, a) == once);
        Merged with_names;
        REQUIRE(!merge(with_names, a, "a"));
        const auto names = contributions(with_names);
        REQUIRE(!merge(with_names, a, "a"));
        REQUIRE(contributions(with_names) == names);
    });
}

TEST_CASE("what a merge leaves shapes a layout no less than either side") {
    for_each_case(20000, [](Generator& g) {
        const Constraints a = random_constraints(g);
        const Constraints b = random_constraints(g);
        const Maybe both = merged(a, b);
        if (!both)
            return;
        const Shape strict(*both);
        REQUIRE(implies(strict, Shape(normal(a))));
        REQUIRE(implies(strict, Shape(normal(b))));
        REQUIRE(implies(strict, strict));
        Shape same(normal(a));
        REQUIRE(!merge(same, Shape(normal(b))));
        REQUIRE(same.constraints == strict.constraints);
        REQUIRE(same.limited == strict.limited);
    });
}

TEST_CASE("a third party makes no merge possible that two of them fail") {
    for_each_case(20000, [](Generator& g) {
        const Constraints a = random_constraints(g);
        const Constraints b = random_constraints(g);
        const Constraints c = random_constraints(g);
        if (merged(merged(a, b), c))
            REQUIRE((merged(a, b) && merged(a, c) && merged(b, c)));
    });
}

TEST_CASE("who may export, what is protected and what starts at zero imply each other one way") {
    const auto exporters = [](std::vector<std::string> names) {
        Constraints c;
        c.exporters = std::move(names);
        return c;
    };
    const auto kind = ConstraintKind::exporter;
    CHECK(implies(kind, exporters({"a"}), exporters({"b", "a"})));
    CHECK(implies(kind, exporters({"a"}), {}));
    CHECK_FALSE(implies(kind, exporters({"a", "b"}), exporters({"a"})));
    CHECK_FALSE(implies(kind, {}, exporters({"a"})));

    Constraints zero;
    zero.starts_at_zero = true;
    CHECK(implies(ConstraintKind::starts_at_zero, zero, {}));
    CHECK_FALSE(implies(ConstraintKind::starts_at_zero, {}, zero));
}
