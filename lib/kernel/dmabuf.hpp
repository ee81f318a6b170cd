// SPDX-License-Identifier: MIT
// What every dma-buf can be asked, whoever exported it.
#pragma once

#include <simplealloc/buffer.hpp>
#include <simplealloc/result.hpp>

#include <cstdint>
#include <string>

namespace simplealloc::dmabuf {

/// Whether it is one, by its filesystem: nothing is done to it. Fails with invalid for any other
/// file, however large; the file's owner is not asked, who could let the caller wait.
Result<void> check(int fd);

/// Whether both are the same dma-buf. Before Linux 5.3 dma-bufs have no inodes of their own: then
/// only a descriptor is the same as itself.
bool is_same(int a, int b);

/// Exporter from fdinfo, inode from fstat. `fd` is borrowed.
Result<DmaBufInfo> info(int fd);

/// Bytes, by lseek: what an allocation's own answer says may be rounded less.
Result<std::uint64_t> size(int fd);

/// DMA_BUF_IOCTL_SYNC, repeated a bounded number of times while it is interrupted or busy. Zero or
/// a negative errno: who calls it has to put things straight before there is an Error, which takes
/// memory.
int sync(int fd, std::uint64_t flags) noexcept;
Error sync_failure(int sys_errno, std::uint64_t flags);

/// What DMA_BUF_SYNC_* calls it.
std::uint32_t direction(Access access) noexcept;

/// A sync_file of what has to be over before such an access; unsupported before Linux 6.0.
Result<Fence> export_sync_file(int fd, Access access);

/// Makes later accesses wait for the work behind `sync_file`, which accesses the dma-buf so.
Result<void> import_sync_file(int fd, int sync_file, Access access);

/// Becomes ready when devices are done with what forbids such an access.
Pollable pollable(int fd, Access access) noexcept;

/// Cut to the 31 bytes that the kernel keeps.
Result<void> set_name(int fd, const std::string& name);

} // namespace simplealloc::dmabuf
