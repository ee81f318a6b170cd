// SPDX-License-Identifier: MIT
// Where RAM is and how much of it is left, by procfs.
#include "lib/kernel/memory.hpp"

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <simplealloc/constraints.hpp>

#include <algorithm>
#include <sstream>

namespace simplealloc {

namespace {

/// What /proc/zoneinfo says of one zone. `managed` is what the allocator can give: a zone without
/// any holds reserved pages alone.
struct ZoneText {
    std::string name;
    std::uint64_t spanned = 0;
    std::uint64_t managed = no_limit; ///< not said
};

/// Nothing where the numbers can't be addresses.
std::optional<AddressRange> range_of(std::uint64_t start, std::uint64_t pages) {
    const std::uint64_t page = kernel::page_size();
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    std::uint64_t last = 0;
    if (__builtin_mul_overflow(start, page, &first) || __builtin_mul_overflow(pages, page, &size) ||
        size == 0 || __builtin_add_overflow(first, size - 1, &last))
        return std::nullopt;
    return AddressRange{first, last};
}

} // namespace

std::vector<MemoryZone> memory_zones() {
    std::vector<MemoryZone> zones;
    std::string text;
    if (questions::read_file("/proc/zoneinfo", text) < 0)
        return zones;
    // `start_pfn:` ends what is said of a zone, and is missing for those without pages (mm/vmstat.c
    // zoneinfo_show_print()).
    ZoneText zone;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "zone") {
            zone = {};
            words >> zone.name;
        } else if (word == "spanned") {
            words >> zone.spanned;
        } else if (word == "managed") {
            words >> zone.managed;
        } else if (word == "start_pfn:") {
            std::uint64_t start = 0;
            words >> start;
            if (!words || zone.managed == 0 || zone.spanned == 0)
                continue;
            const auto range = range_of(start, zone.spanned);
            if (!range)
                return {};
            zones.push_back({zone.name, *range});
        }
    }
    return zones;
}

Ram::Ram() : zones_(memory_zones()) {}

std::optional<AddressRange> Ram::within(const AddressRange& window) const {
    if (zones_.empty())
        return window;
    std::optional<AddressRange> hull;
    for (const MemoryZone& zone : zones_)
        if (const auto part = overlap(zone.range, window))
            hull = hull ? AddressRange{std::min(hull->first, part->first),
                                       std::max(hull->last, part->last)}
                        : *part;
    return hull;
}

AddressRange Ram::all() const {
    const AddressRange everything{0, no_limit};
    return within(everything).value_or(everything);
}

std::uint64_t available_memory() {
    std::string text;
    if (questions::read_file("/proc/meminfo", text) < 0)
        return no_limit;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word != "MemAvailable:")
            continue;
        std::uint64_t kibibytes = 0;
        std::uint64_t bytes = 0;
        if (words >> kibibytes && !__builtin_mul_overflow(kibibytes, 1024U, &bytes))
            return bytes;
        break;
    }
    return no_limit;
}

} // namespace simplealloc
