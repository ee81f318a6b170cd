// SPDX-License-Identifier: MIT
// What a descriptor is that the caller or a peer hands over.
#pragma once

#include "lib/kernel/kernel.hpp"

#include <fcntl.h>

namespace simplealloc {

/// Whether O_PATH opened it: such a descriptor tells what it is of, and answers every other call
/// with EBADF, like one that is not open.
inline bool is_only_path(int fd) {
    const int flags = kernel::status_flags(fd);
    return flags >= 0 && (flags & O_PATH) != 0;
}

} // namespace simplealloc
