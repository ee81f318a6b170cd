// SPDX-License-Identifier: MIT
// Reserved-memory nodes, and cma= as kernel/dma/contiguous.c reads it.
#include "backends/cma_window.hpp"

#include "lib/kernel.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <vector>

namespace simplealloc {

namespace {

constexpr const char* regions = "/proc/device-tree/reserved-memory";

/// Big-endian cells of 32 bits.
std::vector<std::uint32_t> cells(const std::string& path) {
    std::string bytes;
    std::vector<std::uint32_t> out;
    if (kernel::read_file(path, bytes) < 0)
        return out;
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        std::uint32_t cell = 0;
        for (std::size_t j = 0; j < 4; ++j)
            cell = cell << 8U | static_cast<unsigned char>(bytes[i + j]);
        out.push_back(cell);
    }
    return out;
}

/// As many cells as a number has; 0 is a number of its own.
std::uint64_t number(const std::vector<std::uint32_t>& list, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 32U | list[at + i];
    return value;
}

/// From the lowest to the highest of the ranges in a property; no origin when there is none.
CmaWindow window_of(const std::string& property) {
    const auto one = [](const char* name) {
        const auto list = cells(std::string(regions) + "/" + name);
        return list.size() == 1 && list[0] == 1 ? 1U : 2U;
    };
    const std::size_t address = one("#address-cells");
    const std::size_t size = one("#size-cells");
    const std::vector<std::uint32_t> list = cells(property);
    CmaWindow window{no_limit, 0, {}};
    for (std::size_t at = 0; at + address + size <= list.size(); at += address + size) {
        const std::uint64_t start = number(list, at, address);
        const std::uint64_t length = number(list, at + address, size);
        std::uint64_t end = 0;
        if (length == 0 || __builtin_add_overflow(start, length - 1, &end))
            return {};
        window.min_address = std::min(window.min_address, start);
        window.max_address = std::max(window.max_address, end);
        window.origin = property;
    }
    return window.origin.empty() ? CmaWindow() : window;
}

bool exists(const std::string& path) {
    kernel::Stat stat;
    return kernel::stat(path.c_str(), stat) >= 0;
}

/// The region of this name, or for a name that is always the default area's the region that is it.
std::string region_of(const std::string& area) {
    std::vector<std::string> names;
    if (kernel::list_directory(regions, names) < 0)
        return {};
    for (const std::string& name : names) {
        const std::string path = std::string(regions) + "/" + name;
        if (name == area || (area == "default_cma_region" && exists(path + "/linux,cma-default")))
            return path;
    }
    return {};
}

/// lib/cmdline.c memparse(): takes the number off.
std::uint64_t parse_size(std::string_view& text) {
    const std::string copy(text);
    char* end = nullptr;
    std::uint64_t value = std::strtoull(copy.c_str(), &end, 0);
    text.remove_prefix(static_cast<std::size_t>(end - copy.c_str()));
    constexpr std::string_view suffixes = "KMGTPE";
    const std::size_t suffix =
        text.empty() ? std::string_view::npos : suffixes.find(static_cast<char>(text[0] & ~0x20));
    if (suffix != std::string_view::npos) {
        text.remove_prefix(1);
        if (__builtin_mul_overflow(value, std::uint64_t{1} << (10 * (suffix + 1)), &value))
            value = no_limit;
    }
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text[0] != c)
        return false;
    text.remove_prefix(1);
    return true;
}

/// SIZE[@START[-END]], of which END is exclusive: the last one counts.
CmaWindow on_command_line() {
    CmaWindow window;
    std::string text;
    if (kernel::read_file("/proc/cmdline", text) < 0)
        return window;
    constexpr std::string_view option = "cma=";
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (!word.starts_with(option))
            continue;
        std::string_view rest = std::string_view(word).substr(option.size());
        const std::uint64_t size = parse_size(rest);
        window = {};
        if (!take(rest, '@'))
            continue;
        window.min_address = parse_size(rest);
        std::uint64_t end = 0;
        if (take(rest, '-'))
            end = parse_size(rest);
        else if (__builtin_add_overflow(window.min_address, size, &end))
            end = 0;
        window.max_address = end == 0 ? no_limit : end - 1;
        window.origin = "/proc/cmdline " + word;
    }
    return window;
}

/// arch/arm64/mm/init.c keeps an area without a place below the end of the first zone for DMA.
CmaWindow by_architecture() {
    if (kernel::machine() != "aarch64")
        return {};
    std::string text;
    if (kernel::read_file("/proc/zoneinfo", text) < 0)
        return {};
    std::istringstream words(text);
    std::string zone;
    std::uint64_t spanned = 0;
    for (std::string word; words >> word;) {
        std::uint64_t pages = 0;
        if (word == "zone")
            words >> zone;
        else if (word == "spanned")
            words >> spanned;
        else if (word == "start_pfn:" && zone.starts_with("DMA") && words >> pages &&
                 !__builtin_add_overflow(pages, spanned, &pages) && pages != 0 &&
                 !__builtin_mul_overflow(pages, std::uint64_t{kernel::page_size()}, &pages))
            return {0, pages - 1, "/proc/zoneinfo zone " + zone};
    }
    return {};
}

/// What both say; the command line counts within what the architecture allows.
CmaWindow narrowed(CmaWindow window, const CmaWindow& by) {
    if (by.origin.empty() || by.max_address >= window.max_address)
        return window;
    window.max_address = by.max_address;
    window.origin += (window.origin.empty() ? "" : ", ") + by.origin;
    return window;
}

} // namespace

CmaWindow cma_window(const std::string& area) {
    if (const std::string region = region_of(area); !region.empty()) {
        const CmaWindow fixed = window_of(region + "/reg");
        return fixed.origin.empty() ? window_of(region + "/alloc-ranges") : fixed;
    }
    // Only the default area is made without a region.
    if (area != "reserved" && area != "default_cma_region")
        return {};
    return narrowed(on_command_line(), by_architecture());
}

} // namespace simplealloc
