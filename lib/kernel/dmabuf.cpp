// SPDX-License-Identifier: MIT
// What every dma-buf can be asked, whoever exported it.
#include "lib/kernel/dmabuf.hpp"
#include "lib/base/internal.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/descriptor.hpp"
#include "lib/kernel/kernel.hpp"

#include <cerrno>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <poll.h>
#include <string_view>

namespace simplealloc::dmabuf {

namespace {

/// An exporter that waits for a busy device answers EAGAIN each time; forever is a hang.
constexpr int sync_attempts = 1000;

/// DMA_BUF_NAME_LEN less the terminating zero: a longer name is EINVAL, not cut.
constexpr std::size_t name_bytes = 31;

/// The two calls came with Linux 6.0, and need CONFIG_SYNC_FILE.
Error fence_failure(int sys_errno, const char* detail) {
    if (sys_errno != ENOTTY)
        return failure(Stage::sync, cause_of(sys_errno), sys_errno, "dma-buf", detail);
    return failure(Stage::sync, Cause::unsupported, sys_errno, "dma-buf", detail,
                   "use Linux 6.0 or later with CONFIG_SYNC_FILE; Buffer::wait() and poll() of the "
                   "dma-buf wait for devices on every kernel");
}

/// The value of a line `key:\tvalue` of fdinfo; empty when there is none.
std::string fdinfo_value(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(key))
            continue;
        line.remove_prefix(key.size());
        if (!line.starts_with(':'))
            continue;
        line.remove_prefix(std::min(line.find_first_not_of(": \t"), line.size()));
        return std::string(line);
    }
    return {};
}

/// Not in the middle of a UTF-8 sequence.
std::string cut(const std::string& name) {
    if (name.size() <= name_bytes)
        return name;
    std::size_t end = name_bytes;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U)
        --end;
    return name.substr(0, end);
}

/// Of a kernel before 5.3, where all dma-bufs share the inode of anonymous files. No direction is
/// EINVAL to a dma-buf (drivers/dma-buf/dma-buf.c) and an unknown call, ENOTTY, to most others; the
/// rest of those have no size.
bool is_anonymous_dmabuf(int fd) {
    dma_buf_sync request = {};
    return kernel::ioctl(fd, DMA_BUF_IOCTL_SYNC, &request) == -EINVAL && kernel::seek_end(fd) > 0;
}

} // namespace

Result<void> check(int fd) {
    std::uint32_t magic = 0;
    const int result = kernel::filesystem(fd, magic);
    if (result < 0)
        return failure(Stage::import_fd, result == -EBADF ? Cause::invalid : cause_of(-result),
                       -result, "dma-buf", "ask for its filesystem");
    if (magic != 0 && is_only_path(fd))
        return failure(Stage::import_fd, Cause::invalid, 0, "descriptor",
                       "it is only a path (O_PATH)");
    if (magic == DMA_BUF_MAGIC || (magic == ANON_INODE_FS_MAGIC && is_anonymous_dmabuf(fd)))
        return {};
    return failure(Stage::import_fd, Cause::invalid, 0, "descriptor", "it is no dma-buf");
}

bool is_same(int a, int b) {
    if (a == b)
        return true;
    std::uint32_t magic = 0;
    kernel::Stat first;
    kernel::Stat second;
    return kernel::filesystem(a, magic) >= 0 && magic == DMA_BUF_MAGIC &&
           kernel::fstat(a, first) >= 0 && kernel::fstat(b, second) >= 0 &&
           first.dev == second.dev && first.inode == second.inode;
}

Result<std::uint64_t> size(int fd) {
    const std::int64_t end = kernel::seek_end(fd);
    if (end < 0) {
        const int error = static_cast<int>(-end);
        return failure(Stage::layout, cause_of(error), error, "dma-buf", "seek to its end");
    }
    return static_cast<std::uint64_t>(end);
}

Result<DmaBufInfo> info(int fd) {
    kernel::Stat stat;
    if (const int result = kernel::fstat(fd, stat); result < 0)
        return failure(Stage::layout, cause_of(-result), -result, "dma-buf", "fstat");
    DmaBufInfo out;
    out.inode = stat.inode;
    // The exporter's name helps people only, and a sandbox may lack /proc: it stays empty then.
    std::string text;
    if (kernel::read_file("/proc/self/fdinfo/" + std::to_string(fd), text) >= 0)
        out.exporter = fdinfo_value(text, "exp_name");
    return out;
}

int sync(int fd, std::uint64_t flags) noexcept {
    int result = 0;
    for (int attempt = 0; attempt < sync_attempts; ++attempt) {
        dma_buf_sync request = {};
        request.flags = flags;
        result = kernel::ioctl(fd, DMA_BUF_IOCTL_SYNC, &request);
        if (result != -EAGAIN && result != -EINTR)
            break;
    }
    return result;
}

Error sync_failure(int sys_errno, std::uint64_t flags) {
    return failure(Stage::sync, cause_of(sys_errno), sys_errno, "dma-buf",
                   (flags & DMA_BUF_SYNC_END) != 0 ? "end CPU access" : "begin CPU access");
}

std::uint32_t direction(Access access) noexcept {
    switch (access) {
    case Access::read:
        return DMA_BUF_SYNC_READ;
    case Access::write:
        return DMA_BUF_SYNC_WRITE;
    case Access::read_write:
        break;
    }
    return DMA_BUF_SYNC_RW;
}

Result<Fence> export_sync_file(int fd, Access access) {
    dma_buf_export_sync_file request = {};
    request.flags = direction(access);
    request.fd = -1;
    const int result = kernel::ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request);
    if (result < 0)
        return fence_failure(-result, "export a sync_file");
    return Internal::make<Fence>(UniqueFd::adopt(request.fd));
}

Result<void> import_sync_file(int fd, int sync_file, Access access) {
    dma_buf_import_sync_file request = {};
    request.flags = direction(access);
    request.fd = sync_file;
    const int result = kernel::ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &request);
    // The flags are right, so what is left to be wrong is the caller's descriptor.
    if (result == -EINVAL)
        return failure(Stage::sync, Cause::invalid, EINVAL, "dma-buf",
                       "import a sync_file: the descriptor is none");
    if (result < 0)
        return fence_failure(-result, "import a sync_file");
    return {};
}

Pollable pollable(int fd, Access access) noexcept {
    // Readers wait for writers; who writes waits for all.
    return {fd, static_cast<short>(access == Access::read ? POLLIN : POLLOUT)};
}

Result<void> set_name(int fd, const std::string& name) {
    std::string text = cut(name);
    const int result = kernel::ioctl(fd, DMA_BUF_SET_NAME, text.data());
    if (result < 0)
        return failure(Stage::allocate, cause_of(-result), -result, "dma-buf",
                       "set the name '" + text + "'");
    return {};
}

} // namespace simplealloc::dmabuf
