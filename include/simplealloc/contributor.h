// SPDX-License-Identifier: MIT
// Who sets a limit, and how that is known.
#pragma once

#include <simplealloc/constraints.h>
#include <simplealloc/fact.h>

SIMPLEALLOC_BEGIN_C

/// One party's share in a merged constraint or in a conflict.
struct simplealloc_contributor {
    const char* party; ///< a use (`/dev/video0 (capture)`), a source, `cpu (read-often)`, `request`
    enum simplealloc_constraint constraint; ///< that it has, e.g. `stride-align`
    const char* value; ///< in words, with unit, e.g. `stride a multiple of 64 bytes`
    enum simplealloc_confidence confidence; ///< how sure it is
    const char* origin;                     ///< see simplealloc_fact; empty when nobody says
};

SIMPLEALLOC_END_C
