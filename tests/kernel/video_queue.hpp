// SPDX-License-Identifier: MIT
// One streaming queue of a V4L2 node that is filled from Buffers of the library.
#pragma once

#include <simplealloc/simplealloc.hpp>

#include <cstdint>
#include <linux/videodev2.h>
#include <optional>

/// An open video node. Throws std::system_error.
class VideoNode {
public:
    explicit VideoNode(const std::string& path);
    VideoNode(const VideoNode&) = delete;
    VideoNode& operator=(const VideoNode&) = delete;
    ~VideoNode();

    [[nodiscard]] int fd() const { return fd_; }
    /// An ioctl that has to work.
    void call(unsigned long request, void* argument, const char* what) const;
    /// Waits until the node has something to dequeue in that direction, or an event (POLLPRI).
    void wait(short events) const;

private:
    int fd_;
};

/// Stops and forgets its buffers when it dies. Throws std::runtime_error.
class VideoQueue {
public:
    VideoQueue(const VideoNode& node, const simplealloc::V4l2Setup& setup, simplealloc::Use use);
    VideoQueue(const VideoQueue&) = delete;
    VideoQueue& operator=(const VideoQueue&) = delete;
    ~VideoQueue();

    /// All that will be queued, before start().
    std::uint32_t add(const simplealloc::Buffer& buffer);
    void request();
    void start();
    void queue(std::uint32_t index);
    /// Which buffer is done; nothing while none is.
    std::optional<std::uint32_t> take();

private:
    const VideoNode& node_;
    simplealloc::V4l2Import import_;
    std::uint32_t type_;
};
