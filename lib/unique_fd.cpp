// SPDX-License-Identifier: MIT
// Closing and duplicating through the system call seam.
#include <simplealloc/unique_fd.hpp>

#include "lib/kernel.hpp"

#include <cerrno>
#include <string>

namespace simplealloc {

Result<UniqueFd> UniqueFd::dup(int fd) {
    const int copy = kernel::dup(fd);
    if (copy >= 0)
        return adopt(copy);
    Error error;
    error.cause = copy == -EBADF ? Cause::invalid : Cause::fd_limit;
    error.stage = Stage::share;
    error.sys_errno = -copy;
    error.object = "file descriptor " + std::to_string(fd);
    error.detail = "duplicate";
    if (copy != -EBADF)
        error.remedy = "raise the limit of open files (ulimit -n) or close some";
    return error;
}

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0)
        kernel::close(old);
}

} // namespace simplealloc
