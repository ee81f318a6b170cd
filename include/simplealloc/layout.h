// SPDX-License-Identifier: MIT
// Where the pixels of an image lie in its dma-bufs.
#pragma once

#include <simplealloc/format.h>

SIMPLEALLOC_BEGIN_C

/// How many planes an image has at most, and a buffer dma-bufs.
#define SIMPLEALLOC_MAX_PLANES 4

/// One plane. All numbers are bytes. This struct never grows.
struct simplealloc_plane {
    uint32_t dmabuf; ///< index of the dma-buf that holds it
    uint64_t offset; ///< from the start of that dma-buf
    uint64_t stride; ///< from one line to the next; 0 for plain bytes
    /// Stride times lines, without padding; in a layout that is not linear all up to the next
    /// plane.
    uint64_t size;
};

/// How the planes of a buffer are spread over dma-bufs.
enum simplealloc_placement {
    SIMPLEALLOC_PLACEMENT_SINGLE,    ///< all planes in one dma-buf, at any offsets
    SIMPLEALLOC_PLACEMENT_PACKED,    ///< one dma-buf, planes as V4L2's single-planar API has them
    SIMPLEALLOC_PLACEMENT_PER_PLANE, ///< a dma-buf for each plane, each starting at its byte 0
};

/// A complete description of an image in memory.
struct simplealloc_layout {
    size_t size;                          ///< of this struct
    uint32_t width;                       ///< pixels; 0 for plain bytes
    uint32_t height;                      ///< pixels; 0 for plain bytes
    uint32_t fourcc;                      ///< SIMPLEALLOC_FOURCC_BYTES for plain bytes
    struct simplealloc_modifier modifier; ///< how the pixels are arranged; see the _INIT macro
    enum simplealloc_placement placement; ///< how the planes are spread
    uint32_t plane_count;                 ///< how many `planes` are used
    uint32_t dmabuf_count;                ///< how many `dmabuf_sizes` are used
    struct simplealloc_plane planes[SIMPLEALLOC_MAX_PLANES]; ///< in the format's order
    uint64_t dmabuf_sizes[SIMPLEALLOC_MAX_PLANES];           ///< bytes, page-rounded
};

/// Plain bytes, no planes. The modifier is implicit: unless another is set, the device which made
/// the image alone knows how it lies, and nothing takes it for linear. Plain bytes and codes of
/// V4L2 have no modifier, and are linear.
#define SIMPLEALLOC_LAYOUT_INIT                                                                    \
    {                                                                                              \
        sizeof(struct simplealloc_layout), 0, 0, SIMPLEALLOC_FOURCC_BYTES,                         \
            {SIMPLEALLOC_MODIFIER_INVALID, SIMPLEALLOC_MODIFIER_IMPLICIT},                         \
            SIMPLEALLOC_PLACEMENT_PACKED, 0, 0, {{0, 0, 0, 0}}, {                                  \
            0                                                                                      \
        }                                                                                          \
    }

SIMPLEALLOC_END_C
