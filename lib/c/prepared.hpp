// SPDX-License-Identifier: MIT
// Prepared plans of C.
#pragma once

#include "lib/c/plan.hpp"

#include <simplealloc/prepared.h>
#include <simplealloc/prepared.hpp>

struct simplealloc_prepared {
    explicit simplealloc_prepared(simplealloc::Prepared what)
        : prepared(std::move(what)), plan(prepared.plan()) {}

    simplealloc::Prepared prepared;
    simplealloc_plan plan;
};

namespace simplealloc::c {

/// Of NULL: the defaults.
AllocateOptions read_options(const simplealloc_allocate_options* options);

} // namespace simplealloc::c
