// SPDX-License-Identifier: MIT
// /dev/dma_heap/*: the kernel's own pools, bound to no device.
#include "backends/dma_heap.hpp"

#include "backends/cma.hpp"
#include "backends/dma_heap_names.hpp"
#include "backends/source.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/udev.hpp"

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
};

std::vector<Heap> heaps() {
    std::vector<Heap> found;
    int error = 0;
    for (const udev::Node& node : udev::enumerate("dma_heap", error))
        found.push_back({node.sysname, node.devnode});
    // A container may have the nodes without sysfs.
    std::vector<std::string> names;
    if (found.empty() && kernel::list_directory(folder, names) >= 0) {
        for (const std::string& name : names)
            found.push_back({name, folder + name});
    }
    return found;
}

SourceRecord describe(const Heap& heap) {
    // Allocating needs no write access to the node, since the dma-buf's mode is a field of its own.
    SourceRecord source = make_source("dma-heap", heap.name, heap.path, "dma_heap", false);
    solver::Offer& offer = source.input.offer;
    kernel::Stat stat;
    const std::string area = "/sys/kernel/mm/cma/" + heap_base_name(heap.name);
    const HeapKnowledge known = heap_knowledge(heap.name, kernel::stat(area.c_str(), stat) >= 0);
    offer.contiguity = known.contiguity;
    offer.caching = known.caching;
    offer.zeroed = known.zeroed;
    offer.protected_memory = known.protected_memory;
    offer.scarce = known.cma || known.protected_memory;
    offer.max_address = std::min(offer.max_address, known.max_address);
    add_contiguity_fact(source, known.confidence, known.origin);
    add_caching_fact(source, known.confidence, known.origin);
    add_zeroed_fact(source, known.confidence, known.origin);
    add_mode_fact(source);
    if (known.max_address != no_limit)
        source.facts.push_back({"max-address", fmt::format("{:#x}", known.max_address),
                                known.confidence, known.origin});
    if (known.cma) {
        limit_to_cma(source);
        place_in_cma(source, heap_base_name(heap.name));
    }
    return source;
}

Result<UniqueFd> allocate_one(const SourceRecord& source, int heap, std::uint64_t size) {
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
    std::vector<SourceRecord> sources;
    for (const Heap& heap : heaps())
        sources.push_back(describe(heap));
    return sources;
}

Result<RawBuffer> allocate(const SourceRecord& source, const AllocationSpec& spec) {
    const int opened = kernel::open(source.path.c_str(), O_RDONLY);
    if (opened < 0)
        return source_failure(source, Stage::open, cause_of_open(-opened), -opened, "open");
    const UniqueFd heap = UniqueFd::adopt(opened);
    RawBuffer buffer;
    buffer.layout = spec.layout;
    for (const std::uint64_t size : spec.layout.dmabuf_sizes) {
        auto fresh = allocate_one(source, heap.get(), size);
        if (!fresh)
            return fresh.error();
        if (auto taken = take_dmabuf(buffer, std::move(*fresh), source.input.name); !taken)
            return taken.error();
    }
    return buffer;
}

} // namespace simplealloc::dma_heap
