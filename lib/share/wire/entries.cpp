// SPDX-License-Identifier: MIT
// One row per number: its entry, its field, and the values that make sense.
#include "lib/share/wire/entries.hpp"

#include <algorithm>
#include <array>
#include <iterator>
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

constexpr NumberEntry others[] = {
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
};

template <std::size_t row>
constexpr NumberEntry entry_of() {
    constexpr solver::LimitRow limit = solver::limit_rows[row];
    return number<limit.field>(static_cast<Entry>(limit.entry), limit.field_name, limit.least);
}

template <std::size_t... row>
constexpr auto all_entries(std::index_sequence<row...> /*rows*/) {
    std::array<NumberEntry, sizeof...(row) + std::size(others)> all{entry_of<row>()...};
    std::copy(std::begin(others), std::end(others), all.begin() + sizeof...(row));
    std::sort(all.begin(), all.end(),
              [](const NumberEntry& a, const NumberEntry& b) { return a.entry < b.entry; });
    return all;
}

constexpr auto entries = all_entries(std::make_index_sequence<std::size(solver::limit_rows)>());

} // namespace

std::span<const NumberEntry> number_entries() {
    return entries;
}

} // namespace simplealloc::wire
