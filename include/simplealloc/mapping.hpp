// SPDX-License-Identifier: MIT
// The CPU's turn on a dma-buf, bracketed by DMA_BUF_IOCTL_SYNC.
#pragma once

#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace simplealloc {

/// Who does what: the CPU in its turn, or a device in its work.
enum class Access : std::uint8_t {
    read = 1,       ///< its writes may fault
    write = 2,      ///< its reads may be stale
    read_write = 3, ///< both
};

class CpuMemory;

/// The CPU's turn on a dma-buf, ended once, by finish() or the destructor. Turns on a Buffer nest
/// and overlap: the kernel hears of the first (SYNC_START) and the last (SYNC_END) of each
/// direction, so a device may look when the last turn is over. Holds its own reference to the
/// memory: the Buffer may die first. One Mapping is not for two threads at once; several are
/// independent.
class SIMPLEALLOC_API Mapping {
public:
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    /// The whole dma-buf, at an address that is the same in all turns; empty after finish(). Memory
    /// that was mapped with Access::write alone may show stale data. Writing with Access::read
    /// faults unless the Buffer was also mapped for writing, and may never reach a device.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

    /// Ends the CPU's turn. The destructor does the same but can only log an error. The turn is
    /// over even when it fails.
    Result<void> finish();

private:
    friend class Internal;
    Mapping(std::shared_ptr<CpuMemory> memory, Access access, std::span<std::byte> bytes) noexcept;
    std::shared_ptr<CpuMemory> memory_; ///< null when the turn is over
    Access access_;
    std::span<std::byte> bytes_;
};

} // namespace simplealloc
