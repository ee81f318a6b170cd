// SPDX-License-Identifier: MIT
// Constraints from and to C.
#include "lib/c/constraints.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "lib/model/constraint_table.hpp"

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
#define PAIR(FIELD, ...) {&simplealloc_constraints::FIELD, &Constraints::FIELD},
constexpr Pair numbers[] = {SIMPLEALLOC_LIMITS(PAIR) PAIR(min_address) PAIR(max_address)};
#undef PAIR

constexpr std::uint32_t all_memory_kinds =
    SIMPLEALLOC_MEMORY_KIND_SYSTEM | SIMPLEALLOC_MEMORY_KIND_DEVICE_LOCAL;

std::uint8_t read_bits(std::uint32_t bits, std::uint32_t known, const char* argument) {
    if ((bits & ~known) != 0)
        refuse(argument, "has a bit that stands for nothing");
    return static_cast<std::uint8_t>(bits);
}

} // namespace

simplealloc_constraint to_c(ConstraintKind kind) {
    return static_cast<simplealloc_constraint>(kind);
}

ConstraintKind read_constraint(const simplealloc_constraint& constraint) {
    return checked(constraint, ConstraintKind::policy, "constraint");
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
    return to_string(unchecked<ConstraintKind>(constraint)).data();
}

int simplealloc_constraint_parse(const char* text, simplealloc_constraint* constraint) {
    return guarded(nullptr, [&] {
        const auto kind = parse_constraint_kind(&need(text, "text"));
        if (!kind)
            refuse("text", "names none");
        need(constraint, "constraint") = c::to_c(*kind);
    });
}
