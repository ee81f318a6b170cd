// SPDX-License-Identifier: MIT
// What would help where something does not serve, as data and in words.
#pragma once

#include <simplealloc/api.h>

SIMPLEALLOC_BEGIN_C

/// What to do. In braces: simplealloc_remedy::arguments.
enum simplealloc_remedy_kind {
    SIMPLEALLOC_REMEDY_ADVICE, ///< {words} of who knows better: a source, a driver, the kernel

    // Of the request.
    SIMPLEALLOC_REMEDY_ORDER,           ///< {source} goes first
    SIMPLEALLOC_REMEDY_LEAVE_OUT,       ///< {source} is not used
    SIMPLEALLOC_REMEDY_LET_IN,          ///< what the caller left out
    SIMPLEALLOC_REMEDY_ANY_DEVICE,      ///< memory of devices that the request does not name
    SIMPLEALLOC_REMEDY_NOT_STRICT,      ///< candidates that rest on an unknown
    SIMPLEALLOC_REMEDY_CPU,             ///< {access} is all that the CPU has
    SIMPLEALLOC_REMEDY_OPEN_MODIFIER,   ///< ask for no modifier
    SIMPLEALLOC_REMEDY_LINEAR,          ///< ask for LINEAR
    SIMPLEALLOC_REMEDY_FORMAT,          ///< ask for {format}
    SIMPLEALLOC_REMEDY_IMAGE_SIZE,      ///< ask for an image of {WIDTHxHEIGHT}
    SIMPLEALLOC_REMEDY_CROP,            ///< ask for {WIDTHxHEIGHT}, of which {WIDTHxHEIGHT} counts
    SIMPLEALLOC_REMEDY_COUNT,           ///< ask for {number} buffers
    SIMPLEALLOC_REMEDY_BYTES,           ///< ask for {number} bytes
    SIMPLEALLOC_REMEDY_LESS,            ///< ask for less
    SIMPLEALLOC_REMEDY_IMAGE,           ///< ask for an image
    SIMPLEALLOC_REMEDY_DRM_FORMAT,      ///< ask for a format that DRM has a code for
    SIMPLEALLOC_REMEDY_ACCEPTED_FORMAT, ///< ask for one of {format…}, which the device takes
    SIMPLEALLOC_REMEDY_OTHER_FORMAT,    ///< ask for another format
    SIMPLEALLOC_REMEDY_OTHER_SIZE,      ///< ask for another size or format
    SIMPLEALLOC_REMEDY_EACH_PLANE,      ///< one request for each plane
    SIMPLEALLOC_REMEDY_APART,           ///< a request for {use} alone, and one without it
    SIMPLEALLOC_REMEDY_COPY,            ///< {use} gets a buffer of its own, and somebody copies
    SIMPLEALLOC_REMEDY_COPY_ONE,        ///< the same for one of the uses
    SIMPLEALLOC_REMEDY_PROTECTED_USE,   ///< name a use that needs protected memory
    SIMPLEALLOC_REMEDY_FEWER_WAYS,      ///< give the devices fewer alternatives and modifiers
    SIMPLEALLOC_REMEDY_BUDGET,          ///< give the plan more budget

    // Of the machine.
    SIMPLEALLOC_REMEDY_ALLOW_IN_ENVIRONMENT, ///< take it out of SIMPLEALLOC_DISABLE
    SIMPLEALLOC_REMEDY_ALLOW_IN_POLICY,      ///< take it off `forbid` in {policy}
    SIMPLEALLOC_REMEDY_SOURCE,               ///< use {source}, which {is so}
    SIMPLEALLOC_REMEDY_OTHER_SOURCE,         ///< use another source
    SIMPLEALLOC_REMEDY_CONTIGUOUS_MEMORY,    ///< use memory in one run
    SIMPLEALLOC_REMEDY_CMA_AREA,       ///< boot with a CMA area, at addresses where that matters
    SIMPLEALLOC_REMEDY_CMA_HEAP,       ///< the same, and a kernel that has the heap of CMA
    SIMPLEALLOC_REMEDY_HEAPS,          ///< a kernel that has heaps or udmabuf
    SIMPLEALLOC_REMEDY_PROTECTED_HEAP, ///< a kernel that has a heap of protected memory
    SIMPLEALLOC_REMEDY_DESCRIBE,       ///< where {it is so}, describe it
    SIMPLEALLOC_REMEDY_QUIRK, ///< where {it is so}, write {entry} into a quirk file, for {row…}
    SIMPLEALLOC_REMEDY_FREE_MEMORY, ///< free memory
    SIMPLEALLOC_REMEDY_REPLUG,      ///< plug something in or out
};

/// Kebab-case, e.g. `any-device`; static.
SIMPLEALLOC_API const char* simplealloc_remedy_kind_to_string(enum simplealloc_remedy_kind kind);

/// One thing that would help.
struct simplealloc_remedy {
    enum simplealloc_remedy_kind kind; ///< what to do
    const char* const* arguments;      ///< what with, see simplealloc_remedy_kind
    const char* text;                  ///< in words
};

SIMPLEALLOC_END_C
