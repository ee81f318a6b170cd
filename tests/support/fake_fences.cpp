// SPDX-License-Identifier: MIT
// Fences of dma-bufs and sync_files, as Linux 6.12 handles them.
#include "tests/support/fake_fences.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

namespace simplealloc::test {

bool all_over(const FakeFences& fences) {
    return std::all_of(fences.begin(), fences.end(), [](const auto& fence) { return fence->over; });
}

namespace {

FakeFences joined(FakeFences first, const FakeFences& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// 1, 0 while one is pending, or the negative errno of one that failed.
int status(const FakeFences& fences) {
    if (!all_over(fences))
        return 0;
    const auto failed = std::find_if(fences.begin(), fences.end(),
                                     [](const auto& fence) { return fence->sys_errno != 0; });
    return failed == fences.end() ? 1 : -(*failed)->sys_errno;
}

bool is_direction(std::uint32_t flags) {
    return flags != 0 && (flags & ~std::uint32_t{DMA_BUF_SYNC_RW}) == 0;
}

} // namespace

int dmabuf_fence_ioctl(FakeKernel& kernel, FakeDmaBuf& dmabuf, unsigned long request,
                       void* argument) {
    if (!dmabuf.has_sync_files)
        return -ENOTTY;
    if (request == DMA_BUF_IOCTL_EXPORT_SYNC_FILE) {
        auto& wanted = *static_cast<dma_buf_export_sync_file*>(argument);
        if (!is_direction(wanted.flags))
            return -EINVAL;
        wanted.fd = kernel.install_sync_file((wanted.flags & DMA_BUF_SYNC_WRITE) != 0
                                                 ? joined(dmabuf.writers, dmabuf.readers)
                                                 : dmabuf.writers);
        return 0;
    }
    if (request == DMA_BUF_IOCTL_IMPORT_SYNC_FILE) {
        const auto& given = *static_cast<dma_buf_import_sync_file*>(argument);
        const auto fences = kernel.sync_file(given.fd);
        if (!is_direction(given.flags) || !fences)
            return -EINVAL;
        FakeFences& kept =
            (given.flags & DMA_BUF_SYNC_WRITE) != 0 ? dmabuf.writers : dmabuf.readers;
        kept = joined(std::move(kept), *fences);
        return 0;
    }
    return -ENOTTY;
}

int sync_file_ioctl(FakeKernel& kernel, const FakeFences& fences, unsigned long request,
                    void* argument) {
    if (request == SYNC_IOC_MERGE) {
        auto& wanted = *static_cast<sync_merge_data*>(argument);
        const auto second = kernel.sync_file(wanted.fd2);
        if (wanted.flags != 0 || wanted.pad != 0)
            return -EINVAL;
        if (!second)
            return -ENOENT;
        wanted.fence = kernel.install_sync_file(joined(fences, *second));
        return 0;
    }
    if (request == SYNC_IOC_FILE_INFO) {
        auto& info = *static_cast<sync_file_info*>(argument);
        if (info.flags != 0 || info.pad != 0)
            return -EINVAL;
        info.status = status(fences);
        info.num_fences = static_cast<std::uint32_t>(fences.size());
        return 0;
    }
    return -ENOTTY;
}

short poll_dmabuf(const FakeDmaBuf& dmabuf, short events) {
    const bool readable = all_over(dmabuf.writers);
    const bool writable = readable && all_over(dmabuf.readers);
    const int come = (readable ? POLLIN : 0) | (writable ? POLLOUT : 0);
    return static_cast<short>(come & events);
}

short poll_sync_file(const FakeFences& fences, short events) {
    return all_over(fences) ? static_cast<short>(POLLIN & events) : short{0};
}

} // namespace simplealloc::test
