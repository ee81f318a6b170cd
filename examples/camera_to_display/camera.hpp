// SPDX-License-Identifier: MIT
// A V4L2 camera that fills imported dma-bufs.
#pragma once

#include <simplealloc/simplealloc.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

class Camera {
public:
    /// Opens the node; throws std::runtime_error when it can't.
    explicit Camera(const std::string& path);
    ~Camera();
    Camera(const Camera&) = delete;
    Camera& operator=(const Camera&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Whether it can deliver exactly this size, in any format.
    [[nodiscard]] bool offers(std::uint32_t width, std::uint32_t height) const;

    /// Programs the format that the library worked out, hands all buffers over and starts.
    void start(const std::vector<simplealloc::Buffer>& buffers,
               const simplealloc::V4l2Setup& setup);
    /// The index of a filled buffer, or -1 while there is none. Wait with poll() on fd().
    int take();
    void give_back(int index);
    void stop();

private:
    void queue(int index);

    std::string path_;
    int fd_ = -1;
    bool streaming_ = false;
    std::optional<simplealloc::V4l2Import> queue_;
};
