// SPDX-License-Identifier: MIT
// What every dma-buf can be asked, whoever exported it.
#pragma once

#include <simplealloc/buffer.hpp>
#include <simplealloc/result.hpp>

#include <cstdint>
#include <string>

namespace simplealloc::dmabuf {

/// Exporter from fdinfo, inode from fstat. `fd` is borrowed.
Result<DmaBufInfo> info(int fd);

/// Bytes, by lseek: what an allocation's own answer says may be rounded less.
Result<std::uint64_t> size(int fd);

/// DMA_BUF_IOCTL_SYNC, repeated a bounded number of times while it is interrupted or busy.
Result<void> sync(int fd, std::uint64_t flags);

/// Cut to the 31 bytes that the kernel keeps.
Result<void> set_name(int fd, const std::string& name);

} // namespace simplealloc::dmabuf
