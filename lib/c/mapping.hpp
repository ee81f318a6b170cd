// SPDX-License-Identifier: MIT
// The CPU's turns of C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/mapped_planes.h>
#include <simplealloc/mapped_planes.hpp>

struct simplealloc_mapping {
    simplealloc::Mapping mapping;
};

struct simplealloc_mapped_planes {
    explicit simplealloc_mapped_planes(simplealloc::MappedPlanes what);

    simplealloc::MappedPlanes planes;
    simplealloc::c::Arena arena;
    const simplealloc_plane_view* const* views;
    const simplealloc_plane_view* const* none; ///< after its end
};

namespace simplealloc::c {

Access read_access(const simplealloc_access& access);

} // namespace simplealloc::c
