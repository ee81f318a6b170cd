// SPDX-License-Identifier: MIT
// The screen of vkms, and what can be seen on it through its writeback connector.
#pragma once

#include "tests/kernel/picture.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cstdint>
#include <string>
#include <xf86drmMode.h>

/// Switched off when it dies. Throws std::runtime_error.
class VirtualScreen {
public:
    VirtualScreen();
    VirtualScreen(const VirtualScreen&) = delete;
    VirtualScreen& operator=(const VirtualScreen&) = delete;
    ~VirtualScreen();

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Shows a framebuffer in a mode of its own size; waits until it is there.
    void show(std::uint32_t framebuffer, std::uint32_t width, std::uint32_t height);
    /// What is on the screen now.
    Picture look(const simplealloc::Allocator& allocator);

private:
    struct Object {
        std::uint32_t id = 0;
        std::uint32_t type = 0;
    };
    [[nodiscard]] std::uint32_t property(Object object, const std::string& name) const;
    void set(drmModeAtomicReq* request, Object object, const std::string& name,
             std::uint64_t value) const;
    void find_objects();
    void set_mode(drmModeAtomicReq* request, std::uint32_t width, std::uint32_t height);

    std::string path_;
    int fd_ = -1;
    Object crtc_;
    Object plane_;
    Object connector_;
    Object writeback_;
    std::uint32_t mode_ = 0; ///< blob
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
};
