// SPDX-License-Identifier: MIT
// One row per number: its entry, its field, and the values that make sense.
#include "lib/share/wire/entries.hpp"

#include <array>
#include <utility>

namespace simplealloc::wire {
namespace {

template <auto field>
constexpr NumberEntry number(Entry entry, const char* name, std::uint64_t least,
                             std::uint64_t most = no_limit) {
    using Field = std::remove_reference_t<decltype(std::declval<Constraints>().*field)>;
    return {
        entry,
        name,
        [](const CapabilitySet& set) { return static_cast<std::uint64_t>(set.constraints.*field); },
        [](CapabilitySet& set, std::uint64_t value) {
            set.constraints.*field = static_cast<Field>(value);
        },
        least,
        most};
}

constexpr std::array entries{
    number<&Constraints::stride_align>(Entry::stride_align, "stride_align", 1),
    number<&Constraints::offset_align>(Entry::offset_align, "offset_align", 1),
    number<&Constraints::size_align>(Entry::size_align, "size_align", 1),
    number<&Constraints::width_align>(Entry::width_align, "width_align", 1),
    number<&Constraints::height_align>(Entry::height_align, "height_align", 1),
    number<&Constraints::min_stride>(Entry::min_stride, "min_stride", 0),
    number<&Constraints::min_size>(Entry::min_size, "min_size", 0),
    number<&Constraints::tail_padding>(Entry::tail_padding, "tail_padding", 0),
    number<&Constraints::max_stride>(Entry::max_stride, "max_stride", 1),
    number<&Constraints::max_size>(Entry::max_size, "max_size", 1),
    number<&Constraints::max_width>(Entry::max_width, "max_width", 1),
    number<&Constraints::max_height>(Entry::max_height, "max_height", 1),
    number<&Constraints::max_segments>(Entry::max_segments, "max_segments", 1),
    number<&Constraints::max_segment_size>(Entry::max_segment_size, "max_segment_size", 1),
    number<&Constraints::segment_boundary>(Entry::segment_boundary, "segment_boundary", 1),
    number<&Constraints::contiguity>(Entry::contiguity, "contiguity", 0,
                                     static_cast<std::uint64_t>(Contiguity::required)),
    number<&Constraints::min_address>(Entry::min_address, "min_address", 0),
    number<&Constraints::max_address>(Entry::max_address, "max_address", 0),
    NumberEntry{
        Entry::placements, "placements",
        [](const CapabilitySet& set) -> std::uint64_t { return set.constraints.placements.bits; },
        [](CapabilitySet& set, std::uint64_t value) {
            set.constraints.placements.bits = static_cast<std::uint8_t>(value);
        },
        1, Placements::all().bits},
    number<&Constraints::starts_at_zero>(Entry::starts_at_zero, "starts_at_zero", 0, 1),
    number<&Constraints::memory_kinds>(Entry::memory_kinds, "memory_kinds", 1,
                                       Constraints{}.memory_kinds),
    number<&Constraints::protected_memory>(Entry::protected_memory, "protected_memory", 0, 1),
    NumberEntry{
        Entry::import_path, "import_path",
        [](const CapabilitySet& set) { return static_cast<std::uint64_t>(set.import_path); },
        [](CapabilitySet& set, std::uint64_t value) {
            set.import_path = static_cast<ImportPath>(value);
        },
        0, static_cast<std::uint64_t>(ImportPath::vmap)},
    number<&Constraints::stride_align_pixels>(Entry::stride_align_pixels, "stride_align_pixels", 1),
    number<&Constraints::address_align>(Entry::address_align, "address_align", 1),
    number<&Constraints::min_width>(Entry::min_width, "min_width", 0),
    number<&Constraints::min_height>(Entry::min_height, "min_height", 0),
    number<&Constraints::max_offset>(Entry::max_offset, "max_offset", 0),
    number<&Constraints::max_buffers>(Entry::max_buffers, "max_buffers", 1),
};

} // namespace

std::span<const NumberEntry> number_entries() {
    return entries;
}

} // namespace simplealloc::wire
