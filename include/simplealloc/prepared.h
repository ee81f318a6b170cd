// SPDX-License-Identifier: MIT
// A plan held ready to be allocated from again and again.
#pragma once

#include <simplealloc/buffer.h>

SIMPLEALLOC_BEGIN_C

/// Settings for one allocation, or for all of a simplealloc_prepared.
struct simplealloc_allocate_options {
    size_t size; ///< of this struct
    /// Imports the fresh buffer into every device of the request that can be tested without
    /// disturbing anyone.
    bool verify;
    /// Also borrows V4L2 capture queues that nobody owns for it; formats are put back.
    bool borrow_idle_queues;
};

/// Verifies, and borrows no queues; what NULL stands for.
#define SIMPLEALLOC_ALLOCATE_OPTIONS_INIT                                                          \
    { sizeof(struct simplealloc_allocate_options), true, false }

/// Allocates from one plan any number of times, with as few system calls as the kernel's interface
/// allows. Opens a source when it is first needed, and keeps it open. It may outlive its allocator,
/// and buffers may outlive it. Thread-safe; allocations from one source wait for each other.
struct simplealloc_prepared;

/// As simplealloc_allocator_allocate(). Fails with gone where a device of the request has gone.
SIMPLEALLOC_API int simplealloc_prepared_allocate(const struct simplealloc_prepared* prepared,
                                                  struct simplealloc_buffer** buffer,
                                                  struct simplealloc_error** error);
/// What it allocates from; lives as long as it does.
SIMPLEALLOC_API const struct simplealloc_plan*
simplealloc_prepared_get_plan(const struct simplealloc_prepared* prepared);
/// Closes its sources; NULL is fine.
SIMPLEALLOC_API void simplealloc_prepared_free(struct simplealloc_prepared* prepared);

SIMPLEALLOC_END_C
