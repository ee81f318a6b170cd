// SPDX-License-Identifier: MIT
// Opening a DRM node without becoming its master.
#pragma once

#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <string>
#include <sys/types.h>

namespace simplealloc {

// Of the nodes that DRM's calls are for.
inline constexpr unsigned drm_major = 226;
inline constexpr unsigned accel_major = 261;

/// Opens read-write. Opening a primary node while nobody is master makes the opener master, and a
/// compositor that starts later fails (drivers/gpu/drm/drm_auth.c): master is dropped at once, and
/// where that fails the node is closed and the call fails. As open_device_node().
Result<UniqueFd> open_drm_node(const std::string& path, dev_t devnum);

/// The same of the device behind the caller's descriptor `fd`, whatever its name leads to in this
/// sandbox: needs /proc, and the node's permission.
Result<UniqueFd> reopen_drm_node(int fd, dev_t devnum);

/// Another file description of the card behind `fd`, without its node: a lease of no objects.
/// Needs master that is not leased itself (drivers/gpu/drm/drm_lease.c). The description can't set
/// a mode. When it is closed, the kernel tells the master by a uevent that a lease has ended.
Result<UniqueFd> lease_drm_node(int fd);

} // namespace simplealloc
