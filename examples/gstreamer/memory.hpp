// SPDX-License-Identifier: MIT
// Buffers of libsimplealloc as GstMemory that elements know as dma-bufs.
#pragma once

#include <gst/gst.h>
#include <memory>
#include <simplealloc/simplealloc.hpp>
#include <vector>

/// A GstAllocator of plain bytes which the CPU writes; what wrap() makes belongs to it, too. The
/// caller owns the reference.
GstAllocator* simple_allocator_new(std::shared_ptr<const simplealloc::Allocator> allocator);

/// A memory for each dma-buf of the buffer, which lives as long as one of them.
std::vector<GstMemory*> simple_allocator_wrap(GstAllocator* allocator, simplealloc::Buffer buffer);

/// The buffer of a memory, or null where it comes from elsewhere.
const simplealloc::Buffer* simple_memory_buffer(GstMemory* memory);
