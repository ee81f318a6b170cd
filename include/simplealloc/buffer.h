// SPDX-License-Identifier: MIT
// An allocated buffer: one or several dma-bufs and the planes in them.
#pragma once

#include <simplealloc/fence.h>
#include <simplealloc/mapped_planes.h>
#include <simplealloc/plan.h>

SIMPLEALLOC_BEGIN_C

/// One dma-buf of a buffer.
struct simplealloc_dmabuf {
    int fd;        ///< borrowed: the buffer closes it
    uint64_t size; ///< bytes, as the kernel says
};

/// Whether both are the same dma-buf, by whatever descriptors: the kernel is asked. Before
/// Linux 5.3 only the same descriptor is known to be.
SIMPLEALLOC_API bool simplealloc_dmabuf_is_same(const struct simplealloc_dmabuf* a,
                                                const struct simplealloc_dmabuf* b);

/// What the kernel says of a dma-buf when it is asked.
struct simplealloc_dmabuf_info {
    const char* exporter; ///< exp_name of fdinfo: a debugging aid; empty when unreadable
    uint64_t inode;       ///< unique per dma-buf on this boot
};

/// Frees what simplealloc_buffer_info() handed out; NULL is fine.
SIMPLEALLOC_API void simplealloc_dmabuf_info_free(struct simplealloc_dmabuf_info* info);

/// What came of a test import.
enum simplealloc_import_outcome {
    SIMPLEALLOC_IMPORT_UNTESTED, ///< it could not be tested
    SIMPLEALLOC_IMPORT_PASSED,   ///< the device took the buffer
    SIMPLEALLOC_IMPORT_REFUSED,  ///< it did not
};

/// Whether a device could import the fresh buffer.
struct simplealloc_verification {
    const char* device;                      ///< e.g. `/dev/video0 (capture)`
    enum simplealloc_import_outcome outcome; ///< what came of it
    const char* how;                         ///< e.g. `PRIME import, AddFB2`
    const char* reason;                      ///< why it failed or could not be tested
};

/// Owns its dma-bufs: they are closed with it, while devices that imported them keep the memory.
/// Functions that take it as const may be called from several threads at once, and different
/// buffers are independent.
struct simplealloc_buffer;

/// A buffer for dma-bufs of which only the layout is known. simplealloc_allocator_adopt() takes
/// more knowledge. The descriptors are duplicated: the caller keeps its own, and may close them.
/// `layout` counts them in their order; several of one dma-buf become one. Where `dmabuf_count` is
/// 0 the kernel is asked for sizes, and a plane's size of 0 stands for what follows from the rest.
///
/// Fails with invalid where a descriptor is no dma-buf, a plane is not inside of its dma-buf, two
/// overlap, an offset or stride is not one that the format can have, or the modifier makes no
/// sense; with fd-limit where no descriptor is left.
SIMPLEALLOC_API int simplealloc_buffer_import(const int* fds, size_t count,
                                              const struct simplealloc_layout* layout,
                                              struct simplealloc_buffer** buffer,
                                              struct simplealloc_error** error);
/// Closes its dma-bufs; NULL is fine. Not for a buffer that is borrowed as const.
SIMPLEALLOC_API void simplealloc_buffer_free(struct simplealloc_buffer* buffer);

/// Whether both have the same dma-bufs in the same order, whatever the layouts.
SIMPLEALLOC_API bool simplealloc_buffer_is_same(const struct simplealloc_buffer* a,
                                                const struct simplealloc_buffer* b);

/// One or several; empty after simplealloc_buffer_release(). What is borrowed from a buffer lives
/// as long as it does.
SIMPLEALLOC_API const struct simplealloc_dmabuf* const*
simplealloc_buffer_get_dmabufs(const struct simplealloc_buffer* buffer);
/// As the kernel made it, not as it was planned.
SIMPLEALLOC_API const struct simplealloc_layout*
simplealloc_buffer_get_layout(const struct simplealloc_buffer* buffer);
/// Where the memory came from, e.g. `dma-heap:system`.
SIMPLEALLOC_API const char* simplealloc_buffer_get_source(const struct simplealloc_buffer* buffer);
/// What the source guarantees of it: contiguity, caching, zeroing. This and the next two lists are
/// made when they are first asked for, and empty while there is no memory for that.
SIMPLEALLOC_API const struct simplealloc_fact* const*
simplealloc_buffer_get_facts(const struct simplealloc_buffer* buffer);
/// One for each use of the request; empty for an adopted buffer and when nothing was verified.
SIMPLEALLOC_API const struct simplealloc_verification* const*
simplealloc_buffer_get_verified(const struct simplealloc_buffer* buffer);
/// Sources that failed before this one.
SIMPLEALLOC_API const struct simplealloc_attempt* const*
simplealloc_buffer_get_attempts(const struct simplealloc_buffer* buffer);
/// Asks the kernel. Fails with invalid for a wrong index.
SIMPLEALLOC_API int simplealloc_buffer_info(const struct simplealloc_buffer* buffer, size_t dmabuf,
                                            struct simplealloc_dmabuf_info** info,
                                            struct simplealloc_error** error);

/// What to program for the request's `use_index`-th use, with the real layout.
SIMPLEALLOC_API int simplealloc_buffer_setup(const struct simplealloc_buffer* buffer,
                                             size_t use_index, struct simplealloc_setup** setup,
                                             struct simplealloc_error** error);
/// The same for a use that the request did not have. Whether the device takes the buffer is another
/// question: simplealloc_allocator_check().
SIMPLEALLOC_API int simplealloc_buffer_setup_for(const struct simplealloc_buffer* buffer,
                                                 const struct simplealloc_device_use* use,
                                                 struct simplealloc_setup** setup,
                                                 struct simplealloc_error** error);

/// Begins the CPU's turn on a dma-buf, which is mapped by the first turn and stays so. A turn that
/// no open one covers waits until devices have done with the dma-buf: without limit, so
/// simplealloc_buffer_wait() first. Fails with unsupported where the memory can't be mapped, with
/// denied to write through a read-only descriptor, with exhausted or limit where the address space
/// is too small, with invalid for a wrong index.
SIMPLEALLOC_API int simplealloc_buffer_map(const struct simplealloc_buffer* buffer,
                                           enum simplealloc_access access, size_t dmabuf,
                                           struct simplealloc_mapping** mapping,
                                           struct simplealloc_error** error);
/// The same for all dma-bufs, and the planes in them.
SIMPLEALLOC_API int simplealloc_buffer_map_planes(const struct simplealloc_buffer* buffer,
                                                  enum simplealloc_access access,
                                                  struct simplealloc_mapped_planes** planes,
                                                  struct simplealloc_error** error);

/// Waits until devices are done with what forbids such an access: their writes before a read, all
/// they do before a write. Returns 1, or 0 when the time ran out first. Only for devices that leave
/// fences on the dma-buf: GPUs do, V4L2 and KMS do not.
SIMPLEALLOC_API int simplealloc_buffer_wait(const struct simplealloc_buffer* buffer,
                                            enum simplealloc_access access, int64_t timeout_ns,
                                            struct simplealloc_error** error);
/// The same for an event loop: one dma-buf, and the events that say that it is free.
SIMPLEALLOC_API int simplealloc_buffer_pollable(const struct simplealloc_buffer* buffer,
                                                enum simplealloc_access access, size_t dmabuf,
                                                struct simplealloc_pollable* pollable,
                                                struct simplealloc_error** error);
/// What simplealloc_buffer_wait() would wait for, as a snapshot that other APIs can wait for, too.
/// Fails with unsupported before Linux 6.0.
SIMPLEALLOC_API int simplealloc_buffer_export_sync_file(const struct simplealloc_buffer* buffer,
                                                        enum simplealloc_access access,
                                                        size_t dmabuf,
                                                        struct simplealloc_fence** fence,
                                                        struct simplealloc_error** error);
/// Lets everyone who waits for a dma-buf of this buffer also wait for work that accesses it so.
/// `sync_file` is borrowed. Fails with invalid where it is none, with unsupported before Linux 6.0;
/// some dma-bufs may have it then.
SIMPLEALLOC_API int simplealloc_buffer_import_sync_file(const struct simplealloc_buffer* buffer,
                                                        int sync_file,
                                                        enum simplealloc_access access,
                                                        struct simplealloc_error** error);

/// Returns a new close-on-exec descriptor that the caller owns. It does not keep the buffer's share
/// of a quota.
SIMPLEALLOC_API int simplealloc_buffer_dup_fd(const struct simplealloc_buffer* buffer,
                                              size_t dmabuf, struct simplealloc_error** error);
/// Hands all descriptors, in order, to the caller and leaves the buffer without dma-bufs and
/// without a share of a quota. Returns how many; fails with invalid, and hands out none, where
/// `room` is too small for them. There are never more than SIMPLEALLOC_MAX_PLANES.
SIMPLEALLOC_API int simplealloc_buffer_release(struct simplealloc_buffer* buffer, int* fds,
                                               size_t room, struct simplealloc_error** error);

SIMPLEALLOC_END_C
