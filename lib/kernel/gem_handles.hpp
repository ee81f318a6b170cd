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
    /// The same on a description where others have handles, too. Fails with unsupported, and leaves
    /// the handle as it is, where it may be another's: the kernel gives a new handle the lowest
    /// number that is free, so one of any other number was there before. Other threads that make
    /// or close handles at that very moment can make it fail for nothing, and leave a handle.
    Result<std::uint32_t> import_beside_others(int dmabuf);
    void release(std::uint32_t handle) noexcept;

private:
    using Users = std::map<std::uint32_t, std::size_t>;

    Result<std::uint32_t> give(int dmabuf);
    /// One user more; `fresh` is an entry that becomes the handle's if it has none.
    void count(Users fresh, std::uint32_t handle) noexcept;

    int fd_;
    std::mutex mutex_; ///< held over the calls: a handle must not be closed while it is given again
    Users users_;
};

} // namespace simplealloc
