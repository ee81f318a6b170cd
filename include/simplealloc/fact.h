// SPDX-License-Identifier: MIT
// A thing that is known about a device or a source, and how it is known.
#pragma once

#include <simplealloc/api.h>

SIMPLEALLOC_BEGIN_C

/// How sure a fact is.
enum simplealloc_confidence {
    SIMPLEALLOC_CONFIDENCE_KNOWN,   ///< the kernel or the caller said so
    SIMPLEALLOC_CONFIDENCE_ASSUMED, ///< a default for this class of device, or a hint
    SIMPLEALLOC_CONFIDENCE_UNKNOWN, ///< nobody said: never satisfies a requirement
};

/// `known`, `assumed` or `unknown`; static.
SIMPLEALLOC_API const char*
simplealloc_confidence_to_string(enum simplealloc_confidence confidence);

/// One thing that is known, and how.
struct simplealloc_fact {
    const char* name;                       ///< kebab-case, e.g. `dma-mask-bits`
    const char* value;                      ///< with unit where there is one
    enum simplealloc_confidence confidence; ///< how sure it is
    const char* origin; ///< sysfs path, ioctl, `quirk FILE [SECTION]`, `caller`, `default for …`
};

SIMPLEALLOC_END_C
