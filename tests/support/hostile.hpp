// SPDX-License-Identifier: MIT
// Constraints, formats and requests that nobody in his right mind writes: numbers at the ends of
// their types, limits that exclude themselves, lists that are empty or endless.
#pragma once

#include "tests/support/generator.hpp"

#include <simplealloc/capability_set.hpp>
#include <simplealloc/request.hpp>

#include <limits>
#include <string>
#include <vector>

namespace simplealloc::test {

/// Where products, sums, roundings and conversions go wrong.
inline std::uint64_t absurd_number(Generator& g) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (g.one_in(8))
        return g.next();
    const std::uint64_t power = 1ULL << g.below(64);
    return g.pick<std::uint64_t>({0, 1, 2, 3, 7, 96, 4096, 65537, power, power - 1, power + 1,
                                  0x7fffffff, 0xffffffff, 0x100000000, most / 2, most / 2 + 1,
                                  most - 4095, most - 1, most});
}

/// Each field now and then; `one_in`: how often.
inline Constraints absurd_constraints(Generator& g, std::uint64_t one_in) {
    Constraints c;
    const auto set = [&](auto&... fields) {
        ((g.one_in(one_in) ? void(fields = absurd_number(g)) : void()), ...);
    };
    set(c.stride_align, c.stride_align_pixels, c.offset_align, c.size_align, c.address_align,
        c.width_align, c.height_align);
    set(c.min_stride, c.min_size, c.min_width, c.min_height, c.tail_padding);
    set(c.max_stride, c.max_offset, c.max_size, c.max_width, c.max_height);
    set(c.max_segments, c.max_segment_size, c.segment_boundary, c.min_address, c.max_address);
    for (PlaneLimits& plane : c.planes)
        if (g.one_in(one_in))
            set(plane.stride_align, plane.offset_align, plane.min_stride, plane.max_stride,
                plane.min_size);
    const auto byte = [&] { return static_cast<std::uint8_t>(g.next()); };
    if (g.one_in(one_in))
        c.placements.bits = byte();
    if (g.one_in(one_in))
        c.memory_kinds = byte();
    if (g.one_in(one_in))
        c.contiguity = g.pick({Contiguity::preferred, Contiguity::required});
    c.starts_at_zero = g.one_in(one_in);
    c.protected_memory = g.one_in(4 * one_in);
    if (g.one_in(2 * one_in))
        c.exporters.emplace(g.below(4), g.pick<std::string>({"", "gpu", "described:gpu", "\n"}));
    return c;
}

inline Fourcc absurd_fourcc(Generator& g) {
    const auto code = static_cast<std::uint32_t>(absurd_number(g));
    return g.pick({fourcc::nv12, fourcc::xrgb8888, fourcc::yuv420, fourcc::nv15, fourcc::bytes,
                   fourcc::yuv420_10bit, Fourcc(code)});
}

/// Mostly of the fourcc that is asked for.
inline FormatSupport absurd_format(Generator& g, Fourcc wanted) {
    FormatSupport format{g.one_in(3) ? absurd_fourcc(g) : wanted, {}, !g.one_in(3)};
    for (std::uint64_t i = g.one_in(20) ? g.below(3000) : g.below(4); i > 0; --i)
        format.modifiers.push_back(g.one_in(4) ? 0 : absurd_number(g));
    return format;
}

inline std::vector<CapabilitySet> absurd_sets(Generator& g, std::size_t count, Fourcc wanted) {
    // Wild ones exclude themselves, tame ones each other.
    const std::uint64_t one_in = g.pick<std::uint64_t>({3, 12, 40});
    std::vector<CapabilitySet> sets(count);
    for (CapabilitySet& set : sets) {
        set.constraints = absurd_constraints(g, one_in);
        for (std::uint64_t i = g.one_in(2) ? 0 : g.below(3); i > 0; --i)
            set.formats.push_back(absurd_format(g, wanted));
        set.import_path = g.pick({ImportPath::dma, ImportPath::vmap});
    }
    return sets;
}

inline std::uint32_t absurd_extent(Generator& g) {
    return g.one_in(2) ? static_cast<std::uint32_t>(1 + g.below(5000))
                       : static_cast<std::uint32_t>(absurd_number(g));
}

/// Without uses.
inline RequestBuilder absurd_request(Generator& g) {
    RequestBuilder request =
        g.one_in(4) ? Request::bytes(absurd_number(g))
                    : Request::image(absurd_extent(g), absurd_extent(g), absurd_fourcc(g));
    if (g.one_in(4))
        request.modifier(g.pick({Modifier::named(absurd_number(g)), Modifier::named(0),
                                 Modifier::linear(), Modifier::implicit()}));
    request.cpu(g.pick({CpuAccess::none, CpuAccess::none, CpuAccess::write, CpuAccess::read_rarely,
                        CpuAccess::read_often}));
    request.strict(g.one_in(5)).any_device(g.one_in(5));
    return request;
}

} // namespace simplealloc::test
