// SPDX-License-Identifier: MIT
// Whether this process may use a node, and what would allow it.
#pragma once

#include <string>

namespace simplealloc {

struct Permission {
    bool granted = true;
    int sys_errno = 0;  ///< EACCES, ENOENT… when not granted
    std::string reason; ///< e.g. `/dev/udmabuf: Permission denied (mode 0660, group kvm)`
    std::string remedy; ///< e.g. `add the user to group kvm`
};

/// Asks without opening. `subsystem` (a udev subsystem name such as `dma_heap`) goes into the udev
/// rule that is proposed where no group has access.
Permission check_permission(const std::string& path, const std::string& subsystem,
                            bool write = true);

} // namespace simplealloc
