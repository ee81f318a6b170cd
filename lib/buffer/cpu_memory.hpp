// SPDX-License-Identifier: MIT
// A dma-buf in the CPU's address space, and whose turn it is.
#pragma once

#include "lib/kernel/cache_flush.hpp"

#include <simplealloc/mapping.hpp>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace simplealloc {

/// Mapped once, until destruction. Turns nest and overlap, also from several threads: the kernel
/// hears of the first and the last one of each direction.
class CpuMemory {
public:
    /// `fd` is borrowed and duplicated, because the turns may outlive whoever owns it; `flush` may
    /// be null.
    static Result<std::shared_ptr<CpuMemory>> create(int fd, std::uint64_t size, Access access,
                                                     std::shared_ptr<const CacheFlush> flush);
    ~CpuMemory();
    CpuMemory(const CpuMemory&) = delete;
    CpuMemory& operator=(const CpuMemory&) = delete;

    /// Each success wants one end() with the same access. Waits for devices as SYNC_START does.
    Result<std::span<std::byte>> begin(Access access);
    Result<void> end(Access access);

private:
    CpuMemory(UniqueFd fd, std::shared_ptr<const CacheFlush> flush)
        : fd_(std::move(fd)), flush_(std::move(flush)) {}

    Result<void> widen(Access access);
    Result<void> end_turns(std::uint32_t last);
    std::uint32_t count(std::uint32_t wanted);
    std::uint32_t discount(std::uint32_t unwanted);

    const UniqueFd fd_;
    const std::shared_ptr<const CacheFlush> flush_;

    std::mutex mutex_;
    std::condition_variable started_;
    std::span<std::byte> bytes_;
    bool writable_ = false;
    std::uint32_t starting_ = 0;         ///< directions that a thread is calling START for
    std::array<std::size_t, 2> turns_{}; ///< open ones that read, that write
};

/// The CpuMemory of each dma-buf of a Buffer, made when it is first wanted. Thread-safe.
class CpuMemories {
public:
    Result<std::shared_ptr<CpuMemory>> get(std::size_t dmabuf, int fd, std::uint64_t size,
                                           Access access,
                                           const std::shared_ptr<const CacheFlush>& flush);
    void clear();

private:
    std::mutex mutex_;
    std::vector<std::shared_ptr<CpuMemory>> memories_;
};

} // namespace simplealloc
