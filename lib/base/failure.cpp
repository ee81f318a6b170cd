// SPDX-License-Identifier: MIT
// Makes Errors, and maps the errnos that mean the same everywhere.
#include "lib/base/failure.hpp"

#include <cerrno>
#include <utility>

namespace simplealloc {

namespace {

std::string descriptor_remedy(int sys_errno) {
    return sys_errno == ENFILE
               ? "raise the system's limit of open files (sysctl fs.file-max) or close some"
               : "raise the limit of open files (ulimit -n) or close some";
}

} // namespace

Error failure(Stage stage, Cause cause, int sys_errno, std::string object, std::string detail,
              std::string remedy) {
    Error error;
    error.cause = cause;
    error.stage = stage;
    error.sys_errno = sys_errno;
    error.object = std::move(object);
    error.detail = std::move(detail);
    error.remedy = std::move(remedy);
    if (cause == Cause::fd_limit && error.remedy.empty())
        error.remedy = descriptor_remedy(sys_errno);
    return error;
}

Cause cause_of(int sys_errno) noexcept {
    switch (sys_errno) {
    case ENOMEM:
    case ENOSPC:
    case ENOBUFS: // of a socket
        return Cause::exhausted;
    case EACCES:
    case EPERM:
        return Cause::denied;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
    case ESHUTDOWN:
        return Cause::gone;
    case E2BIG:
    case EFBIG:
    case ERANGE:
    case EOVERFLOW:
        return Cause::limit;
    case EMFILE:
    case ENFILE:
        return Cause::fd_limit;
    case EINTR:
    case EAGAIN:
        return Cause::interrupted;
    // Only what says that an argument is wrong is ours.
    case EINVAL:
    case EFAULT:
    case EBADF:
    case EBADFD:
        return Cause::our_bug;
    // The rest is a driver's own trouble (ETIMEDOUT, EREMOTEIO, ECANCELED, …): another may do.
    default:
        return Cause::unsupported;
    }
}

Cause cause_of_open(int sys_errno) noexcept {
    return sys_errno == EINVAL ? Cause::unsupported : cause_of(sys_errno);
}

bool goes_on(Cause cause) noexcept {
    return cause != Cause::fd_limit && cause != Cause::our_bug;
}

} // namespace simplealloc
