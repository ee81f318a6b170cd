// SPDX-License-Identifier: MIT
// The entries of the wire form that are one number each, and what their values may be.
#pragma once

#include "lib/share/wire/bytes.hpp"

#include <simplealloc/capability_set.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace simplealloc::wire {

inline constexpr std::string_view magic = "SACS";

/// Flags of a format.
inline constexpr std::uint32_t takes_without_modifier = 1;

/// The numbers are for ever: one that is given up is not given to another entry.
enum class Entry : std::uint16_t {
    stride_align = 1,
    offset_align = 2,
    size_align = 3,
    width_align = 4,
    height_align = 5,
    min_stride = 6,
    min_size = 7,
    tail_padding = 8,
    max_stride = 9,
    max_size = 10,
    max_width = 11,
    max_height = 12,
    max_segments = 13,
    max_segment_size = 14,
    segment_boundary = 15,
    contiguity = 16,
    min_address = 17,
    max_address = 18,
    placements = 19,
    starts_at_zero = 20,
    memory_kinds = 21,
    protected_memory = 22,
    import_path = 23,
    stride_align_pixels = 24,
    address_align = 25,
    min_width = 26,
    min_height = 27,
    max_offset = 28,
    max_buffers = 29,
    exporters = 64,
    format = 65,
    evidence = 66,
    label = 67,
    plane = 68,
};

/// What travels of one plane's limits, in this order, each as a 64-bit number.
struct PlaneNumber {
    const char* name;
    std::uint64_t PlaneLimits::*field;
    std::uint64_t least;
};
inline constexpr PlaneNumber plane_numbers[] = {
    {"planes.stride_align", &PlaneLimits::stride_align, 1},
    {"planes.offset_align", &PlaneLimits::offset_align, 1},
    {"planes.min_stride", &PlaneLimits::min_stride, 0},
    {"planes.max_stride", &PlaneLimits::max_stride, 1},
    {"planes.min_size", &PlaneLimits::min_size, 0},
};

/// A field of CapabilitySet that travels as a 64-bit number.
struct NumberEntry {
    Entry entry;
    const char* name; ///< the field's
    std::uint64_t (*get)(const CapabilitySet&);
    void (*set)(CapabilitySet&, std::uint64_t);
    std::uint64_t least;
    std::uint64_t most;
};

/// In the order in which they are written.
std::span<const NumberEntry> number_entries();

} // namespace simplealloc::wire
