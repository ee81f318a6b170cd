// SPDX-License-Identifier: MIT
// What the memory of a source is.
#pragma once

#include <simplealloc/constraints.hpp>

#include <cstdint>
#include <optional>

namespace simplealloc {

/// How much of a buffer's memory lies in one run of addresses.
enum class OfferContiguity : std::uint8_t {
    physical,      ///< all, of physical memory
    device_domain, ///< all, in the address space of the source's own device only
    chunks,        ///< runs of SourceOffer::chunk_size
    scattered,     ///< single pages
    unknown,       ///< nobody said: satisfies no requirement
};

/// How the CPU maps a buffer.
enum class CpuCaching : std::uint8_t {
    cached,
    write_combined, ///< or uncached: reading is slow
    unmappable,     ///< not at all
    unknown,        ///< nobody said
};

/// What a source guarantees of its memory. How each is known is in SourceInfo::facts.
struct SourceOffer {
    OfferContiguity contiguity = OfferContiguity::unknown; ///< of one dma-buf
    std::uint64_t chunk_size = 0;                          ///< bytes, where it is chunks
    /// CPU physical addresses that the memory may have, from the first to the last.
    std::uint64_t min_address = 0;
    std::uint64_t max_address = no_limit;     ///< see min_address
    CpuCaching caching = CpuCaching::unknown; ///< of every mapping
    /// It gives cached or write-combined memory as the request's CpuAccess wants it; then `caching`
    /// is not looked at.
    bool caching_selectable = false;
    std::optional<bool> zeroed;                  ///< when it is allocated; nothing: nobody knows
    MemoryKind memory_kind = MemoryKind::system; ///< whose memory it is
    bool protected_memory = false;               ///< out of the CPU's reach, and of most devices'
    std::uint64_t max_size = no_limit;           ///< bytes of one dma-buf
    std::uint64_t max_total = no_limit;          ///< bytes of all its dma-bufs together
};

} // namespace simplealloc
