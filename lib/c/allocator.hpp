// SPDX-License-Identifier: MIT
// Allocators of C.
#pragma once

#include <simplealloc/allocator.h>
#include <simplealloc/allocator.hpp>

struct simplealloc_allocator {
    simplealloc::Allocator allocator;
};
