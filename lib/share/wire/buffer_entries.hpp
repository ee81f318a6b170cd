// SPDX-License-Identifier: MIT
// The entries of a buffer's message.
#pragma once

#include "lib/model/model.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace simplealloc::wire {

inline constexpr std::string_view buffer_magic = "SABF";

/// The numbers are for ever: one that is given up is not given to another entry.
enum class BufferEntry : std::uint16_t {
    image = 1,
    plane = 2,
    dmabuf = 3,
    contiguity = 16,
    chunk_size = 17,
    min_address = 18,
    max_address = 19,
    address_align = 20,
    caching = 21,
    sync_effective = 22,
    zeroed = 23,
    memory_kind = 24,
    protected_memory = 25,
    attachable = 26,
    vmap_stable = 27,
    source = 64,
    driver = 65,
    alias = 66,
    device = 67,
    fact = 68,
    crop = 69,
};

/// A fact of the memory that travels as a 64-bit number. A reader that ignores one could be wrong
/// about the memory: it must understand them all.
struct BufferNumber {
    BufferEntry entry;
    const char* name;
    std::uint64_t (*get)(const solver::Offer&);
    void (*set)(solver::Offer&, std::uint64_t);
    std::uint64_t least;
    std::uint64_t most;
};

namespace detail {
template <auto field>
constexpr BufferNumber number(BufferEntry entry, const char* name, std::uint64_t least,
                              std::uint64_t most) {
    using Field = std::remove_reference_t<decltype(std::declval<solver::Offer&>().*field)>;
    return {
        entry,
        name,
        [](const solver::Offer& offer) { return static_cast<std::uint64_t>(offer.*field); },
        [](solver::Offer& offer, std::uint64_t value) { offer.*field = static_cast<Field>(value); },
        least,
        most};
}
} // namespace detail

/// `zeroed` is 0 for no, 1 for yes, 2 for nobody knows.
inline constexpr std::array buffer_numbers{
    detail::number<&solver::Offer::contiguity>(
        BufferEntry::contiguity, "contiguity", 0,
        static_cast<std::uint64_t>(solver::OfferContiguity::unknown)),
    detail::number<&solver::Offer::chunk_size>(BufferEntry::chunk_size, "chunk_size", 0, no_limit),
    detail::number<&solver::Offer::min_address>(BufferEntry::min_address, "min_address", 0,
                                                no_limit),
    detail::number<&solver::Offer::max_address>(BufferEntry::max_address, "max_address", 0,
                                                no_limit),
    detail::number<&solver::Offer::address_align>(BufferEntry::address_align, "address_align", 1,
                                                  no_limit),
    detail::number<&solver::Offer::caching>(
        BufferEntry::caching, "caching", 0,
        static_cast<std::uint64_t>(solver::CpuCaching::unknown)),
    detail::number<&solver::Offer::sync_effective>(BufferEntry::sync_effective, "sync_effective", 0,
                                                   1),
    BufferNumber{BufferEntry::zeroed, "zeroed",
                 [](const solver::Offer& offer) -> std::uint64_t {
                     return !offer.zeroed ? 2 : *offer.zeroed ? 1 : 0;
                 },
                 [](solver::Offer& offer, std::uint64_t value) {
                     offer.zeroed = value == 2 ? std::nullopt : std::optional(value == 1);
                 },
                 0, 2},
    detail::number<&solver::Offer::memory_kind>(
        BufferEntry::memory_kind, "memory_kind", static_cast<std::uint64_t>(MemoryKind::system),
        static_cast<std::uint64_t>(MemoryKind::device_local)),
    detail::number<&solver::Offer::protected_memory>(BufferEntry::protected_memory,
                                                     "protected_memory", 0, 1),
    detail::number<&solver::Offer::attachable>(BufferEntry::attachable, "attachable", 0, 1),
    detail::number<&solver::Offer::vmap_stable>(BufferEntry::vmap_stable, "vmap_stable", 0, 1),
};

} // namespace simplealloc::wire
