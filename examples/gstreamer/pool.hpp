// SPDX-License-Identifier: MIT
// A GstBufferPool of frames that every device of a plan can reach.
#pragma once

#include <gst/gst.h>
#include <simplealloc/simplealloc.hpp>

/// Frames of `plan`, allocated by `allocator`; `memories` makes GstMemory of them. The caller owns
/// the reference. Its configuration must have caps of the plan's size and format.
GstBufferPool* simple_pool_new(const simplealloc::Allocator& allocator,
                               const simplealloc::Plan& plan, GstAllocator* memories);
