// SPDX-License-Identifier: MIT
// What an allocator has given and refused.
#pragma once

#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

/// How often something failed for one reason.
struct simplealloc_failure_count {
    enum simplealloc_cause cause; ///< why
    uint64_t count;               ///< how often
};

/// Of one source, or of all together, since the allocator was opened. Adopted buffers count
/// nowhere, and a buffer lives until it is freed or released.
struct simplealloc_source_stats {
    const char* source;    ///< e.g. `dma-heap:system`; empty for all together
    uint64_t bytes;        ///< of living buffers
    uint64_t peak_bytes;   ///< most at once
    uint64_t buffers;      ///< alive
    uint64_t peak_buffers; ///< most at once
    uint64_t allocations;  ///< buffers that were handed out
    uint64_t fallbacks;    ///< of these, after other candidates of the plan had failed
    /// Test imports into devices; see simplealloc_verification.
    /// @{
    uint64_t imports_passed;
    uint64_t imports_refused;
    uint64_t imports_untested;
    /// @}
    /// Of a source: tries that failed. Of all together: allocations that failed since every
    /// candidate had. Never 0.
    const struct simplealloc_failure_count* const* failures;
};

/// Numbers of one moment.
struct simplealloc_stats {
    const struct simplealloc_source_stats* total;          ///< over all sources
    const struct simplealloc_source_stats* const* sources; ///< those ever tried, by their names
    const char* json; ///< the same as the command `simplealloc alloc --stats --json` writes them
};

/// Frees the numbers; NULL is fine.
SIMPLEALLOC_API void simplealloc_stats_free(struct simplealloc_stats* stats);

SIMPLEALLOC_END_C
