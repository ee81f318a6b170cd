// SPDX-License-Identifier: MIT
// What a process holds and what the machine has of dma-bufs, counted: whatever leaks shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <vector>

namespace guest {

/// Counted when it is made.
struct Census {
    Census();
    std::size_t descriptors; ///< open in this process
    std::size_t mappings;    ///< of dma-bufs in this process
    std::size_t dmabufs;     ///< of the whole machine
    /// The next GEM handle of each open DRM node: the lowest number that is free, so that a new one
    /// tells of a handle that was left open before it.
    std::vector<std::uint32_t> gem_handles;

    bool operator==(const Census&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Census& census);

/// Counts again until it is `before`, or ten seconds are over: the last reference of a dma-buf may
/// be dropped from a work queue.
Census settle(const Census& before);

/// The bytes of this process that are in memory, after the C library gave back what it could.
std::uint64_t resident();

} // namespace guest
