// SPDX-License-Identifier: MIT
// How far RAM reaches and how much of it is left, by procfs.
#include "lib/discovery/device_record.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
#include <sstream>

namespace simplealloc {

std::uint64_t top_of_ram() {
    std::string text;
    if (kernel::read_file("/proc/zoneinfo", text) < 0)
        return no_limit;
    // Each zone says `spanned PAGES` and then `start_pfn: PAGE`; the latter is missing for zones
    // without pages (mm/vmstat.c zoneinfo_show_print()).
    std::uint64_t spanned = 0;
    std::uint64_t end = 0;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "spanned") {
            words >> spanned;
        } else if (word == "start_pfn:") {
            std::uint64_t start = 0;
            std::uint64_t zone_end = 0;
            if (words >> start && !__builtin_add_overflow(start, spanned, &zone_end))
                end = std::max(end, zone_end);
        }
    }
    std::uint64_t bytes = 0;
    if (end == 0 || __builtin_mul_overflow(end, std::uint64_t{kernel::page_size()}, &bytes))
        return no_limit;
    return bytes - 1;
}

std::uint64_t available_memory() {
    std::string text;
    if (kernel::read_file("/proc/meminfo", text) < 0)
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
