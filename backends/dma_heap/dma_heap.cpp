// SPDX-License-Identifier: MIT
// /dev/dma_heap/*: the kernel's own pools, bound to no device.
#include "backends/dma_heap/dma_heap.hpp"

#include "backends/common/cma.hpp"
#include "backends/common/cma_area.hpp"
#include "backends/common/source.hpp"
#include "backends/dma_heap/names.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-heap.h>

namespace simplealloc::dma_heap {

namespace {

constexpr const char* folder = "/dev/dma_heap/";

struct Heap {
    std::string name;
    std::string path;
    std::vector<std::string> duplicates; ///< heaps of the same memory, which are not listed
};

/// The default area's name since Linux 6.17, which with DMABUF_HEAPS_CMA_LEGACY has the old one as
/// well.
constexpr std::string_view lasting_name = "default_cma_region";

std::vector<Heap> heaps() {
    std::vector<Heap> found;
    for (const udev::Node& node : questions::enumerate("dma_heap"))
        found.push_back({node.sysname, node.devnode, {}});
    // A container may have the nodes without sysfs.
    std::vector<std::string> names;
    if (found.empty() && questions::list_directory(folder, names) >= 0) {
        for (const std::string& name : names)
            found.push_back({name, folder + name, {}});
    }
    return found;
}

std::vector<Heap> without_duplicates(std::vector<Heap> heaps, const CmaAreas& areas) {
    const auto lasting = std::find_if(heaps.begin(), heaps.end(),
                                      [](const Heap& heap) { return heap.name == lasting_name; });
    if (lasting == heaps.end())
        return heaps;
    std::vector<Heap> kept;
    std::vector<std::string> duplicates;
    for (Heap& heap : heaps) {
        if (heap.name != lasting_name && areas.is_default(heap.name))
            duplicates.push_back(heap.name);
        else
            kept.push_back(std::move(heap));
    }
    for (Heap& heap : kept)
        if (heap.name == lasting_name)
            heap.duplicates = duplicates;
    return kept;
}

/// Names that the heap has on other kernels, or in short; none that another heap has here.
std::vector<std::string> other_names(const Heap& heap, std::span<const Heap> heaps,
                                     const CmaAreas& areas) {
    std::vector<std::string> names = heap.duplicates;
    const auto add = [&](std::string_view name) {
        const bool taken =
            std::find(names.begin(), names.end(), name) != names.end() ||
            std::any_of(heaps.begin(), heaps.end(), [&](const Heap& h) { return h.name == name; });
        if (!taken)
            names.emplace_back(name);
    };
    if (areas.is_default(heap.name)) {
        for (const std::string_view name : default_cma_names())
            add(name);
        add("cma");
    }
    if (const ReservedMemory* region = areas.region(heap.name)) {
        add(region->name);
        if (areas.region(without_unit(region->name)) == region)
            add(without_unit(region->name));
    }
    return names;
}

/// What shows that there is a CMA area of the name; empty when nothing does.
std::string cma_area_of(const std::string& name, const CmaAreas& areas) {
    const std::string folder = "/sys/kernel/mm/cma/" + name;
    kernel::Stat stat;
    if (questions::stat(folder, stat) >= 0)
        return folder;
    const ReservedMemory* region = areas.region(name);
    return region != nullptr ? region->node : std::string();
}

void describe_names(SourceRecord& source, const Heap& heap, std::span<const Heap> heaps,
                    const CmaAreas& areas) {
    for (const std::string& name : other_names(heap, heaps, areas))
        source.input.aliases.push_back("dma-heap:" + name);
    for (const std::string& name : heap.duplicates)
        source.facts.push_back({"alias", name, Confidence::known,
                                fmt::format("{}{}, DMABUF_HEAPS_CMA_LEGACY", folder, name)});
}

SourceRecord describe(const Heap& heap, std::span<const Heap> heaps, const CmaAreas& areas) {
    // Allocating needs no write access to the node, since the dma-buf's mode is a field of its own.
    SourceRecord source = make_source("dma-heap", heap.name, heap.path, "dma_heap", false);
    solver::Offer& offer = source.input.offer;
    const std::string base = heap_base_name(heap.name);
    const HeapKnowledge known = heap_knowledge(heap.name, cma_area_of(base, areas));
    offer.contiguity = known.contiguity;
    offer.caching = known.caching;
    offer.zeroed = known.zeroed;
    offer.protected_memory = known.protected_memory;
    const bool described = known.confidence != Confidence::unknown;
    offer.scarce = known.cma || known.protected_memory || !described;
    if (!described)
        offer.undescribed = "nobody describes memory of a heap called " + heap.name;
    narrow(offer, {0, known.max_address});
    add_contiguity_fact(source, known.confidence, known.origin);
    add_caching_fact(source, known.confidence, known.origin);
    add_zeroed_fact(source, known.confidence, known.origin);
    add_mode_fact(source);
    if (known.max_address != no_limit)
        source.facts.push_back({"max-address", fmt::format("{:#x}", known.max_address),
                                known.confidence, known.origin});
    describe_names(source, heap, heaps, areas);
    source.input.set_aside = known.cma && areas.region(base) != nullptr && !areas.is_default(base);
    if (known.cma)
        limit_to_cma(source);
    // cma= is about the default area alone, whose heap is also called `cma`, see describe_names().
    if (!areas.is_default(base) && base != "cma")
        offer.max_size_remedy.clear();
    if (const auto area = areas.area(base); known.cma && area)
        place_in_cma(source, *area);
    return source;
}

Result<UniqueFd> allocate_one(const SourceRecord& source, int heap, std::uint64_t size,
                              const AllocationSpec&) {
    // fd must be 0 on input (drivers/dma-buf/dma-heap.c).
    dma_heap_allocation_data request = {};
    request.len = size;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    const int result = kernel::ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request);
    if (result < 0)
        return source_failure(source, Stage::allocate, cause_of(-result), -result,
                              fmt::format("allocate {}", size_text(size)));
    return UniqueFd::adopt(static_cast<int>(request.fd));
}

} // namespace

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>>) {
    const CmaAreas areas;
    const std::vector<Heap> found = without_duplicates(heaps(), areas);
    std::vector<SourceRecord> sources;
    for (const Heap& heap : found)
        sources.push_back(describe(heap, found, areas));
    return sources;
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    return open_with(source, O_RDONLY, allocate_one);
}

} // namespace simplealloc::dma_heap
