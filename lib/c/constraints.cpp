// SPDX-License-Identifier: MIT
// Constraints from and to C.
#include "lib/c/constraints.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/numbering.hpp"

#include <algorithm>
#include <iterator>

static_assert(SIMPLEALLOC_NO_LIMIT == simplealloc::no_limit);

namespace simplealloc::c {

namespace {

struct Pair {
    std::uint64_t simplealloc_constraints::*c;
    std::uint64_t Constraints::*cpp;
};

/// The fields that are plain numbers.
constexpr Pair numbers[] = {
    {&simplealloc_constraints::stride_align, &Constraints::stride_align},
    {&simplealloc_constraints::stride_align_pixels, &Constraints::stride_align_pixels},
    {&simplealloc_constraints::offset_align, &Constraints::offset_align},
    {&simplealloc_constraints::size_align, &Constraints::size_align},
    {&simplealloc_constraints::address_align, &Constraints::address_align},
    {&simplealloc_constraints::width_align, &Constraints::width_align},
    {&simplealloc_constraints::height_align, &Constraints::height_align},
    {&simplealloc_constraints::min_stride, &Constraints::min_stride},
    {&simplealloc_constraints::min_size, &Constraints::min_size},
    {&simplealloc_constraints::min_width, &Constraints::min_width},
    {&simplealloc_constraints::min_height, &Constraints::min_height},
    {&simplealloc_constraints::tail_padding, &Constraints::tail_padding},
    {&simplealloc_constraints::max_stride, &Constraints::max_stride},
    {&simplealloc_constraints::max_offset, &Constraints::max_offset},
    {&simplealloc_constraints::max_size, &Constraints::max_size},
    {&simplealloc_constraints::max_width, &Constraints::max_width},
    {&simplealloc_constraints::max_height, &Constraints::max_height},
    {&simplealloc_constraints::max_segments, &Constraints::max_segments},
    {&simplealloc_constraints::max_segment_size, &Constraints::max_segment_size},
    {&simplealloc_constraints::segment_boundary, &Constraints::segment_boundary},
    {&simplealloc_constraints::max_buffers, &Constraints::max_buffers},
    {&simplealloc_constraints::min_address, &Constraints::min_address},
    {&simplealloc_constraints::max_address, &Constraints::max_address},
};

constexpr Numbering<ConstraintKind, std::size_t{SIMPLEALLOC_CONSTRAINT_QUOTA} + 1, 2>
    kinds(std::array{ConstraintKind::max_buffers, ConstraintKind::quota});

constexpr std::uint32_t all_memory_kinds =
    SIMPLEALLOC_MEMORY_KIND_SYSTEM | SIMPLEALLOC_MEMORY_KIND_DEVICE_LOCAL;

std::uint8_t read_bits(std::uint32_t bits, std::uint32_t known, const char* argument) {
    if ((bits & ~known) != 0)
        refuse(argument, "has a bit that stands for nothing");
    return static_cast<std::uint8_t>(bits);
}

} // namespace

simplealloc_constraint to_c(ConstraintKind kind) {
    return static_cast<simplealloc_constraint>(kinds.number(kind));
}

ConstraintKind read_constraint(const simplealloc_constraint& constraint) {
    return kinds.kind(checked(constraint, SIMPLEALLOC_CONSTRAINT_QUOTA, "constraint"));
}

simplealloc_constraints to_c(const Constraints& constraints, Arena& arena) {
    simplealloc_constraints out = SIMPLEALLOC_CONSTRAINTS_INIT;
    for (const Pair& number : numbers)
        out.*number.c = constraints.*number.cpp;
    out.contiguity = static_cast<simplealloc_contiguity>(constraints.contiguity);
    out.placements = constraints.placements.bits;
    out.starts_at_zero = constraints.starts_at_zero;
    out.memory_kinds = constraints.memory_kinds;
    out.protected_memory = constraints.protected_memory;
    std::transform(constraints.planes.begin(), constraints.planes.end(), std::begin(out.planes),
                   [](const PlaneLimits& plane) {
                       return simplealloc_plane_limits{plane.stride_align, plane.offset_align,
                                                       plane.min_stride, plane.max_stride,
                                                       plane.min_size};
                   });
    out.exporters = constraints.exporters ? arena.texts(*constraints.exporters) : nullptr;
    return out;
}

Constraints read_constraints(const simplealloc_constraints* constraints) {
    const auto given = read_struct(
        constraints, simplealloc_constraints SIMPLEALLOC_CONSTRAINTS_INIT, "constraints");
    Constraints out;
    for (const Pair& number : numbers)
        out.*number.cpp = given.*number.c;
    out.contiguity = checked(given.contiguity, Contiguity::required, "contiguity");
    out.placements.bits = read_bits(given.placements, Placements::all().bits, "placements");
    out.starts_at_zero = flag(given.starts_at_zero, "starts_at_zero");
    out.memory_kinds = read_bits(given.memory_kinds, all_memory_kinds, "memory_kinds");
    out.protected_memory = flag(given.protected_memory, "protected_memory");
    std::transform(std::begin(given.planes), std::end(given.planes), out.planes.begin(),
                   [](const simplealloc_plane_limits& plane) {
                       return PlaneLimits{plane.stride_align, plane.offset_align, plane.min_stride,
                                          plane.max_stride, plane.min_size};
                   });
    if (given.exporters != nullptr)
        out.exporters = texts(given.exporters);
    return out;
}

} // namespace simplealloc::c

using namespace simplealloc;
using namespace simplealloc::c;

const char* simplealloc_constraint_to_string(simplealloc_constraint constraint) {
    return to_string(c::kinds.kind(unchecked<std::size_t>(constraint))).data();
}

int simplealloc_constraint_parse(const char* text, simplealloc_constraint* constraint) {
    return guarded(nullptr, [&] {
        const auto kind = parse_constraint_kind(&need(text, "text"));
        if (!kind)
            refuse("text", "names none");
        need(constraint, "constraint") = c::to_c(*kind);
    });
}
