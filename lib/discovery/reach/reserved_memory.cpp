// SPDX-License-Identifier: MIT
// Memory that the device tree sets aside: children of /reserved-memory.
#include "lib/discovery/reach/reserved_memory.hpp"

#include "lib/kernel/device_tree.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <limits>

namespace simplealloc {

namespace {

constexpr const char* folder = "/sys/firmware/devicetree/base/reserved-memory";

/// (address, size) pairs; those of size 0 or that don't fit into 64 bits are left out.
std::vector<AddressRange> ranges_in(const std::string& property,
                                    const device_tree::CellCounts& counts) {
    std::vector<AddressRange> ranges;
    const std::size_t length = std::size_t{counts.address} + counts.size;
    const auto cells = device_tree::cells(property);
    if (!cells || counts.address > 2 || counts.size > 2 || length == 0)
        return ranges;
    const std::span<const std::uint32_t> all(*cells);
    for (std::size_t at = 0; at + length <= all.size(); at += length) {
        const auto first = device_tree::number_in(all.subspan(at, counts.address)).value_or(0);
        const auto size =
            device_tree::number_in(all.subspan(at + counts.address, counts.size)).value_or(0);
        if (size != 0 && size - 1 <= std::numeric_limits<std::uint64_t>::max() - first)
            ranges.push_back({first, first + (size - 1)});
    }
    return ranges;
}

std::optional<AddressRange> hull_of(const std::vector<AddressRange>& ranges) {
    std::optional<AddressRange> hull;
    for (const AddressRange& range : ranges)
        hull = hull ? AddressRange{std::min(hull->first, range.first),
                                   std::max(hull->last, range.last)}
                    : range;
    return hull;
}

ReservedMemory describe(const std::string& name, const device_tree::CellCounts& counts) {
    ReservedMemory memory;
    memory.name = name;
    memory.node = std::string(folder) + "/" + name;
    const auto phandle = device_tree::cells(memory.node + "/phandle");
    memory.phandle = phandle && phandle->size() == 1 ? phandle->front() : 0;
    const auto kinds = device_tree::strings(memory.node + "/compatible");
    memory.shared_dma_pool =
        std::find(kinds.begin(), kinds.end(), "shared-dma-pool") != kinds.end();
    memory.reusable = device_tree::has(memory.node, "reusable");
    memory.no_map = device_tree::has(memory.node, "no-map");
    memory.default_area = device_tree::has(memory.node, "linux,cma-default");

    const auto placed = ranges_in(memory.node + "/reg", counts);
    memory.range = hull_of(placed);
    if (memory.range) {
        // The kernel takes the first of several (drivers/of/of_reserved_mem.c).
        memory.size = placed.front().last - placed.front().first + 1;
        return memory;
    }
    memory.range = hull_of(ranges_in(memory.node + "/alloc-ranges", counts));
    if (const auto size = device_tree::cells(memory.node + "/size"))
        memory.size = device_tree::number_in(*size);
    return memory;
}

} // namespace

std::vector<ReservedMemory> reserved_memory() {
    std::vector<ReservedMemory> found;
    std::vector<std::string> names;
    if (questions::list_directory(folder, names) < 0)
        return found;
    const device_tree::CellCounts counts = device_tree::cell_counts(folder);
    for (const std::string& name : names) {
        std::vector<std::string> inside;
        if (questions::list_directory(std::string(folder) + "/" + name, inside) >= 0)
            found.push_back(describe(name, counts));
    }
    return found;
}

} // namespace simplealloc
