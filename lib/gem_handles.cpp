// SPDX-License-Identifier: MIT
// The GEM handles of one DRM file description, counted.
#include "lib/gem_handles.hpp"

#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/log.hpp"

#include <cerrno>
#include <drm.h>

namespace simplealloc {

namespace {

/// ENODEV is what a driver without import answers (virtio-gpu), and what an unplugged device
/// answers to everything.
bool is_unplugged(int fd) {
    drm_version request = {};
    return kernel::ioctl(fd, DRM_IOCTL_VERSION, &request) == -ENODEV;
}

Cause import_cause(int fd, int sys_errno) {
    switch (sys_errno) {
    case EINVAL:
    case ENOSYS:
        return Cause::refused;
    case ENODEV:
        return is_unplugged(fd) ? Cause::gone : Cause::refused;
    default:
        return cause_of(sys_errno);
    }
}

} // namespace

Result<std::uint32_t> GemHandles::import(int dmabuf) {
    drm_prime_handle request = {};
    request.fd = dmabuf;
    const std::lock_guard lock(mutex_);
    const int result = kernel::ioctl(fd_, DRM_IOCTL_PRIME_FD_TO_HANDLE, &request);
    if (result < 0)
        return failure(Stage::import_fd, import_cause(fd_, -result), -result, "DRM device",
                       "PRIME import");
    ++users_[request.handle];
    return request.handle;
}

void GemHandles::release(std::uint32_t handle) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(handle);
    if (found == users_.end() || --found->second > 0)
        return;
    users_.erase(found);
    drm_gem_close request = {};
    request.handle = handle;
    if (const int result = kernel::ioctl(fd_, DRM_IOCTL_GEM_CLOSE, &request); result < 0)
        log::line(LogLevel::warning, "import: close GEM handle {}: errno {}", handle, -result);
}

} // namespace simplealloc
