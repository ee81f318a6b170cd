// SPDX-License-Identifier: MIT
// As drivers/of/address.c reads `dma-ranges`: from the device up, the first one that is not empty
// counts, and its CPU side goes through those above it.
#include "lib/discovery/reach/dma_ranges.hpp"

#include <algorithm>
#include <limits>

namespace simplealloc {

namespace {

constexpr const char* property = "/dma-ranges";

std::uint64_t last_of(std::uint64_t first, std::uint64_t size) {
    return first + (size - 1);
}

/// Entries are: address on this bus, address on the bus above, size.
std::vector<DmaWindow> windows_of(const std::string& bus, const std::string& above,
                                  const std::vector<std::uint32_t>& cells) {
    const auto [address, size] = device_tree::cell_counts(bus);
    const unsigned outer = device_tree::cell_counts(above).address;
    std::vector<DmaWindow> windows;
    if (address > 3 || outer > 3 || size > 2 || address + outer + size == 0)
        return windows;
    const std::span<const std::uint32_t> all(cells);
    const std::size_t length = address + outer + size;
    for (std::size_t at = 0; at + length <= all.size(); at += length) {
        const DmaWindow window{
            device_tree::number_in(all.subspan(at, address)).value_or(0),
            device_tree::number_in(all.subspan(at + address, outer)).value_or(0),
            device_tree::number_in(all.subspan(at + address + outer, size)).value_or(0)};
        constexpr std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
        if (window.size != 0 && window.size - 1 <= end - window.bus &&
            window.size - 1 <= end - window.cpu)
            windows.push_back(window);
    }
    return windows;
}

/// The CPU's address for one of the bus `bus`, which all buses above have to let through.
std::optional<std::uint64_t> translate(std::string bus, std::uint64_t address,
                                       const device_tree::Phandles& phandles) {
    for (unsigned depth = 0; depth < device_tree::max_depth; ++depth) {
        const std::string above = dma_parent_of(bus, phandles);
        if (above.empty())
            return address;
        const auto cells = device_tree::cells(bus + property);
        if (!cells)
            return std::nullopt;
        if (!cells->empty()) {
            const auto windows = windows_of(bus, above, *cells);
            const auto in = std::find_if(windows.begin(), windows.end(), [&](const DmaWindow& w) {
                return address >= w.bus && address <= last_of(w.bus, w.size);
            });
            if (in == windows.end())
                return std::nullopt;
            address = in->cpu + (address - in->bus);
        }
        bus = above;
    }
    return std::nullopt;
}

} // namespace

std::string dma_parent_of(const std::string& node, const device_tree::Phandles& phandles) {
    const auto names = device_tree::strings(node + "/interconnect-names");
    const auto name = std::find(names.begin(), names.end(), "dma-mem");
    const auto cells = device_tree::cells(node + "/interconnects");
    if (name == names.end() || !cells)
        return device_tree::parent_of(node);
    // Each entry is a phandle and as many numbers as its node says.
    std::size_t at = 0;
    for (auto skipped = names.begin(); at < cells->size(); ++skipped) {
        const std::string provider = phandles.node((*cells)[at]);
        if (provider.empty())
            break;
        if (skipped == name)
            return provider;
        const auto count = device_tree::cells(provider + "/#interconnect-cells");
        if (!count || count->size() != 1 || count->front() > cells->size())
            break;
        at += 1 + count->front();
    }
    return device_tree::parent_of(node);
}

std::optional<DmaRanges> dma_ranges(const std::string& bus, const device_tree::Phandles& phandles) {
    std::string node = bus;
    std::optional<std::vector<std::uint32_t>> cells;
    bool seen = false;
    for (unsigned depth = 0; !node.empty() && depth < device_tree::max_depth; ++depth) {
        cells = device_tree::cells(node + property);
        if (cells && !cells->empty())
            break;
        // of_dma_get_range(): an empty one translates nothing, a missing one ends the search.
        if (seen && !cells)
            return std::nullopt;
        seen = true;
        node = dma_parent_of(node, phandles);
    }
    if (node.empty() || !cells || cells->empty())
        return std::nullopt;
    DmaRanges found;
    found.origin = node + property;
    const std::string above = dma_parent_of(node, phandles);
    for (DmaWindow window : windows_of(node, above, *cells))
        if (const auto cpu = translate(above, window.cpu, phandles);
            cpu && window.size - 1 <= std::numeric_limits<std::uint64_t>::max() - *cpu) {
            window.cpu = *cpu;
            found.windows.push_back(window);
        }
    return found;
}

std::optional<AddressRange> reachable(const DmaRanges& ranges, AddressRange usable) {
    std::vector<AddressRange> parts;
    for (const DmaWindow& window : ranges.windows) {
        const std::uint64_t first = std::max(window.bus, usable.first);
        const std::uint64_t last = std::min(last_of(window.bus, window.size), usable.last);
        if (first <= last)
            parts.push_back({window.cpu + (first - window.bus), window.cpu + (last - window.bus)});
    }
    std::sort(parts.begin(), parts.end(),
              [](const AddressRange& a, const AddressRange& b) { return a.first < b.first; });
    std::optional<AddressRange> longest;
    AddressRange run;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool joins = i > 0 && (parts[i].first <= run.last || parts[i].first - 1 == run.last);
        run = joins ? AddressRange{run.first, std::max(run.last, parts[i].last)} : parts[i];
        if (!longest || run.last - run.first > longest->last - longest->first)
            longest = run;
    }
    return longest;
}

} // namespace simplealloc
