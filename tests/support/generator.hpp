// SPDX-License-Identifier: MIT
// Deterministic random input for laws that must hold for everything.
#pragma once

#include <simplealloc/constraints.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace simplealloc::test {

/// splitmix64: the same sequence on every machine.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    std::uint64_t below(std::uint64_t end) { return next() % end; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    template <typename T>
    T pick(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }

private:
    std::uint64_t state_;
};

inline PlaneLimits random_plane_limits(Generator& g) {
    PlaneLimits limits;
    if (g.one_in(3))
        limits.stride_align = g.pick<std::uint64_t>({0, 1, 3, 16, 128});
    if (g.one_in(3))
        limits.offset_align = g.pick<std::uint64_t>({0, 1, 5, 64, 4096});
    if (g.one_in(4))
        limits.min_stride = g.below(2000);
    if (g.one_in(4))
        limits.max_stride = g.below(6000);
    if (g.one_in(4))
        limits.min_size = g.below(500000);
    return limits;
}

/// Each field is limited now and then, so that most sets can be satisfied and some can't.
inline Constraints random_constraints(Generator& g) {
    Constraints c;
    if (g.one_in(3))
        c.stride_align = g.pick<std::uint64_t>({0, 1, 2, 3, 8, 12, 32, 64, 96, 256, 1ULL << 63U});
    if (g.one_in(8))
        c.stride_align_pixels = g.pick<std::uint64_t>({0, 1, 2, 3, 16, 64});
    if (g.one_in(4))
        c.offset_align = g.pick<std::uint64_t>({1, 4, 7, 256, 4096});
    if (g.one_in(4))
        c.size_align = g.pick<std::uint64_t>({1, 3, 512, 4096, 65536});
    if (g.one_in(8))
        c.address_align = g.pick<std::uint64_t>({1, 256, 4096, 65536});
    if (g.one_in(4))
        c.width_align = g.pick<std::uint64_t>({1, 2, 5, 16, 64});
    if (g.one_in(4))
        c.height_align = g.pick<std::uint64_t>({1, 2, 3, 16});
    if (g.one_in(4))
        c.min_stride = g.below(3000);
    if (g.one_in(6))
        c.min_size = g.below(1000000);
    if (g.one_in(20))
        c.min_width = g.below(500);
    if (g.one_in(20))
        c.min_height = g.below(500);
    if (g.one_in(6))
        c.tail_padding = g.below(5000);
    if (g.one_in(4))
        c.max_stride = g.below(9000);
    if (g.one_in(12))
        c.max_offset = g.below(2000000);
    if (g.one_in(8))
        c.max_size = g.below(3000000);
    if (g.one_in(10))
        c.max_width = g.below(2000);
    if (g.one_in(10))
        c.max_height = g.below(2000);
    if (g.one_in(6))
        c.max_segments = g.pick<std::uint64_t>({1, 2, 64, 100000});
    if (g.one_in(8))
        c.max_segment_size = g.pick<std::uint64_t>({4096, 65536, 1ULL << 30U});
    if (g.one_in(8))
        c.segment_boundary = g.pick<std::uint64_t>({0xffff, 0xffffffff});
    if (g.one_in(8))
        c.max_buffers = g.pick<std::uint64_t>({1, 4, 32});
    c.contiguity =
        g.pick({Contiguity::any, Contiguity::any, Contiguity::preferred, Contiguity::required});
    if (g.one_in(5))
        c.min_address = g.below(1ULL << 33U);
    if (g.one_in(5))
        c.max_address = g.below(1ULL << 40U);
    if (g.one_in(4))
        c.placements.bits = static_cast<std::uint8_t>(1 + g.below(7));
    for (PlaneLimits& plane : c.planes)
        if (g.one_in(12))
            plane = random_plane_limits(g);
    c.starts_at_zero = g.one_in(4);
    if (g.one_in(6))
        c.memory_kinds = static_cast<std::uint8_t>(1 + g.below(3));
    c.protected_memory = g.one_in(8);
    if (g.one_in(5)) {
        c.exporters.emplace();
        for (const char* id : {"gpu", "camera", "display"})
            if (g.one_in(2))
                c.exporters->push_back(id);
    }
    return c;
}

} // namespace simplealloc::test
