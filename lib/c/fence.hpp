// SPDX-License-Identifier: MIT
// Fences of C.
#pragma once

#include <simplealloc/fence.h>
#include <simplealloc/fence.hpp>

struct simplealloc_fence {
    simplealloc::Fence fence;
};
