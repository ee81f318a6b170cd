// SPDX-License-Identifier: MIT
// What a sync_file can be asked.
#include <simplealloc/fence.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/wait.hpp"

#include <array>
#include <cerrno>
#include <linux/magic.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <span>
#include <string_view>

namespace simplealloc {

namespace {

Error no_sync_file() {
    return failure(Stage::sync, Cause::invalid, 0, "fence", "there is no sync_file",
                   "where an API answers -1 for a fence, its work is over");
}

/// Of a descriptor that nobody knows yet: any other file says that it does not know the call.
Error not_a_sync_file(int sys_errno) {
    const bool other = sys_errno == 0 || sys_errno == ENOTTY || sys_errno == EINVAL ||
                       sys_errno == EBADF || sys_errno == EOPNOTSUPP;
    return failure(Stage::sync, other ? Cause::invalid : cause_of(sys_errno), sys_errno, "fence",
                   "the descriptor is no sync_file");
}

Error sync_file_failure(int sys_errno, std::string detail) {
    return failure(Stage::sync, cause_of(sys_errno), sys_errno, "fence", std::move(detail));
}

} // namespace

/// Only the kernel's own files without a name are asked: a filesystem could let the caller wait.
Result<Fence> Fence::adopt(UniqueFd fd) {
    if (!fd)
        return no_sync_file();
    std::uint32_t magic = 0;
    const int result = kernel::filesystem(fd.get(), magic);
    if (result < 0 || magic != ANON_INODE_FS_MAGIC)
        return not_a_sync_file(-result);
    Fence fence(std::move(fd));
    if (const auto status = fence.status(); !status)
        return not_a_sync_file(status.error().sys_errno);
    return fence;
}

Result<Fence> Fence::merge(const Fence& first, const Fence& second) {
    if (!first.fd_ || !second.fd_)
        return no_sync_file();
    constexpr std::string_view name = "simplealloc";
    sync_merge_data request = {};
    name.copy(request.name, sizeof(request.name) - 1);
    request.fd2 = second.fd();
    const int result = kernel::ioctl(first.fd(), SYNC_IOC_MERGE, &request);
    if (result < 0)
        return sync_file_failure(-result, "merge two sync_files");
    return Internal::make<Fence>(UniqueFd::adopt(request.fence));
}

Result<bool> Fence::wait(Timeout timeout) const {
    if (!fd_)
        return no_sync_file();
    const std::array targets{pollable()};
    return wait_for(targets, timeout);
}

Result<FenceStatus> Fence::status() const {
    if (!fd_)
        return no_sync_file();
    // Without room for the single fences, the status is that of all.
    sync_file_info info = {};
    const int result = kernel::ioctl(fd(), SYNC_IOC_FILE_INFO, &info);
    if (result < 0)
        return sync_file_failure(-result, "ask a sync_file for its status");
    if (info.status < 0)
        return FenceStatus{FenceState::failed, -info.status};
    return FenceStatus{info.status == 0 ? FenceState::pending : FenceState::signaled, 0};
}

Pollable Fence::pollable() const noexcept {
    return {fd(), POLLIN};
}

} // namespace simplealloc
