// SPDX-License-Identifier: MIT
// A CPU mapping of a dma-buf, bracketed by DMA_BUF_IOCTL_SYNC.
#pragma once

#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace simplealloc {

/// What the CPU does in its turn.
enum class Access : std::uint8_t {
    read = 1,       ///< its writes would fault
    write = 2,      ///< its reads may be stale
    read_write = 3, ///< both
};

struct CacheFlush;

/// The CPU's turn on a dma-buf: SYNC_START was done when it was made, SYNC_END is done once, by
/// finish() or the destructor. Holds its own reference to the memory: the Buffer may die first. Not
/// for two threads at once.
class SIMPLEALLOC_API Mapping {
public:
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    /// The whole dma-buf; empty after finish(). Reading memory that was mapped with Access::write
    /// alone may show stale data; writing memory mapped with Access::read faults.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {data_, size_}; }

    /// Ends the CPU's turn and unmaps. The destructor does the same but can only log an error.
    Result<void> finish();

    // Library-internal: `fd` is borrowed and duplicated; `flush` may be null.
    static Result<Mapping> create(int fd, std::uint64_t size, Access access,
                                  std::shared_ptr<const CacheFlush> flush);

private:
    Mapping() noexcept = default;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    int fd_ = -1;
    std::uint64_t sync_flags_ = 0;
    std::shared_ptr<const CacheFlush> flush_; ///< null: none is needed
};

} // namespace simplealloc
