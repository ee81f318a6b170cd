// SPDX-License-Identifier: MIT
// Plans for C.
#pragma once

#include "lib/c/arena.hpp"
#include "lib/c/request.hpp"

#include <simplealloc/plan.h>
#include <simplealloc/plan.hpp>

#include <utility>

struct simplealloc_plan {
    explicit simplealloc_plan(simplealloc::Plan what) : plan(std::move(what)) {}

    struct Parts {
        explicit Parts(const simplealloc::Plan& plan);

        simplealloc::c::Arena arena;
        simplealloc_request request;
        const simplealloc_candidate* const* candidates;
        const simplealloc_rejection* const* rejections;
        const simplealloc_conflict* const* conflicts;
        const simplealloc_relaxation* const* relaxations;
        const simplealloc_quota_state* const* quotas;
    };

    simplealloc::Plan plan;
    simplealloc::c::Lazy<Parts> parts;
};
