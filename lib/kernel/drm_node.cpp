// SPDX-License-Identifier: MIT
// Opening a DRM node without becoming its master.
#include "lib/kernel/drm_node.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>

namespace simplealloc {

namespace {

/// Before 5.8 dropping needs CAP_SYS_ADMIN, and EACCES says nothing about who is master;
/// authenticating the magic 0 answers EACCES to everybody but the master.
bool is_master(int fd) {
    drm_auth request = {};
    return kernel::ioctl(fd, DRM_IOCTL_AUTH_MAGIC, &request) != -EACCES;
}

} // namespace

Result<UniqueFd> open_drm_node(const std::string& path, dev_t devnum) {
    auto opened = open_device_node(path, O_RDWR, devnum);
    if (!opened)
        return opened;
    const int fd = opened->get();
    const int dropped = kernel::ioctl(fd, DRM_IOCTL_DROP_MASTER, nullptr);
    if (dropped < 0 && dropped != -EINVAL && is_master(fd))
        return failure(Stage::open, cause_of(-dropped), -dropped, path, "drop master",
                       "hand over an open descriptor of the node instead");
    // Some drivers' calls fail on a full ring with O_NONBLOCK (i915_gem_execbuffer.c).
    if (const int blocking = kernel::set_blocking(fd); blocking < 0)
        return failure(Stage::open, cause_of(-blocking), -blocking, path, "clear O_NONBLOCK");
    return opened;
}

Result<UniqueFd> reopen_drm_node(int fd, dev_t devnum) {
    return open_drm_node("/proc/self/fd/" + std::to_string(fd), devnum);
}

Result<UniqueFd> lease_drm_node(int fd) {
    drm_mode_create_lease request = {};
    request.flags = O_CLOEXEC;
    const int result = kernel::ioctl(fd, DRM_IOCTL_MODE_CREATE_LEASE, &request);
    if (result < 0)
        return failure(Stage::open, cause_of_open(-result), -result, "DRM descriptor", "lease");
    return UniqueFd::adopt(static_cast<int>(request.fd));
}

} // namespace simplealloc
