// SPDX-License-Identifier: MIT
// Whether a buffer that exists serves one more use, and what to do where it does not.
#pragma once

#include <simplealloc/buffer.h>

SIMPLEALLOC_BEGIN_C

/// What a late use of a buffer calls for.
enum simplealloc_verdict {
    SIMPLEALLOC_VERDICT_KEEP,         ///< it is one of the buffer's uses already
    SIMPLEALLOC_VERDICT_IMPORT_AS_IS, ///< the device can take the buffer as it is
    SIMPLEALLOC_VERDICT_REALLOCATE,   ///< another buffer serves all uses: `reallocate`
    SIMPLEALLOC_VERDICT_COPY,         ///< the device needs a buffer of its own: `copy`
    SIMPLEALLOC_VERDICT_NONE,         ///< no memory serves the use; see `conflicts`
};

/// Kebab-case, e.g. `import-as-is`; static.
SIMPLEALLOC_API const char* simplealloc_verdict_to_string(enum simplealloc_verdict verdict);

/// The answer of simplealloc_allocator_check(); docs/late-join.md. Both plans are there where both
/// would do.
struct simplealloc_check {
    enum simplealloc_verdict verdict; ///< what to do
    const char* reason;               ///< in words, lower case, no full stop
    /// What the use has against the buffer. Empty with keep and import-as-is.
    const struct simplealloc_rejection* const* objections;
    const struct simplealloc_verification* verified; ///< NULL where no test import was made
    /// What to program for the use, with keep and import-as-is; NULL for a described device.
    const struct simplealloc_setup* setup;
    const struct simplealloc_plan* reallocate; ///< for a buffer that all uses can share, or NULL
    /// For a buffer that the new use and who copies share, or NULL.
    const struct simplealloc_plan* copy;
    const struct simplealloc_conflict* const* conflicts; ///< with none: what can't hold together
};

/// Frees the answer with its plans; NULL is fine.
SIMPLEALLOC_API void simplealloc_check_free(struct simplealloc_check* check);

/// Settings for one check.
struct simplealloc_check_options {
    size_t size; ///< of this struct
    /// Whether the buffer's owner can put another in its place and have it filled anew: the buffers
    /// of a swapchain or a camera, not a picture that is drawn once.
    bool replaceable;
    /// See simplealloc_allocate_options.
    /// @{
    bool verify;
    bool borrow_idle_queues;
    /// @}
};

/// Replaceable, verified, no queues borrowed; what NULL stands for.
#define SIMPLEALLOC_CHECK_OPTIONS_INIT                                                             \
    { sizeof(struct simplealloc_check_options), true, true, false }

/// A buffer that something else allocated, as far as its owner knows it.
struct simplealloc_foreign_buffer {
    size_t size; ///< of this struct
    /// Complete, but that `dmabuf_count` may be 0 where `dmabufs` are given.
    const struct simplealloc_layout* layout;
    size_t dmabuf_count;                              ///< 0: it is a description only
    const int* dmabufs;                               ///< in the layout's order; duplicated
    const struct simplealloc_device_use* const* uses; ///< who has it now; may be NULL
    enum simplealloc_cpu_access cpu;                  ///< what the CPU does with it now
    /// Where it is from, e.g. `dma-heap:system`: what this machine's source of that name guarantees
    /// counts. NULL or empty: nobody knows, and then what follows is all that is known of the
    /// memory.
    const char* source;
    bool contiguous; ///< one run of physical memory; only without `source`
    /// CPU physical addresses, both ends included; only without `source`.
    /// @{
    uint64_t min_address;
    uint64_t max_address;
    /// @}
};

/// Nothing is known.
#define SIMPLEALLOC_FOREIGN_BUFFER_INIT                                                            \
    {                                                                                              \
        sizeof(struct simplealloc_foreign_buffer), NULL, 0, NULL, NULL, SIMPLEALLOC_CPU_NONE,      \
            NULL, false, 0, SIMPLEALLOC_NO_LIMIT                                                   \
    }

SIMPLEALLOC_END_C
