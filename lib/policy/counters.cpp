// SPDX-License-Identifier: MIT
// Counts what became of one source's buffers, or of all.
#include "lib/policy/counters.hpp"

namespace simplealloc {

namespace {

void raise(std::atomic<std::uint64_t>& peak, std::uint64_t value) noexcept {
    std::uint64_t known = peak;
    while (known < value && !peak.compare_exchange_weak(known, value)) {
    }
}

} // namespace

void Counters::born(std::uint64_t bytes, bool fallback) noexcept {
    raise(peak_bytes_, bytes_ += bytes);
    raise(peak_buffers_, ++buffers_);
    ++allocations_;
    if (fallback)
        ++fallbacks_;
}

void Counters::died(std::uint64_t bytes) noexcept {
    bytes_ -= bytes;
    --buffers_;
}

void Counters::failed(Cause cause) {
    const std::lock_guard lock(mutex_);
    ++rare_.failures[cause];
}

void Counters::imported(std::span<const Verification> imports) {
    const std::lock_guard lock(mutex_);
    for (const Verification& import : imports) {
        if (!import.imported)
            ++rare_.imports_untested;
        else if (*import.imported)
            ++rare_.imports_passed;
        else
            ++rare_.imports_refused;
    }
}

SourceStats Counters::read() const {
    const std::lock_guard lock(mutex_);
    SourceStats stats = rare_;
    stats.bytes = bytes_;
    stats.peak_bytes = peak_bytes_;
    stats.buffers = buffers_;
    stats.peak_buffers = peak_buffers_;
    stats.allocations = allocations_;
    stats.fallbacks = fallbacks_;
    return stats;
}

} // namespace simplealloc
