// SPDX-License-Identifier: MIT
// The CPU's turn on a dma-buf, bracketed by DMA_BUF_IOCTL_SYNC.
#pragma once

#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

/// Who does what: the CPU in its turn, or a device in its work.
enum simplealloc_access {
    SIMPLEALLOC_ACCESS_READ = 1,       ///< its writes may fault
    SIMPLEALLOC_ACCESS_WRITE = 2,      ///< its reads may be stale
    SIMPLEALLOC_ACCESS_READ_WRITE = 3, ///< both
};

/// The CPU's turn on a dma-buf, ended once, by simplealloc_mapping_finish() or by freeing it. Turns
/// on a buffer nest and overlap; docs/mapping.md. Holds its own reference to the memory: the buffer
/// may be freed first. One mapping is not for two threads at once; several are independent.
struct simplealloc_mapping;

/// The whole dma-buf, at an address that is the same in all turns; `size` may be NULL and gets the
/// bytes. NULL after simplealloc_mapping_finish().
SIMPLEALLOC_API void* simplealloc_mapping_get_data(const struct simplealloc_mapping* mapping,
                                                   size_t* size);
/// Ends the turn, and is over even when it fails.
SIMPLEALLOC_API int simplealloc_mapping_finish(struct simplealloc_mapping* mapping,
                                               struct simplealloc_error** error);
/// Ends the turn where it is not over, with no word of an error but in the log; NULL is fine.
SIMPLEALLOC_API void simplealloc_mapping_free(struct simplealloc_mapping* mapping);

SIMPLEALLOC_END_C
