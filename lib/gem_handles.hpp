// SPDX-License-Identifier: MIT
// The GEM handles of one DRM file description, counted.
#pragma once

#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace simplealloc {

/// The kernel gives one handle to an object and file description, however often it is imported, and
/// the first GEM_CLOSE ends it (drivers/gpu/drm/drm_prime.c): each is counted here and closed with
/// its last user. Thread-safe. `fd` is borrowed.
class GemHandles {
public:
    explicit GemHandles(int fd) : fd_(fd) {}
    GemHandles(const GemHandles&) = delete;
    GemHandles& operator=(const GemHandles&) = delete;

    /// To be given back by release(). The error's errno is the kernel's.
    Result<std::uint32_t> import(int dmabuf);
    void release(std::uint32_t handle) noexcept;

private:
    int fd_;
    std::mutex mutex_; ///< held over the calls: a handle must not be closed while it is given again
    std::map<std::uint32_t, std::size_t> users_;
};

} // namespace simplealloc
