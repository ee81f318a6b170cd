// SPDX-License-Identifier: MIT
// One row for each limit that is a number. What is here is nowhere else: rules, names, words, the
// wire form, the C API, quirk keys and the tool's output are made of it.
#pragma once

#include <simplealloc/constraints.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

// clang-format off
// LIMIT(FIELD, MERGE, PART, UNIT, ENTRY, LEAST, KEY, AGAINST, WHAT, DEMAND)
//   FIELD    of Constraints and of struct simplealloc_constraints, its kind, and with - for _ its name
//   MERGE    divisor: to the least common multiple; at_least: to the greatest; at_most: to the least
//   PART     of_planes: a plane may have a limit of its own in PlaneLimits; of_layout; of_memory: a
//            matter of the source or of the request, not of a layout
//   UNIT     bytes, pixels, lines, segments or buffers
//   ENTRY    its number in the wire form, which is for ever
//   LEAST    the least value that makes sense there
//   KEY      whether a quirk row may say it: key or no_key
//   AGAINST  what it can collide with, see opposed()
//   WHAT, DEMAND  in words, e.g. `stride` `a multiple of 64 bytes`
#define SIMPLEALLOC_LIMITS(LIMIT)                                                                                      \
    LIMIT(stride_align, divisor, of_planes, bytes, 1, 1, key, against_stride, "stride", "a multiple of {} bytes")      \
    LIMIT(stride_align_pixels, divisor, of_layout, pixels, 24, 1, key, against_stride, "stride", "a multiple of {} pixels") \
    LIMIT(offset_align, divisor, of_planes, bytes, 2, 1, key, against_offset, "plane offset", "a multiple of {} bytes") \
    LIMIT(size_align, divisor, of_layout, bytes, 3, 1, key, against_size, "size", "a multiple of {} bytes")            \
    LIMIT(address_align, divisor, of_memory, bytes, 25, 1, key, against_address, "first address", "a multiple of {}")  \
    LIMIT(width_align, divisor, of_layout, pixels, 4, 1, key, against_stride, "width", "padded to {} pixels")          \
    LIMIT(height_align, divisor, of_layout, lines, 5, 1, key, against_size, "height", "padded to {} lines")            \
    LIMIT(min_stride, at_least, of_planes, bytes, 6, 0, no_key, against_stride, "stride", "at least {} bytes")         \
    LIMIT(min_size, at_least, of_planes, bytes, 7, 0, no_key, against_size, "size", "at least {} bytes")               \
    LIMIT(min_width, at_least, of_layout, pixels, 26, 0, no_key, against_width, "width", "at least {} pixels")         \
    LIMIT(min_height, at_least, of_layout, lines, 27, 0, no_key, against_height, "height", "at least {} lines")        \
    LIMIT(tail_padding, at_least, of_layout, bytes, 8, 0, key, against_size, "", "{} bytes behind the last plane")     \
    LIMIT(max_stride, at_most, of_planes, bytes, 9, 1, key, nothing, "stride", "at most {} bytes")                     \
    LIMIT(max_offset, at_most, of_layout, bytes, 28, 0, no_key, against_distance, "plane offsets", "at most {} bytes") \
    LIMIT(max_size, at_most, of_layout, bytes, 10, 1, no_key, nothing, "size", "at most {} bytes")                     \
    LIMIT(max_width, at_most, of_layout, pixels, 11, 1, key, nothing, "width", "at most {} pixels")                    \
    LIMIT(max_height, at_most, of_layout, lines, 12, 1, key, nothing, "height", "at most {} lines")                    \
    LIMIT(max_segments, at_most, of_memory, segments, 13, 1, key, against_segments, "", "at most {} segments")         \
    LIMIT(max_segment_size, at_most, of_memory, bytes, 14, 1, key, nothing, "segments", "of at most {} bytes")         \
    LIMIT(segment_boundary, at_most, of_memory, bytes, 15, 1, no_key, nothing, "segments", "inside a boundary of {}")  \
    LIMIT(max_buffers, at_most, of_memory, buffers, 29, 1, key, nothing, "", "at most {} buffers at a time")

/// What stands in rejections and conflicts beside them, in the order of ConstraintKind.
#define SIMPLEALLOC_OTHER_KINDS(KIND)                                                                                  \
    KIND(contiguity) KIND(address_window) KIND(placement) KIND(starts_at_zero) KIND(memory_kind)                       \
    KIND(protected_memory) KIND(exporter) KIND(format) KIND(attach) KIND(cpu_access) KIND(request_size) KIND(quota)    \
    KIND(search_limit) KIND(access) KIND(policy)
// clang-format on

namespace simplealloc::solver {

/// An identifier with - for _, as names are shown.
template <std::size_t N>
struct Kebab {
    explicit constexpr Kebab(const char (&identifier)[N]) {
        for (std::size_t i = 0; i < N; ++i)
            text[i] = identifier[i] == '_' ? '-' : identifier[i];
    }
    char text[N] = {};
};

/// How two values of a limit merge.
enum class MergeRule : std::uint8_t { divisor, at_least, at_most };

struct LimitRow {
    enum Part : std::uint8_t { of_planes, of_layout, of_memory };
    enum Key : std::uint8_t { no_key, key };

    ConstraintKind kind;
    const char* name;
    const char* field_name;    ///< in C++ and C
    const char* of_plane_name; ///< likewise
    std::uint64_t Constraints::*field;
    std::uint64_t PlaneLimits::*of_plane; ///< null: no plane has one of its own
    MergeRule merge;
    Part part;
    const char* unit;
    std::uint16_t entry;
    std::uint64_t least;
    Key in_quirks;
    const char* what;
    const char* demand;
};

namespace detail {
#define SIMPLEALLOC_NAME(FIELD, ...) inline constexpr Kebab name_of_##FIELD(#FIELD);
SIMPLEALLOC_LIMITS(SIMPLEALLOC_NAME)
SIMPLEALLOC_OTHER_KINDS(SIMPLEALLOC_NAME)
#undef SIMPLEALLOC_NAME
} // namespace detail

#define SIMPLEALLOC_PLANE_FIELD_of_planes(FIELD) &PlaneLimits::FIELD
#define SIMPLEALLOC_PLANE_FIELD_of_layout(FIELD) nullptr
#define SIMPLEALLOC_PLANE_FIELD_of_memory(FIELD) nullptr
#define SIMPLEALLOC_ROW(FIELD, MERGE, PART, UNIT, ENTRY, LEAST, KEY, AGAINST, WHAT, DEMAND)        \
    LimitRow{ConstraintKind::FIELD,                                                                \
             detail::name_of_##FIELD.text,                                                         \
             #FIELD,                                                                               \
             "planes." #FIELD,                                                                     \
             &Constraints::FIELD,                                                                  \
             SIMPLEALLOC_PLANE_FIELD_##PART(FIELD),                                                \
             MergeRule::MERGE,                                                                     \
             LimitRow::PART,                                                                       \
             #UNIT,                                                                                \
             ENTRY,                                                                                \
             LEAST,                                                                                \
             LimitRow::KEY,                                                                        \
             WHAT,                                                                                 \
             DEMAND},

/// In the order of ConstraintKind, which begins with them.
inline constexpr LimitRow limit_rows[] = {SIMPLEALLOC_LIMITS(SIMPLEALLOC_ROW)};

#undef SIMPLEALLOC_ROW
#undef SIMPLEALLOC_PLANE_FIELD_of_planes
#undef SIMPLEALLOC_PLANE_FIELD_of_layout
#undef SIMPLEALLOC_PLANE_FIELD_of_memory

/// Those for which `holds`, as `make` makes them.
template <auto holds, auto make>
constexpr auto made_of_limits() {
    constexpr std::size_t count = [] {
        std::size_t those = 0;
        for (const LimitRow& row : limit_rows)
            those += holds(row) ? 1 : 0;
        return those;
    }();
    std::array<decltype(make(limit_rows[0])), count> all{};
    std::size_t next = 0;
    for (const LimitRow& row : limit_rows)
        if (holds(row))
            all[next++] = make(row);
    return all;
}

} // namespace simplealloc::solver
