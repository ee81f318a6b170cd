// SPDX-License-Identifier: MIT
// What a request would have to give up so that memory serves it.
#pragma once

#include <simplealloc/layout.h>
#include <simplealloc/remedy.h>

SIMPLEALLOC_BEGIN_C

/// What is given up. simplealloc_relaxation::rank tells which is the least loss.
enum simplealloc_relaxation_kind {
    SIMPLEALLOC_RELAXATION_CROP,       ///< a larger image, of which the wanted part counts
    SIMPLEALLOC_RELAXATION_MODIFIER,   ///< the modifier is left open, or LINEAR
    SIMPLEALLOC_RELAXATION_LEFT_OUT,   ///< what simplealloc_request::without leaves out
    SIMPLEALLOC_RELAXATION_STRICT,     ///< nobody knows whether the uses accept the source
    SIMPLEALLOC_RELAXATION_ANY_DEVICE, ///< memory of a device that the request does not name
    SIMPLEALLOC_RELAXATION_ALPHA,      ///< the format with or without alpha
    SIMPLEALLOC_RELAXATION_PLACEMENT,  ///< each plane is allocated by itself
    SIMPLEALLOC_RELAXATION_FORMAT,     ///< another format, which all uses take
    SIMPLEALLOC_RELAXATION_CPU_ACCESS, ///< the CPU does less
    SIMPLEALLOC_RELAXATION_COUNT,      ///< fewer buffers
    SIMPLEALLOC_RELAXATION_SIZE,       ///< fewer bytes or pixels
    SIMPLEALLOC_RELAXATION_DEVICE,     ///< one use gets a buffer of its own, and the CPU copies
};

/// Kebab-case, e.g. `any-device`; static.
SIMPLEALLOC_API const char*
simplealloc_relaxation_kind_to_string(enum simplealloc_relaxation_kind kind);

/// One offer. It was solved like a request of its own: `source` serves it.
struct simplealloc_relaxation {
    enum simplealloc_relaxation_kind kind; ///< what is given up
    const char* what;                      ///< in words, e.g. `request AR24 instead of XR24`
    /// How it is asked for: all of it together.
    const struct simplealloc_remedy* const* how;
    int64_t rank;                            ///< lower gives up less
    const char* source;                      ///< the first candidate then
    const struct simplealloc_layout* layout; ///< what would be asked of it
    /// With SIMPLEALLOC_RELAXATION_DEVICE: the use with a buffer of its own, and the sources from
    /// which and to which the CPU copies each frame. Else empty.
    /// @{
    const char* party;
    const char* copy_from;
    const char* copy_to;
    /// @}
    uint32_t count; ///< how many buffers it has room for, as many as are asked for then
};

SIMPLEALLOC_END_C
