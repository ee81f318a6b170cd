// SPDX-License-Identifier: MIT
// The buffers that are made on one V4L2 queue.
#pragma once

#include "lib/source/backend.hpp"

#include <cstdint>
#include <linux/videodev2.h>
#include <span>
#include <vector>

namespace simplealloc::v4l2 {

/// A queue of a memory-to-memory context of our own, which is freed when its node is closed, or one
/// that the caller lends (`borrowed`), which is given back without buffers.
class Queue {
public:
    Queue(const SourceRecord& source, int fd, std::uint32_t type, bool borrowed)
        : source_(source), fd_(fd), type_(type), borrowed_(borrowed) {}
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue();

    /// A buffer of at least each size; their indices. The format is not changed.
    Result<std::vector<std::uint32_t>> make_buffers(const std::vector<std::uint64_t>& sizes);
    Result<UniqueFd> export_buffer(std::uint32_t index, std::uint64_t size);
    /// Takes the buffers off a borrowed queue; their memory lives on with the exported dma-bufs.
    Result<void> release();

private:
    Result<std::uint32_t> create_buffer(std::uint32_t size);
    Result<std::vector<std::uint32_t>> request_buffers(std::uint32_t size, std::size_t count);
    Result<void> check_lent();
    [[nodiscard]] int query(std::uint32_t index, std::uint32_t& length) const;
    [[nodiscard]] Error refuse(Stage stage, int sys_errno, std::string detail) const;
    [[nodiscard]] bool is_multiplanar() const { return V4L2_TYPE_IS_MULTIPLANAR(type_); }
    [[nodiscard]] std::uint32_t size_image() const;

    const SourceRecord& source_;
    int fd_;
    std::uint32_t type_;
    bool borrowed_;
    bool has_buffers_ = false;
    v4l2_format format_ = {};
    std::uint32_t capabilities_ = 0;
};

} // namespace simplealloc::v4l2
