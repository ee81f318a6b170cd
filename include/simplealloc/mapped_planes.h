// SPDX-License-Identifier: MIT
// The planes of an image as the CPU sees them.
#pragma once

#include <simplealloc/layout.h>
#include <simplealloc/mapping.h>

SIMPLEALLOC_BEGIN_C

/// One plane in a CPU's turn. Row i begins at `data` + i * `plane.stride`.
struct simplealloc_plane_view {
    struct simplealloc_plane plane; ///< where it lies in its dma-buf
    void* data;                     ///< all of it, from simplealloc_plane::offset
    size_t size;                    ///< bytes, as simplealloc_plane::size
    /// Of the image; 0 where bytes are in no such order: plain bytes, and every modifier but LINEAR
    /// (tiles, compression).
    size_t rows;
    size_t row_bytes; ///< of pixels in a row, without what pads it to the stride
};

/// The CPU's turn on all dma-bufs of a buffer; see simplealloc_mapping, also for threads.
struct simplealloc_mapped_planes;

/// In the format's order; empty after simplealloc_mapped_planes_finish(), which also ends the life
/// of what was returned before.
SIMPLEALLOC_API const struct simplealloc_plane_view* const*
simplealloc_mapped_planes_get_views(const struct simplealloc_mapped_planes* planes);
/// Ends all turns. Returns the first error, and logs others.
SIMPLEALLOC_API int simplealloc_mapped_planes_finish(struct simplealloc_mapped_planes* planes,
                                                     struct simplealloc_error** error);
/// Ends the turns where they are not over, with no word of an error but in the log; NULL is fine.
SIMPLEALLOC_API void simplealloc_mapped_planes_free(struct simplealloc_mapped_planes* planes);

SIMPLEALLOC_END_C
