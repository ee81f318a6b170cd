// SPDX-License-Identifier: MIT
// Buffers of one plan that are used again and again.
#pragma once

#include <simplealloc/allocator.h>

SIMPLEALLOC_BEGIN_C

/// What a pool may hold and when it shrinks; docs/pool.md.
struct simplealloc_pool_options {
    size_t size; ///< of this struct
    /// Allocated when the pool is made and after a replan, all from one source; hysteresis leaves
    /// as many. The same as max_buffers makes a fixed pool. 0: as many as a codec among the plan's
    /// uses needs at least, where its driver says so, up to max_buffers.
    size_t min_buffers;
    size_t max_buffers;  ///< most buffers of the current plan; from 1 to 65536
    uint64_t max_bytes;  ///< most of all its dma-bufs together, also those of an earlier plan
    size_t max_fds;      ///< most of all its dma-bufs together, likewise
    uint32_t trim_after; ///< frees an idle buffer after so many releases without need; 0: never
    size_t keep_idle;    ///< how many idle buffers hysteresis leaves beside those
    bool mix_sources;    ///< lets buffers come from several sources, and then differ in layout
    /// How each buffer is allocated; NULL: as SIMPLEALLOC_ALLOCATE_OPTIONS_INIT.
    const struct simplealloc_allocate_options* allocate;
    /// Hands out only what devices have done with, what came back first first, for a system call
    /// and a descriptor more. It knows of devices that leave fences on the dma-buf, and of those
    /// that simplealloc_pool_slot_release() tells of. What they still work on counts as in use.
    bool wait_for_devices;
};

/// Up to 32 buffers, allocated when they are needed; what NULL stands for.
#define SIMPLEALLOC_POOL_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(struct simplealloc_pool_options), 0, 32, SIMPLEALLOC_NO_LIMIT, SIZE_MAX, 256, 1,    \
            false, NULL, false                                                                     \
    }

/// What happened in a pool since it was made, and what it holds.
struct simplealloc_pool_stats {
    uint64_t acquired;  ///< slots handed out: recycled or allocated
    uint64_t recycled;  ///< with a buffer that was used before
    uint64_t allocated; ///< buffers, also those allocated in advance
    uint64_t waited;    ///< acquisitions that had to wait, whether or not in vain
    uint64_t trimmed;   ///< idle buffers freed by hysteresis or a trim
    uint64_t retired;   ///< buffers freed since their plan was replaced
    size_t in_flight;   ///< slots alive, of any plan
    size_t idle;        ///< buffers that wait in the pool
    size_t high_water;  ///< most slots alive at once
    uint64_t bytes;     ///< of all dma-bufs, in flight or idle
    size_t fds;         ///< of all dma-bufs, in flight or idle
    const struct simplealloc_failure_count* const* failures; ///< acquisitions and replans
};

/// Frees the numbers; NULL is fine.
SIMPLEALLOC_API void simplealloc_pool_stats_free(struct simplealloc_pool_stats* stats);

/// A buffer on loan from a pool. One thread at a time.
struct simplealloc_pool_slot;

/// Gives the buffer back, from any thread, also after the pool is gone (it is freed then); NULL is
/// fine.
SIMPLEALLOC_API void simplealloc_pool_slot_free(struct simplealloc_pool_slot* slot);
/// The same while a device still works on it until `fence` is over, which stays the caller's:
/// everyone who waits for the dma-bufs waits for it, and so does a pool with wait_for_devices. On
/// failure the slot stays: with invalid where there is no sync_file, with unsupported before Linux
/// 6.0 where the pool does not wait either, with fd_limit where no descriptor is left for it.
SIMPLEALLOC_API int simplealloc_pool_slot_release(struct simplealloc_pool_slot* slot,
                                                  const struct simplealloc_fence* fence,
                                                  struct simplealloc_error** error);
/// Borrowed: lives as long as it is on loan.
SIMPLEALLOC_API const struct simplealloc_buffer*
simplealloc_pool_slot_get_buffer(const struct simplealloc_pool_slot* slot);
/// The buffer's own number for its whole life, below max_buffers, and shared with no other buffer
/// of the same generation: fit for v4l2_buffer::index.
SIMPLEALLOC_API uint32_t simplealloc_pool_slot_get_index(const struct simplealloc_pool_slot* slot);
/// Which plan it comes from: another number after each replan.
SIMPLEALLOC_API uint64_t
simplealloc_pool_slot_get_generation(const struct simplealloc_pool_slot* slot);

/// Lends buffers and takes them back; an idle one is handed out again without a system call.
/// Thread-safe: all functions but simplealloc_pool_free() may be called from several threads at
/// once. It makes no thread. It may outlive its allocator. After fork() only one of the processes
/// may use it.
struct simplealloc_pool;

/// Allocates min_buffers; `options` may be NULL. Fails as simplealloc_allocator_allocate() does,
/// with invalid for options that make no sense, and with limit where min_buffers exceed max_bytes
/// or max_fds; nothing is left then.
SIMPLEALLOC_API int simplealloc_pool_create(const struct simplealloc_allocator* allocator,
                                            const struct simplealloc_plan* plan,
                                            const struct simplealloc_pool_options* options,
                                            struct simplealloc_pool** pool,
                                            struct simplealloc_error** error);
/// Plans and does the same. A request of one buffer is planned as one of min_buffers at a time,
/// unless mix_sources is set.
SIMPLEALLOC_API int simplealloc_pool_create_request(const struct simplealloc_allocator* allocator,
                                                    const struct simplealloc_request* request,
                                                    const struct simplealloc_pool_options* options,
                                                    struct simplealloc_pool** pool,
                                                    struct simplealloc_error** error);
/// Closes it, see simplealloc_pool_close(); NULL is fine.
SIMPLEALLOC_API void simplealloc_pool_free(struct simplealloc_pool* pool);

/// An idle buffer, a new one while there is room, or one that comes back in time: 0 does not wait,
/// and SIMPLEALLOC_FOREVER is without limit. Fails with busy when the time is up, with limit where
/// not one fits into max_bytes or max_fds, with gone after simplealloc_pool_close(), and as
/// simplealloc_allocator_allocate() does where growth fails, which is not waited for.
SIMPLEALLOC_API int simplealloc_pool_acquire(struct simplealloc_pool* pool, int64_t timeout_ns,
                                             struct simplealloc_pool_slot** slot,
                                             struct simplealloc_error** error);

/// For an event loop: a descriptor and its events, level-triggered, which have come whenever
/// acquiring would not fail with busy, also after simplealloc_pool_close(), and stay until it does
/// fail so. They may have come although another thread was faster, or one of a buffer's devices has
/// not done yet: acquire with a timeout of 0 until that fails with busy, and nothing is missed.
///
/// Borrowed: the pool closes it, and hands out the same each time. The first call makes it, an
/// eventfd, with wait_for_devices an epoll as well, beside max_fds; it fails with fd-limit or
/// exhausted.
SIMPLEALLOC_API int simplealloc_pool_pollable(struct simplealloc_pool* pool,
                                              struct simplealloc_pollable* pollable,
                                              struct simplealloc_error** error);

/// From now on buffers come from another plan: idle buffers are freed, those in flight stay valid
/// and are freed when they come back. Fails as simplealloc_pool_create() does, and the pool stays
/// as it was.
/// @{
SIMPLEALLOC_API int simplealloc_pool_replan(struct simplealloc_pool* pool,
                                            const struct simplealloc_plan* plan,
                                            struct simplealloc_error** error);
SIMPLEALLOC_API int simplealloc_pool_replan_request(struct simplealloc_pool* pool,
                                                    const struct simplealloc_request* request,
                                                    struct simplealloc_error** error);
/// @}

/// Frees idle buffers until `keep` buffers of the current plan are left or none is idle. Returns
/// how many were freed.
SIMPLEALLOC_API size_t simplealloc_pool_trim(struct simplealloc_pool* pool, size_t keep);
/// The same, keeping min_buffers.
SIMPLEALLOC_API size_t simplealloc_pool_trim_to_min(struct simplealloc_pool* pool);

/// Wakes up whoever waits, frees idle buffers, and makes every later acquisition fail with gone.
/// Buffers in flight stay valid and are freed when they come back.
SIMPLEALLOC_API void simplealloc_pool_close(struct simplealloc_pool* pool);

/// Numbers of one moment.
SIMPLEALLOC_API int simplealloc_pool_get_stats(const struct simplealloc_pool* pool,
                                               struct simplealloc_pool_stats** stats,
                                               struct simplealloc_error** error);

SIMPLEALLOC_END_C
