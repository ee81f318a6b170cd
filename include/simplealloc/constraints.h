// SPDX-License-Identifier: MIT
// What a device needs of memory: every limit that is merged over the devices of a request.
#pragma once

#include <simplealloc/layout.h>

SIMPLEALLOC_BEGIN_C

/// How much a device needs its memory to be one run of addresses.
enum simplealloc_contiguity {
    SIMPLEALLOC_CONTIGUITY_ANY,       ///< it scatters and gathers, or has a translating IOMMU
    SIMPLEALLOC_CONTIGUITY_PREFERRED, ///< nobody knows: contiguous memory ranks first
    SIMPLEALLOC_CONTIGUITY_REQUIRED,  ///< one segment
};

/// How a device gets at an imported buffer.
enum simplealloc_import_path {
    SIMPLEALLOC_IMPORT_PATH_DMA,  ///< attaches and maps it for DMA
    SIMPLEALLOC_IMPORT_PATH_VMAP, ///< its driver copies through a kernel mapping
};

/// Whose memory it is, as bits of simplealloc_constraints::memory_kinds.
enum simplealloc_memory_kind {
    SIMPLEALLOC_MEMORY_KIND_SYSTEM = 1,       ///< RAM
    SIMPLEALLOC_MEMORY_KIND_DEVICE_LOCAL = 2, ///< a device's own, e.g. VRAM
};

/// What a device needs of one plane alone, beyond what simplealloc_constraints says of all; merged
/// in the same way. Bytes. This struct never grows.
struct simplealloc_plane_limits {
    uint64_t stride_align; ///< divisor of its stride
    uint64_t offset_align; ///< divisor of its offset
    uint64_t min_stride;   ///< of plane 0 the same as simplealloc_constraints::min_stride
    uint64_t max_stride;   ///< of plane 0 the same as simplealloc_constraints::max_stride
    uint64_t min_size;     ///< of the dma-buf that holds it (V4L2 sizeimage of a memory plane)
};

/// One device's limits for one way of using a buffer. SIMPLEALLOC_CONSTRAINTS_INIT limits nothing.
/// Bytes unless it says pixels. Divisors are never 0 and need not be powers of two; they are merged
/// to the least common multiple, lower limits to the greatest, upper limits to the least.
struct simplealloc_constraints {
    size_t size; ///< of this struct

    uint64_t stride_align; ///< divisor of each plane's stride
    /// Divisor, in pixels of plane 0: each plane's stride is a multiple of what so many take in it.
    uint64_t stride_align_pixels;
    uint64_t offset_align;  ///< divisor of each plane's offset
    uint64_t size_align;    ///< divisor of each dma-buf's size
    uint64_t address_align; ///< divisor of each dma-buf's first address
    uint64_t width_align;   ///< pixels; the image is padded up to it, the stride with it
    uint64_t height_align;  ///< lines of plane 0; the planes are padded up to it

    uint64_t min_stride;   ///< of plane 0
    uint64_t min_size;     ///< of the first dma-buf (V4L2 sizeimage)
    uint64_t min_width;    ///< pixels
    uint64_t min_height;   ///< pixels
    uint64_t tail_padding; ///< readable bytes wanted behind the last plane

    uint64_t max_stride;       ///< of plane 0
    uint64_t max_offset;       ///< of each plane's offset
    uint64_t max_size;         ///< of a dma-buf
    uint64_t max_width;        ///< pixels
    uint64_t max_height;       ///< pixels
    uint64_t max_segments;     ///< after mapping; 1 is the same as contiguity required
    uint64_t max_segment_size; ///< after mapping
    uint64_t segment_boundary; ///< a segment must not cross a multiple of (this + 1); a mask
    uint64_t max_buffers;      ///< that the device holds at a time (a V4L2 queue: 32)

    enum simplealloc_contiguity contiguity; ///< merged to the strongest
    /// CPU physical addresses that the device reaches without a translating IOMMU; both ends
    /// included; intersected.
    /// @{
    uint64_t min_address;
    uint64_t max_address;
    /// @}

    uint32_t placements;   ///< bits 1 << enum simplealloc_placement; intersected
    bool starts_at_zero;   ///< payload begins at byte 0 of its dma-buf (V4L2 imports); or-ed
    uint32_t memory_kinds; ///< bits of enum simplealloc_memory_kind; intersected
    bool protected_memory; ///< or-ed; such a buffer has no CPU use
    struct simplealloc_plane_limits planes[SIMPLEALLOC_MAX_PLANES]; ///< of single planes, by index
    /// Devices (see simplealloc_device_get_id()) whose memory this one accepts, with NULL behind
    /// the last; NULL: any exporter. Intersected.
    const char* const* exporters;
};

/// Of a plane that is like all others.
#define SIMPLEALLOC_PLANE_LIMITS_INIT                                                              \
    { 1, 1, 0, SIMPLEALLOC_NO_LIMIT, 0 }

/// Limits nothing.
#define SIMPLEALLOC_CONSTRAINTS_INIT                                                               \
    {                                                                                              \
        sizeof(struct simplealloc_constraints), 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,                \
            SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT,                      \
            SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT,                      \
            SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT, SIMPLEALLOC_NO_LIMIT,                      \
            SIMPLEALLOC_CONTIGUITY_ANY, 0, SIMPLEALLOC_NO_LIMIT, 0x7, false, 0x3, false,           \
            {SIMPLEALLOC_PLANE_LIMITS_INIT, SIMPLEALLOC_PLANE_LIMITS_INIT,                         \
             SIMPLEALLOC_PLANE_LIMITS_INIT, SIMPLEALLOC_PLANE_LIMITS_INIT},                        \
            NULL                                                                                   \
    }

/// The name that each limit has in rejections and conflicts.
enum simplealloc_constraint {
    SIMPLEALLOC_CONSTRAINT_STRIDE_ALIGN,        ///< `stride-align`
    SIMPLEALLOC_CONSTRAINT_STRIDE_ALIGN_PIXELS, ///< `stride-align-pixels`
    SIMPLEALLOC_CONSTRAINT_OFFSET_ALIGN,        ///< `offset-align`
    SIMPLEALLOC_CONSTRAINT_SIZE_ALIGN,          ///< `size-align`
    SIMPLEALLOC_CONSTRAINT_ADDRESS_ALIGN,       ///< `address-align`
    SIMPLEALLOC_CONSTRAINT_WIDTH_ALIGN,         ///< `width-align`
    SIMPLEALLOC_CONSTRAINT_HEIGHT_ALIGN,        ///< `height-align`
    SIMPLEALLOC_CONSTRAINT_MIN_STRIDE,          ///< `min-stride`
    SIMPLEALLOC_CONSTRAINT_MIN_SIZE,            ///< `min-size`
    SIMPLEALLOC_CONSTRAINT_MIN_WIDTH,           ///< `min-width`
    SIMPLEALLOC_CONSTRAINT_MIN_HEIGHT,          ///< `min-height`
    SIMPLEALLOC_CONSTRAINT_TAIL_PADDING,        ///< `tail-padding`
    SIMPLEALLOC_CONSTRAINT_MAX_STRIDE,          ///< `max-stride`
    SIMPLEALLOC_CONSTRAINT_MAX_OFFSET,          ///< `max-offset`
    SIMPLEALLOC_CONSTRAINT_MAX_SIZE,            ///< `max-size`
    SIMPLEALLOC_CONSTRAINT_MAX_WIDTH,           ///< `max-width`
    SIMPLEALLOC_CONSTRAINT_MAX_HEIGHT,          ///< `max-height`
    SIMPLEALLOC_CONSTRAINT_MAX_SEGMENTS,        ///< `max-segments`
    SIMPLEALLOC_CONSTRAINT_MAX_SEGMENT_SIZE,    ///< `max-segment-size`
    SIMPLEALLOC_CONSTRAINT_SEGMENT_BOUNDARY,    ///< `segment-boundary`
    SIMPLEALLOC_CONSTRAINT_MAX_BUFFERS,         ///< `max-buffers`
    SIMPLEALLOC_CONSTRAINT_CONTIGUITY,          ///< `contiguity`
    SIMPLEALLOC_CONSTRAINT_ADDRESS_WINDOW,      ///< `address-window`
    SIMPLEALLOC_CONSTRAINT_PLACEMENT,           ///< `placement`
    SIMPLEALLOC_CONSTRAINT_STARTS_AT_ZERO,      ///< `starts-at-zero`
    SIMPLEALLOC_CONSTRAINT_MEMORY_KIND,         ///< `memory-kind`
    SIMPLEALLOC_CONSTRAINT_PROTECTED_MEMORY,    ///< `protected-memory`
    SIMPLEALLOC_CONSTRAINT_EXPORTER,            ///< whose memory the device imports
    SIMPLEALLOC_CONSTRAINT_FORMAT,              ///< fourcc and modifier
    SIMPLEALLOC_CONSTRAINT_ATTACH,              ///< the source's dma-bufs can be attached by others
    SIMPLEALLOC_CONSTRAINT_CPU_ACCESS,          ///< the CPU profile against the source's mapping
    SIMPLEALLOC_CONSTRAINT_REQUEST_SIZE,        ///< the request against what the source can give
    SIMPLEALLOC_CONSTRAINT_QUOTA,               ///< the request against what a quota leaves
    SIMPLEALLOC_CONSTRAINT_SEARCH_LIMIT,        ///< more alternatives than can be tried
    SIMPLEALLOC_CONSTRAINT_ACCESS,              ///< whether this process may use the source
    SIMPLEALLOC_CONSTRAINT_POLICY,              ///< disabled, or of a device nobody named
};

/// Kebab-case, e.g. `address-window`; static.
SIMPLEALLOC_API const char*
simplealloc_constraint_to_string(enum simplealloc_constraint constraint);
/// The constraint with that name; -EINVAL: none has it.
SIMPLEALLOC_API int simplealloc_constraint_parse(const char* text,
                                                 enum simplealloc_constraint* constraint);

SIMPLEALLOC_END_C
