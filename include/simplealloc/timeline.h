// SPDX-License-Identifier: MIT
// A timeline: points in the order in which work ends, as a DRM syncobj of the kernel.
#pragma once

#include <simplealloc/device.h>
#include <simplealloc/fence.h>

SIMPLEALLOC_BEGIN_C

/// How far a point of a timeline has come.
enum simplealloc_point_state {
    SIMPLEALLOC_POINT_SUBMITTED, ///< there is a fence for it: it can be exported
    SIMPLEALLOC_POINT_OVER,      ///< its work is over, well or not
};

/// Owns a handle of a DRM syncobj with a timeline, as linux-drm-syncobj-v1 and Vulkan's timeline
/// semaphores have it, and a descriptor of the node that the handle is on. Points are numbers from
/// 1; each is submitted once, after all smaller ones, and is over when its work and that of all
/// smaller ones is. Functions that take it as const may be called from several threads at once, but
/// who submits points to one timeline has to agree with the others on their order. A forked child
/// must not free it: it has the same handles.
struct simplealloc_timeline;

/// A new one without points on a DRM device or accelerator of an allocator. Fails with unsupported
/// where its driver has no timelines, with denied where the node can't be opened.
SIMPLEALLOC_API int simplealloc_timeline_create(const struct simplealloc_device* device,
                                                struct simplealloc_timeline** timeline,
                                                struct simplealloc_error** error);
/// The same on an open node, which is duplicated: the handle is one of the caller's description.
SIMPLEALLOC_API int simplealloc_timeline_create_fd(int node, struct simplealloc_timeline** timeline,
                                                   struct simplealloc_error** error);
/// The timeline behind the descriptor `syncobj`, which stays the caller's. It may be of any device.
/// Fails with invalid when it is no syncobj, else as simplealloc_timeline_create().
SIMPLEALLOC_API int simplealloc_timeline_import(const struct simplealloc_device* device,
                                                int syncobj, struct simplealloc_timeline** timeline,
                                                struct simplealloc_error** error);
/// The same on an open node, which is duplicated.
SIMPLEALLOC_API int simplealloc_timeline_import_fd(int node, int syncobj,
                                                   struct simplealloc_timeline** timeline,
                                                   struct simplealloc_error** error);
/// Ends the handle and closes the node; NULL is fine.
SIMPLEALLOC_API void simplealloc_timeline_free(struct simplealloc_timeline* timeline);

/// Returns a new descriptor of the syncobj that the caller owns, e.g. for another process,
/// wp_linux_drm_syncobj_manager_v1 or VkImportSemaphoreFdInfoKHR.
SIMPLEALLOC_API int simplealloc_timeline_export_fd(const struct simplealloc_timeline* timeline,
                                                   struct simplealloc_error** error);
/// Submits `point` as over. Fails with invalid where it is not larger than all that have been
/// submitted: the kernel would take it, and the timeline lose its order.
SIMPLEALLOC_API int simplealloc_timeline_signal(const struct simplealloc_timeline* timeline,
                                                uint64_t point, struct simplealloc_error** error);
/// Submits `point` as work that is over when `sync_file` is, which is borrowed. Fails as
/// simplealloc_timeline_signal(), and with invalid when it is no sync_file.
SIMPLEALLOC_API int
simplealloc_timeline_import_sync_file(const struct simplealloc_timeline* timeline, int sync_file,
                                      uint64_t point, struct simplealloc_error** error);
/// The work up to `point`. Fails with busy while it is not submitted.
SIMPLEALLOC_API int
simplealloc_timeline_export_sync_file(const struct simplealloc_timeline* timeline, uint64_t point,
                                      struct simplealloc_fence** fence,
                                      struct simplealloc_error** error);
/// Returns 1 when `point` has come so far, and 0 when the time ran out first. Waits for points that
/// nobody has submitted yet, too. A signal does not end the wait, nor make it longer.
SIMPLEALLOC_API int simplealloc_timeline_wait(const struct simplealloc_timeline* timeline,
                                              uint64_t point, int64_t timeout_ns,
                                              enum simplealloc_point_state state,
                                              struct simplealloc_error** error);
/// Returns an eventfd that the caller owns: readable once `point` has come so far. Fails with
/// unsupported before Linux 6.6.
SIMPLEALLOC_API int simplealloc_timeline_event(const struct simplealloc_timeline* timeline,
                                               uint64_t point, enum simplealloc_point_state state,
                                               struct simplealloc_error** error);
/// The largest point that has come so far: 0 when none has.
SIMPLEALLOC_API int simplealloc_timeline_last_point(const struct simplealloc_timeline* timeline,
                                                    enum simplealloc_point_state state,
                                                    uint64_t* point,
                                                    struct simplealloc_error** error);
/// The node, borrowed.
SIMPLEALLOC_API int simplealloc_timeline_get_fd(const struct simplealloc_timeline* timeline);
/// For calls on that node, e.g. a driver's submission. Never to be destroyed by the caller.
SIMPLEALLOC_API uint32_t
simplealloc_timeline_get_handle(const struct simplealloc_timeline* timeline);

SIMPLEALLOC_END_C
