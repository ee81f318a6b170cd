// SPDX-License-Identifier: MIT
// What went wrong, where, with which object, and what to do next.
#pragma once

#include <simplealloc/contributor.h>
#include <simplealloc/relaxation.h>

SIMPLEALLOC_BEGIN_C

/// Why an operation failed; each has an errno of its own, which the function returns negated.
enum simplealloc_cause {
    SIMPLEALLOC_CAUSE_EXHAUSTED,     ///< ENOMEM: the memory is used up; may work later
    SIMPLEALLOC_CAUSE_DENIED,        ///< EACCES: no permission; the remedy names the group or rule
    SIMPLEALLOC_CAUSE_GONE,          ///< ENODEV: no such node or device any more; a closed pool
    SIMPLEALLOC_CAUSE_UNSUPPORTED,   ///< EOPNOTSUPP: the device or kernel can't do this
    SIMPLEALLOC_CAUSE_LIMIT,         ///< EDQUOT: above a limit that the administrator may raise
    SIMPLEALLOC_CAUSE_FD_LIMIT,      ///< EMFILE: no file descriptor left
    SIMPLEALLOC_CAUSE_INTERRUPTED,   ///< EINTR: a signal came again and again
    SIMPLEALLOC_CAUSE_OUR_BUG,       ///< EPROTO: of this library or the kernel: please report it
    SIMPLEALLOC_CAUSE_INVALID,       ///< EINVAL: the caller's request makes no sense
    SIMPLEALLOC_CAUSE_UNSATISFIABLE, ///< ENXIO: no source satisfies all uses; see `conflicts`
    SIMPLEALLOC_CAUSE_MISMATCH,      ///< ERANGE: the kernel's layout is not one the uses accept
    SIMPLEALLOC_CAUSE_REFUSED,       ///< EREMOTEIO: a device refused to import the fresh buffer
    SIMPLEALLOC_CAUSE_BUSY,          ///< EBUSY: in use, or not in time; may work later
};

/// Where in the work it failed.
enum simplealloc_stage {
    SIMPLEALLOC_STAGE_REQUEST,   ///< the request or an argument was read
    SIMPLEALLOC_STAGE_DISCOVER,  ///< devices and sources were asked
    SIMPLEALLOC_STAGE_PLAN,      ///< the solver looked for candidates
    SIMPLEALLOC_STAGE_OPEN,      ///< the source's node was opened
    SIMPLEALLOC_STAGE_ALLOCATE,  ///< the kernel was asked for memory
    SIMPLEALLOC_STAGE_EXPORT_FD, ///< the memory was made a dma-buf
    SIMPLEALLOC_STAGE_LAYOUT,    ///< the real layout was compared with the one that was asked for
    SIMPLEALLOC_STAGE_VERIFY,    ///< the uses imported the fresh buffer
    SIMPLEALLOC_STAGE_MAP,       ///< the CPU mapping was made
    SIMPLEALLOC_STAGE_SYNC,      ///< the CPU's turn was begun or ended, or a fence was asked
    SIMPLEALLOC_STAGE_SHARE,     ///< a descriptor was duplicated, or a buffer sent or received
    SIMPLEALLOC_STAGE_IMPORT_FD, ///< a dma-buf was taken from elsewhere, or by a device
    SIMPLEALLOC_STAGE_ACQUIRE,   ///< a pool was asked for a buffer
};

/// Kebab-case, e.g. `fd-limit`; static.
SIMPLEALLOC_API const char* simplealloc_cause_to_string(enum simplealloc_cause cause);
/// Kebab-case, e.g. `verify`, but `export` and `import`; static.
SIMPLEALLOC_API const char* simplealloc_stage_to_string(enum simplealloc_stage stage);

/// One source that was tried and failed while a buffer was allocated.
struct simplealloc_attempt {
    const char* source;           ///< e.g. `dma-heap:reserved`
    enum simplealloc_stage stage; ///< where it failed
    enum simplealloc_cause cause; ///< why it failed
    int sys_errno;                ///< the raw errno, 0 when no system call failed
    const char* message;          ///< in words
    const char* remedy;           ///< what would unblock it; may be empty
};

/// A source that can't serve a request, found out without touching it.
struct simplealloc_rejection {
    const char* source;                     ///< e.g. `dma-heap:system`
    enum simplealloc_constraint constraint; ///< what it fails, e.g. `contiguity`
    const char* reason;                     ///< in words, with the numbers
    const char* const* required_by;         ///< the uses that need it, e.g. `/dev/video0 (capture)`
    const struct simplealloc_remedy* const* remedies; ///< each would unblock it; may be empty
    /// What is needed and what the source offers, with units, where the two can be set against each
    /// other (`100 MiB`, `64 MiB`); else empty.
    /// @{
    const char* needed;
    const char* offered;
    /// @}
};

/// A constraint of the smallest set that can't hold together, and who needs it.
struct simplealloc_conflict {
    enum simplealloc_constraint constraint; ///< e.g. `exporter`
    const char* const* parties;             ///< e.g. `/dev/video0 (capture)`
    /// The same in detail. A constraint that this one collides with is among them under its own
    /// name.
    const struct simplealloc_contributor* const* contributors;
};

/// What a failed call hands out; the caller frees it. For reading from any thread.
struct simplealloc_error {
    int code;                     ///< what the function returned
    enum simplealloc_cause cause; ///< why it failed
    enum simplealloc_stage stage; ///< where it failed
    int sys_errno;                ///< raw errno of the failed system call, 0 when there was none
    const char* message; ///< one line: object, detail, the system's text for the errno, remedy
    const char* object;  ///< the node, source or field it is about, e.g. `/dev/dma_heap/system`
    const char* detail;  ///< lower case, no full stop
    const char* remedy;  ///< the next step; may be empty
    const struct simplealloc_attempt* const* attempts;       ///< sources that were tried, in order
    const struct simplealloc_rejection* const* rejections;   ///< sources that were not tried
    const struct simplealloc_conflict* const* conflicts;     ///< what can't hold together
    const struct simplealloc_relaxation* const* relaxations; ///< what to give up; best first
    /// What a layout violates, where that is what failed; else NULL.
    const enum simplealloc_constraint* constraint;
};

/// Frees an error; NULL is fine.
SIMPLEALLOC_API void simplealloc_error_free(struct simplealloc_error* error);

SIMPLEALLOC_END_C
