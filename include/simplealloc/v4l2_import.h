// SPDX-License-Identifier: MIT
// Buffers as the structures of a V4L2 queue.
#pragma once

#include <simplealloc/buffer.h>

// From <linux/videodev2.h>, which the caller includes.
struct v4l2_buffer;
struct v4l2_format;
struct v4l2_requestbuffers;

SIMPLEALLOC_BEGIN_C

/// The buffers of one V4L2 queue (V4L2_MEMORY_DMABUF): fills in what the ioctls take, calls none of
/// them. Each buffer has an index of its own for good. One thread queues while another dequeues;
/// nothing else from two threads at once. On 32-bit machines the caller must have the library's
/// time_t, which is part of v4l2_buffer.
struct simplealloc_v4l2_import;

/// `setup` is one that was handed out for `use`, which tells the queue: a device reads from an
/// output queue and writes into a capture queue. Fails with invalid for a use that no V4L2 device
/// has, and for a setup that is not for V4L2, without planes or with one of no length.
SIMPLEALLOC_API int simplealloc_v4l2_import_create(const struct simplealloc_setup* setup,
                                                   enum simplealloc_use use,
                                                   struct simplealloc_v4l2_import** import,
                                                   struct simplealloc_error** error);
/// Frees it and its descriptors; NULL is fine.
SIMPLEALLOC_API void simplealloc_v4l2_import_free(struct simplealloc_v4l2_import* import);

/// V4L2_BUF_TYPE_*, for VIDIOC_STREAMON.
SIMPLEALLOC_API uint32_t
simplealloc_v4l2_import_get_type(const struct simplealloc_v4l2_import* import);
/// For VIDIOC_S_FMT: progressive, with the setup's strides and sizes.
SIMPLEALLOC_API int
simplealloc_v4l2_import_fill_format(const struct simplealloc_v4l2_import* import,
                                    struct v4l2_format* format, struct simplealloc_error** error);
/// Whether the driver left in the answer to VIDIOC_S_FMT what the buffers have. Fails with
/// mismatch.
SIMPLEALLOC_API int
simplealloc_v4l2_import_check_format(const struct simplealloc_v4l2_import* import,
                                     const struct v4l2_format* format,
                                     struct simplealloc_error** error);
/// For VIDIOC_REQBUFS: one for each buffer that was added.
SIMPLEALLOC_API int
simplealloc_v4l2_import_fill_request(const struct simplealloc_v4l2_import* import,
                                     struct v4l2_requestbuffers* request,
                                     struct simplealloc_error** error);
/// The index of `buffer`: the next one (from 0), or the one that a buffer of the same dma-bufs has.
/// The descriptors are duplicated, so the buffer may be freed first. Fails with invalid where it
/// does not have the setup's layout, with fd-limit.
SIMPLEALLOC_API int simplealloc_v4l2_import_add(struct simplealloc_v4l2_import* import,
                                                const struct simplealloc_buffer* buffer,
                                                uint32_t* index, struct simplealloc_error** error);
/// For VIDIOC_QBUF and VIDIOC_PREPARE_BUF. All fields are set: `length` to the image's size;
/// `bytesused` to the same on an output queue, where compressed data need the caller's own. The
/// array of planes is this object's. Fails with invalid for an index that no buffer has.
SIMPLEALLOC_API int simplealloc_v4l2_import_fill_buffer(struct simplealloc_v4l2_import* import,
                                                        struct v4l2_buffer* buffer, uint32_t index,
                                                        struct simplealloc_error** error);
/// For VIDIOC_DQBUF; the array of planes is this object's, until the next call.
SIMPLEALLOC_API int simplealloc_v4l2_import_fill_dequeue(struct simplealloc_v4l2_import* import,
                                                         struct v4l2_buffer* buffer,
                                                         struct simplealloc_error** error);
/// Which buffer VIDIOC_DQBUF has returned: what simplealloc_v4l2_import_add() said of it. Fails
/// with invalid for another queue's.
SIMPLEALLOC_API int simplealloc_v4l2_import_index_of(const struct simplealloc_v4l2_import* import,
                                                     const struct v4l2_buffer* buffer,
                                                     uint32_t* index,
                                                     struct simplealloc_error** error);

SIMPLEALLOC_END_C
