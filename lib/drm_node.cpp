// SPDX-License-Identifier: MIT
// Opening a DRM node without becoming its master.
#include "lib/drm_node.hpp"

#include "lib/failure.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
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

Result<UniqueFd> open_drm_node(const std::string& path) {
    const int opened = kernel::open(path.c_str(), O_RDWR);
    if (opened < 0)
        return failure(Stage::open, cause_of_open(-opened), -opened, path, "open");
    UniqueFd fd = UniqueFd::adopt(opened);
    const int dropped = kernel::ioctl(opened, DRM_IOCTL_DROP_MASTER, nullptr);
    if (dropped < 0 && dropped != -EINVAL && is_master(opened))
        return failure(Stage::open, cause_of(-dropped), -dropped, path, "drop master",
                       "hand over an open descriptor of the node instead");
    return fd;
}

Result<UniqueFd> reopen_drm_node(const std::string& path, dev_t devnum) {
    auto opened = open_drm_node(path);
    if (!opened)
        return opened;
    kernel::Stat stat;
    const int result = kernel::fstat(opened->get(), stat);
    if (result < 0 || (devnum != 0 && stat.rdev != devnum))
        return failure(Stage::open, Cause::gone, std::max(0, -result), path,
                       "it is another device now");
    return opened;
}

Result<UniqueFd> reopen_drm_node(int fd, dev_t devnum) {
    return reopen_drm_node("/proc/self/fd/" + std::to_string(fd), devnum);
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
