// SPDX-License-Identifier: MIT
// Counts what became of one source's buffers, or of all.
#pragma once

#include <simplealloc/buffer.hpp>
#include <simplealloc/stats.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>

namespace simplealloc {

/// Thread-safe. A buffer's birth and death are atomic additions, since they should cost nothing
/// beside the system call; what fails or is tested has taken its time already.
class Counters {
public:
    void born(std::uint64_t bytes, bool fallback) noexcept;
    void died(std::uint64_t bytes) noexcept;
    void failed(Cause cause);
    void imported(std::span<const Verification> imports);

    /// Without SourceStats::source.
    [[nodiscard]] SourceStats read() const;

private:
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> peak_bytes_ = 0;
    std::atomic<std::uint64_t> buffers_ = 0;
    std::atomic<std::uint64_t> peak_buffers_ = 0;
    std::atomic<std::uint64_t> allocations_ = 0;
    std::atomic<std::uint64_t> fallbacks_ = 0;
    mutable std::mutex mutex_; ///< of the next one
    SourceStats rare_;         ///< failures and imports alone
};

} // namespace simplealloc
