// SPDX-License-Identifier: MIT
// A wlr_allocator (wlroots 0.15) on libsimplealloc.
#pragma once

#include <simplealloc/simplealloc.h>
#include <wlr/render/allocator.h>

/// Buffers that the CPU draws and the display scans out. `card` is the display's open node; the
/// caller keeps it. Returns NULL, with a line in wlroots' log, where that fails.
struct wlr_allocator* simple_allocator_create(int card);

/// Where the memory of a buffer of such an allocator comes from; lives as long as the buffer.
const char* simple_allocator_source(struct wlr_buffer* buffer);
