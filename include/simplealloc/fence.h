// SPDX-License-Identifier: MIT
// A fence: work of a device that is over or not, as a sync_file of the kernel.
#pragma once

#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

/// What an event loop has to watch. This struct never grows.
struct simplealloc_pollable {
    int fd;       ///< borrowed
    short events; ///< of poll(2); epoll(7) has the same numbers
};

/// What became of the work behind a fence.
enum simplealloc_fence_state {
    SIMPLEALLOC_FENCE_PENDING,  ///< it is not over
    SIMPLEALLOC_FENCE_SIGNALED, ///< it is over
    SIMPLEALLOC_FENCE_FAILED,   ///< it is over, and its result is not to be relied on
};

/// Owns a sync_file: a snapshot of work that never changes but from pending to over. Functions that
/// take it as const may be called from several threads at once.
struct simplealloc_fence;

/// Takes over a sync_file, e.g. of KMS OUT_FENCE_PTR, EGL_ANDROID_native_fence_sync or
/// VK_KHR_external_fence_fd. It is closed on failure, too: with invalid when it is no sync_file.
SIMPLEALLOC_API int simplealloc_fence_adopt(int sync_file, struct simplealloc_fence** fence,
                                            struct simplealloc_error** error);
/// Over when both are; the failure of either is its own. Both stay the caller's.
SIMPLEALLOC_API int simplealloc_fence_merge(const struct simplealloc_fence* first,
                                            const struct simplealloc_fence* second,
                                            struct simplealloc_fence** fence,
                                            struct simplealloc_error** error);
/// Closes the sync_file; NULL is fine.
SIMPLEALLOC_API void simplealloc_fence_free(struct simplealloc_fence* fence);

/// Returns 1 when the work is over, well or not, and 0 when the time ran out first. A signal does
/// not end the wait, nor make it longer.
SIMPLEALLOC_API int simplealloc_fence_wait(const struct simplealloc_fence* fence,
                                           int64_t timeout_ns, struct simplealloc_error** error);
/// How it stands now. `sys_errno` may be NULL; it gets why the work failed, as the driver says,
/// else 0.
SIMPLEALLOC_API int simplealloc_fence_status(const struct simplealloc_fence* fence,
                                             enum simplealloc_fence_state* state, int* sys_errno,
                                             struct simplealloc_error** error);
/// Readable once the work is over, well or not.
SIMPLEALLOC_API struct simplealloc_pollable
simplealloc_fence_get_pollable(const struct simplealloc_fence* fence);
/// Borrowed: -1 when there is none.
SIMPLEALLOC_API int simplealloc_fence_get_fd(const struct simplealloc_fence* fence);
/// Hands the sync_file to the caller; -1 when there is none. The fence is empty then: all its
/// functions fail with invalid.
SIMPLEALLOC_API int simplealloc_fence_release(struct simplealloc_fence* fence);

SIMPLEALLOC_END_C
