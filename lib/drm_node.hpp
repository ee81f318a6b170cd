// SPDX-License-Identifier: MIT
// Opening a DRM node without becoming its master.
#pragma once

#include <simplealloc/unique_fd.hpp>

#include <string>

namespace simplealloc {

/// Opens read-write. Opening a primary node while nobody is master makes the opener master, and a
/// compositor that starts later fails (drivers/gpu/drm/drm_auth.c): master is dropped at once, and
/// where that fails the node is closed and the call fails.
Result<UniqueFd> open_drm_node(const std::string& path);

} // namespace simplealloc
