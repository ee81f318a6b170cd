// SPDX-License-Identifier: MIT
// Buffers as the structures of a V4L2 queue.
#pragma once

#include <simplealloc/buffer.hpp>

#include <cstdint>
#include <memory>

// From <linux/videodev2.h>, which the caller includes.
struct v4l2_buffer;
struct v4l2_format;
struct v4l2_requestbuffers;

namespace simplealloc {

/// The Buffers of one V4L2 queue (V4L2_MEMORY_DMABUF): fills in what the ioctls take, calls none of
/// them. Each Buffer has an index of its own for good, since the kernel keeps its import as long as
/// an index gets the same dma-buf again. Move-only.
///
/// One thread queues while another dequeues; nothing else from two threads at once. On 32-bit
/// machines the caller must have the library's time_t, which is part of v4l2_buffer.
class SIMPLEALLOC_API V4l2Import {
public:
    /// `setup` is Buffer::setup, Plan::setup or Check::setup for `use`, which tells the queue: a
    /// device reads from an output queue and writes into a capture queue. Fails with invalid for a
    /// use that no V4L2 device has, and for a setup without planes or with one of no length.
    static Result<V4l2Import> create(const V4l2Setup& setup, Use use);

    V4l2Import(V4l2Import&& other) noexcept;
    V4l2Import& operator=(V4l2Import&& other) noexcept;
    V4l2Import(const V4l2Import&) = delete;
    V4l2Import& operator=(const V4l2Import&) = delete;
    ~V4l2Import();

    /// V4L2_BUF_TYPE_*, for VIDIOC_STREAMON.
    [[nodiscard]] std::uint32_t type() const noexcept;

    /// For VIDIOC_S_FMT: progressive, with the setup's strides and sizes.
    void fill(v4l2_format& format) const;
    /// Whether the driver left in the answer to VIDIOC_S_FMT what the Buffers have. Fails with
    /// mismatch.
    [[nodiscard]] Result<void> check(const v4l2_format& format) const;
    /// For VIDIOC_REQBUFS: one for each Buffer that was added.
    void fill(v4l2_requestbuffers& request) const;

    /// The index of `buffer`: the next one (from 0), or the one that a Buffer of the same dma-bufs
    /// has. The descriptors are duplicated, so the Buffer may die first. Fails with invalid where
    /// it does not have the setup's layout, with fd_limit.
    [[nodiscard]] Result<std::uint32_t> add(const Buffer& buffer);

    /// For VIDIOC_QBUF and VIDIOC_PREPARE_BUF. All fields are set: `length` to the image's size,
    /// never 0, which would stand for the whole dma-buf and have to be contiguous up to its end;
    /// `bytesused` to the same on an output queue, where compressed data need the caller's own. The
    /// array of planes is this object's. Fails with invalid for an index that no Buffer has.
    [[nodiscard]] Result<void> fill(v4l2_buffer& buffer, std::uint32_t index);
    /// For VIDIOC_DQBUF; the array of planes is this object's, until the next call.
    void fill_dequeue(v4l2_buffer& buffer);
    /// Which Buffer VIDIOC_DQBUF has returned: what add() said of it. Fails with invalid for
    /// another queue's.
    [[nodiscard]] Result<std::uint32_t> index_of(const v4l2_buffer& buffer) const;

private:
    struct Data;
    explicit V4l2Import(std::unique_ptr<Data> data) noexcept;
    std::unique_ptr<Data> data_;
};

} // namespace simplealloc
