// SPDX-License-Identifier: MIT
// What the memory of a source is.
#pragma once

#include <simplealloc/constraints.h>
#include <simplealloc/request.h>

SIMPLEALLOC_BEGIN_C

/// How much of a buffer's memory lies in one run of addresses.
enum simplealloc_offer_contiguity {
    SIMPLEALLOC_OFFER_CONTIGUITY_PHYSICAL,      ///< all, of physical memory
    SIMPLEALLOC_OFFER_CONTIGUITY_DEVICE_DOMAIN, ///< all, in the address space of its own device
    SIMPLEALLOC_OFFER_CONTIGUITY_CHUNKS,        ///< runs of simplealloc_source_offer::chunk_size
    SIMPLEALLOC_OFFER_CONTIGUITY_SCATTERED,     ///< single pages
    SIMPLEALLOC_OFFER_CONTIGUITY_UNKNOWN,       ///< nobody said: satisfies no requirement
};

/// How the CPU maps a buffer.
enum simplealloc_cpu_caching {
    SIMPLEALLOC_CPU_CACHING_CACHED,
    SIMPLEALLOC_CPU_CACHING_WRITE_COMBINED, ///< or uncached: reading is slow
    SIMPLEALLOC_CPU_CACHING_UNMAPPABLE,     ///< not at all
    SIMPLEALLOC_CPU_CACHING_UNKNOWN,        ///< nobody said
};

/// What a source guarantees of its memory. How each is known is in simplealloc_source::facts. This
/// struct never grows.
struct simplealloc_source_offer {
    enum simplealloc_offer_contiguity contiguity; ///< of one dma-buf
    uint64_t chunk_size;                          ///< bytes, where it is chunks
    uint64_t min_address; ///< CPU physical addresses that the memory may have, from the first
    uint64_t max_address; ///< to this one
    enum simplealloc_cpu_caching caching; ///< of every mapping
    bool caching_selectable; ///< cached or write-combined, as the request's cpu wants it; then
                             ///< `caching` is not looked at
    enum simplealloc_choice zeroed;           ///< when it is allocated; DEFAULT: nobody knows
    enum simplealloc_memory_kind memory_kind; ///< whose memory it is
    bool protected_memory;                    ///< out of the CPU's reach, and of most devices'
    uint64_t max_size;                        ///< bytes of one dma-buf; UINT64_MAX: no limit
    uint64_t max_total;                       ///< likewise, of all its dma-bufs together
};

SIMPLEALLOC_END_C
