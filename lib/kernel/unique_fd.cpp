// SPDX-License-Identifier: MIT
// Closing and duplicating through the system call seam.
#include <simplealloc/unique_fd.hpp>

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"

#include <cerrno>
#include <string>

namespace simplealloc {

Result<UniqueFd> UniqueFd::dup(int fd) {
    const int copy = kernel::dup(fd);
    if (copy >= 0)
        return adopt(copy);
    return failure(Stage::share, copy == -EBADF ? Cause::invalid : cause_of(-copy), -copy,
                   "file descriptor " + std::to_string(fd), "duplicate");
}

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0)
        kernel::close(old);
}

} // namespace simplealloc
