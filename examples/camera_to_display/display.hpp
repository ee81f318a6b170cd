// SPDX-License-Identifier: MIT
// A DRM display that scans out imported dma-bufs.
#pragma once

#include <simplealloc/simplealloc.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <xf86drmMode.h>

class Display {
public:
    /// Opens the card and looks for a connected display; throws std::runtime_error when there is
    /// none.
    explicit Display(const std::string& path);
    ~Display();
    Display(const Display&) = delete;
    Display& operator=(const Display&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// The preferred mode first, then the others from large to small.
    [[nodiscard]] const std::vector<drmModeModeInfo>& modes() const { return modes_; }

    /// Makes a framebuffer of the buffer; they are numbered in the order of the calls.
    void add(const simplealloc::Buffer& buffer);
    /// Sets the mode with framebuffer `index`.
    void show(const drmModeModeInfo& mode, int index);
    /// Flips at the next vertical blank; then wait with poll() on fd() and call handle_events().
    void flip(int index);
    [[nodiscard]] bool flipping() const { return flipping_; }
    void handle_events();

private:
    void find_output();

    std::string path_;
    int fd_ = -1;
    std::uint32_t connector_ = 0;
    std::uint32_t crtc_ = 0;
    drmModeCrtc* before_ = nullptr;
    std::vector<drmModeModeInfo> modes_;
    std::optional<simplealloc::DrmImporter> importer_;
    std::vector<simplealloc::DrmImport> imports_;
    std::vector<std::uint32_t> framebuffers_;
    bool flipping_ = false;
};
