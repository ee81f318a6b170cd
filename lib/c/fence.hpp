// SPDX-License-Identifier: MIT
// Fences of C.
#pragma once

#include <simplealloc/fence.h>
#include <simplealloc/fence.hpp>

struct simplealloc_fence {
    simplealloc::Fence fence;
};

namespace simplealloc::c {

inline simplealloc_pollable to_c(const Pollable& pollable) {
    return {pollable.fd, pollable.events};
}

} // namespace simplealloc::c
