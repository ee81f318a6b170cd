// SPDX-License-Identifier: MIT
// What the type of an ION heap, or a quirk row, says of its memory.
#include "backends/ion/heaps.hpp"

#include "lib/base/ini.hpp"
#include "lib/base/names.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace simplealloc::ion {

namespace {

enum Type : std::uint32_t { system, system_contig, carveout, chunk, dma };

constexpr Names<VendorMemory, 4> memories({
    {VendorMemory::scattered, "scattered"},
    {VendorMemory::contiguous, "contiguous"},
    {VendorMemory::protected_memory, "protected"},
    {VendorMemory::unknown, "unknown"},
});

VendorHeap parse(const std::string& word, const std::string& origin) {
    const std::size_t first = word.find(':');
    const std::size_t last = word.rfind(':');
    return {static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 10)),
            word.substr(first + 1, last - first - 1),
            memories.parse(std::string_view(word).substr(last + 1)).value_or(VendorMemory::unknown),
            origin};
}

void describe_protected(HeapKnowledge& heap) {
    heap.contiguity = solver::OfferContiguity::unknown;
    heap.caching = solver::CpuCaching::unmappable;
    heap.caching_selectable = false;
    heap.zeroed.reset();
    heap.scarce = true;
    heap.protected_memory = true;
}

void describe_cma(HeapKnowledge& heap, Abi abi, std::optional<bool> zeroed) {
    heap.contiguity = solver::OfferContiguity::physical;
    heap.scarce = true;
    heap.zeroed = zeroed;
    heap.cma = true;
    // It refused ION_FLAG_CACHED with EINVAL.
    if (abi == Abi::legacy) {
        heap.caching_selectable = false;
        heap.caching = solver::CpuCaching::write_combined;
    }
}

void describe_type(HeapKnowledge& heap, std::uint32_t type, Abi abi) {
    // The handle ABI lived on in vendors' forks, whose heaps zero or don't.
    const std::optional<bool> zeroed = abi == Abi::legacy ? std::nullopt : std::optional(true);
    heap.confidence = Confidence::known;
    heap.origin = fmt::format("ION heap type {}", type);
    switch (type) {
    case system:
        heap.contiguity = solver::OfferContiguity::scattered;
        heap.zeroed = zeroed;
        return;
    case system_contig:
        heap.contiguity = solver::OfferContiguity::physical;
        heap.one_block = true;
        return;
    case carveout:
        heap.contiguity = solver::OfferContiguity::physical;
        heap.scarce = true;
        return;
    case chunk:
        heap.contiguity = solver::OfferContiguity::chunks;
        heap.scarce = true;
        return;
    case dma:
        describe_cma(heap, abi, zeroed);
        return;
    default:
        heap.confidence = Confidence::unknown;
        heap.origin.clear();
        heap.undescribed = true;
        heap.scarce = true;
    }
}

void describe_vendor(HeapKnowledge& heap, const VendorHeap& vendor) {
    heap.confidence = Confidence::known;
    heap.origin = vendor.origin;
    heap.undescribed = false;
    heap.scarce = false;
    switch (vendor.memory) {
    case VendorMemory::protected_memory:
        describe_protected(heap);
        return;
    case VendorMemory::contiguous:
        heap.contiguity = solver::OfferContiguity::physical;
        heap.scarce = true;
        return;
    case VendorMemory::scattered:
        heap.contiguity = solver::OfferContiguity::scattered;
        return;
    case VendorMemory::unknown:
        heap.confidence = Confidence::unknown;
        heap.undescribed = true;
        heap.scarce = true;
    }
}

} // namespace

std::vector<VendorHeap> vendor_heaps(const Quirks& quirks) {
    std::vector<VendorHeap> heaps;
    for (const QuirkRowPtr& row : quirks.rows_of("ion")) {
        const auto list = row->values.find("heaps");
        if (list == row->values.end())
            continue;
        for (const std::string& word : ini::words(list->second)) {
            VendorHeap heap = parse(word, row->origin);
            if (std::none_of(heaps.begin(), heaps.end(),
                             [&](const VendorHeap& other) { return other.id == heap.id; }))
                heaps.push_back(std::move(heap));
        }
    }
    return heaps;
}

std::vector<Heap> conventional_heaps() {
    return {{"system", system, system},
            {"system_contig", system_contig, system_contig},
            {"carveout", carveout, carveout},
            {"cma", dma, dma}};
}

HeapKnowledge heap_knowledge(const Heap& heap, Abi abi, const VendorHeap* vendor) {
    HeapKnowledge known;
    describe_type(known, heap.cma ? dma : heap.type, abi);
    if (heap.cma)
        known.origin = fmt::format("ION heap type {} of kernels without carveouts", heap.type);
    if (vendor != nullptr && known.confidence == Confidence::unknown)
        describe_vendor(known, *vendor);
    // Secure memory that the CPU touches can be a bus fault, so a hint is enough.
    if (!known.protected_memory && (heap.name.find("secure") != std::string::npos ||
                                    heap.name.find("protected") != std::string::npos)) {
        describe_protected(known);
        known.undescribed = false;
        known.confidence = Confidence::assumed;
        known.origin = "ION heap name: " + heap.name;
    }
    return known;
}

std::string instance_name(const Heap& heap) {
    std::string_view name = heap.name;
    if (name.starts_with("ion_"))
        name.remove_prefix(4);
    if (name.ends_with("_heap"))
        name.remove_suffix(5);
    std::string written = name.empty() ? fmt::format("heap{}", heap.id) : std::string(name);
    // A list of sources has blanks between its names.
    std::replace(written.begin(), written.end(), ' ', '-');
    return written;
}

} // namespace simplealloc::ion
