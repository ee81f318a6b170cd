// SPDX-License-Identifier: MIT
// What some memory needs after CPU writes besides DMA_BUF_IOCTL_SYNC.
#pragma once

#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

namespace simplealloc {

/// Shared by a Buffer and its Mappings, because either may outlive the other.
struct CacheFlush {
    UniqueFd node;
    /// Writes the CPU caches of a dma-buf back to memory, by a call on `node`.
    Result<void> (*run)(int node, int dmabuf) = nullptr;
};

} // namespace simplealloc
