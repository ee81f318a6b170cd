// SPDX-License-Identifier: MIT
// /dev/ion: Android's allocator up to Linux 5.10, bound to no device.
#include "backends/ion/ion.hpp"

#include "backends/common/cma.hpp"
#include "backends/common/cma_area.hpp"
#include "backends/common/source.hpp"
#include "backends/ion/heaps.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::ion {

namespace {

/// The page allocator's largest block, in pages (MAX_PAGE_ORDER, 10 unless configured otherwise).
constexpr std::uint64_t block_pages = 1U << 10U;

/// A heap that takes no type of its own from the vendor's: it is described by its row.
constexpr std::uint32_t vendor_type = 0xffffffff;

/// What a node has, and how that is known.
struct World {
    Abi abi = Abi::legacy;
    std::vector<Heap> heaps;
    std::vector<VendorHeap> vendor;
    bool listed = true; ///< by the kernel: false where the heaps are what such a kernel may have
};

const VendorHeap* vendor_heap(const World& world, std::uint32_t id) {
    const auto found = std::find_if(world.vendor.begin(), world.vendor.end(),
                                    [&](const VendorHeap& heap) { return heap.id == id; });
    return found == world.vendor.end() ? nullptr : &*found;
}

/// In Linux 5.10 the type is that of CMA heaps, whose ids begin at 1. In 5.4 it is that of
/// carveouts, whose ids begin at 2, and 1 is the id of contiguous pages.
void find_modular_cma(std::vector<Heap>& heaps) {
    constexpr std::uint32_t type = 2;
    if (std::none_of(heaps.begin(), heaps.end(),
                     [](const Heap& heap) { return heap.type == type && heap.id == 1; }))
        return;
    for (Heap& heap : heaps)
        heap.cma = heap.type == type;
}

Result<World> explore(const std::string& path, const Quirks& quirks) {
    auto node = open_device_node(path, O_RDONLY, 0);
    if (!node)
        return std::move(node).error();
    auto abi = detect(node->get());
    if (!abi)
        return std::move(abi).error();
    if (*abi == Abi::wide)
        return failure(Stage::discover, Cause::unsupported, 0, path,
                       "its handles have 64 bits, an ABI of some vendors' that nothing here speaks",
                       "use another source of memory, such as a dma-heap");
    World world;
    world.abi = *abi;
    world.vendor = vendor_heaps(quirks);
    auto listed = query_heaps(node->get());
    if (listed) {
        world.heaps = std::move(*listed);
    } else if (world.abi != Abi::legacy) {
        return std::move(listed).error();
    } else {
        world.listed = false;
        for (const VendorHeap& heap : world.vendor)
            world.heaps.push_back({heap.name, vendor_type, heap.id});
        if (world.heaps.empty())
            world.heaps = conventional_heaps();
    }
    if (world.abi == Abi::modern && is_modular(node->get())) {
        world.abi = Abi::modular;
        find_modular_cma(world.heaps);
    }
    return world;
}

/// Names are for people, and two heaps may have the same.
std::string unique_name(const World& world, const Heap& heap) {
    const std::string name = instance_name(heap);
    const bool shared = std::any_of(world.heaps.begin(), world.heaps.end(), [&](const Heap& other) {
        return other.id != heap.id && instance_name(other) == name;
    });
    return shared ? fmt::format("{}-{}", name, heap.id) : name;
}

void limit_to_block(SourceRecord& source, const HeapKnowledge& known) {
    solver::Offer& offer = source.input.offer;
    offer.max_size = block_pages * kernel::page_size();
    offer.max_size_reason = "its memory is one block of the kernel's page allocator";
    source.facts.push_back(
        {"max-size", size_text(offer.max_size), Confidence::assumed, known.origin});
}

/// A vendor's own kind of memory may be anything, also out of the CPU's and of most devices' reach.
void say_undescribed(SourceRecord& source, const Heap& heap) {
    solver::Offer& offer = source.input.offer;
    offer.undescribed =
        heap.type == vendor_type
            ? fmt::format("nobody describes memory of ION heap {}", heap.id)
            : fmt::format("nobody describes memory of ION heap type {}, which is the vendor's own",
                          heap.type);
    offer.undescribed_remedy =
        fmt::format("say what it is in a quirk file: `[ion:board]` with `heaps = {}:{}:scattered` "
                    "(or contiguous, or protected)",
                    heap.id, instance_name(heap));
}

/// ion_cma_heap.c names a heap after its area; that of the handle ABI allocates for a device, which
/// may have memory of its own.
void limit_to_area(SourceRecord& source, const Heap& heap, Abi abi, const CmaAreas& areas) {
    limit_to_cma(source, abi == Abi::legacy ? Confidence::assumed : Confidence::known);
    if (const auto area = areas.area(heap.name); area && abi != Abi::legacy)
        place_in_cma(source, *area);
}

SourceRecord describe(const std::string& path, const World& world, const Heap& heap,
                      const CmaAreas& areas) {
    SourceRecord source = make_source("ion", unique_name(world, heap), path, "misc", false);
    source.heap_id = heap.id;
    const HeapKnowledge known = heap_knowledge(heap, world.abi, vendor_heap(world, heap.id));
    solver::Offer& offer = source.input.offer;
    offer.contiguity = known.contiguity;
    // How long the chunks are is the board's secret; shorter than a page they can't be.
    offer.chunk_size =
        known.contiguity == solver::OfferContiguity::chunks ? kernel::page_size() : 0;
    offer.caching = known.caching;
    offer.caching_selectable = known.caching_selectable;
    offer.zeroed = known.zeroed;
    offer.scarce = known.scarce;
    offer.protected_memory = known.protected_memory;
    if (known.undescribed)
        say_undescribed(source, heap);
    source.facts.push_back({"heap",
                            heap.type == vendor_type
                                ? fmt::format("id {}", heap.id)
                                : fmt::format("id {}, type {}", heap.id, heap.type),
                            world.listed ? Confidence::known : Confidence::assumed,
                            world.listed ? "ION_IOC_HEAP_QUERY" : "ids of kernels without a list"});
    source.facts.push_back(
        {"abi", to_string(world.abi), Confidence::known, "ION_IOC_FREE of no handle"});
    add_contiguity_fact(source, known.confidence, known.origin);
    if (known.caching_selectable)
        source.facts.push_back(
            {"caching", "cached or write-combined", Confidence::known, "ION_FLAG_CACHED"});
    else
        add_caching_fact(source, known.confidence, known.origin);
    add_zeroed_fact(source, known.confidence, known.origin);
    add_mode_fact(source);
    if (known.one_block)
        limit_to_block(source, known);
    if (known.cma)
        limit_to_area(source, heap, world.abi, areas);
    return source;
}

/// The node without its heaps, which nobody could tell.
SourceRecord unusable(const std::string& path, Error error) {
    SourceRecord source = make_source("ion", "", path, "misc", false);
    if (source.input.usable) {
        source.input.usable = false;
        source.input.remedy = std::exchange(error.remedy, {});
        source.input.reason = error.message();
    }
    add_mode_fact(source);
    return source;
}

Result<void> write_back(int node, int dmabuf) {
    return sync(node, dmabuf);
}

class Open final : public OpenNode {
public:
    Open(const SourceRecord& source, UniqueFd node, Abi abi)
        : OpenNode(source, std::move(node)), abi_(abi) {}

    Result<RawBuffer> allocate(const AllocationSpec& spec) override {
        // DMA_BUF_IOCTL_SYNC only maps the buffer there.
        if (is_cached(spec) && abi_ == Abi::legacy && flush_ == nullptr) {
            auto own = UniqueFd::dup(node());
            if (!own) {
                Error error = own.error();
                error.stage = Stage::open;
                error.object = source().path;
                return error;
            }
            flush_ = std::make_shared<const CacheFlush>(CacheFlush{std::move(*own), write_back});
        }
        auto buffer = OpenNode::allocate(spec);
        if (buffer && is_cached(spec))
            buffer->flush = flush_;
        return buffer;
    }

private:
    static bool is_cached(const AllocationSpec& spec) {
        return spec.caching == solver::CpuCaching::cached;
    }
    Result<UniqueFd> make(std::uint64_t size, const AllocationSpec& spec) override {
        return ion::allocate(node(), abi_, {size, source().heap_id, is_cached(spec)});
    }

    Abi abi_;
    std::shared_ptr<const CacheFlush> flush_; ///< null until legacy memory is cached
};

} // namespace

std::vector<SourceRecord> find_with_quirks(const Quirks& quirks) {
    const std::string path = misc_node("ion");
    if (path.empty())
        return {};
    const auto world = explore(path, quirks);
    if (!world) {
        questions::note(world.error().sys_errno);
        return {unusable(path, world.error())};
    }
    const CmaAreas areas;
    std::vector<SourceRecord> sources;
    for (const Heap& heap : world->heaps)
        sources.push_back(describe(path, *world, heap, areas));
    return sources;
}

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>>) {
    return find_with_quirks(Quirks());
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    auto node = open_node(source, O_RDONLY);
    if (!node)
        return std::move(node).error();
    auto abi = detect(node->get());
    if (!abi)
        return std::move(abi).error();
    return std::unique_ptr<OpenSource>(new Open(source, std::move(*node), *abi));
}

} // namespace simplealloc::ion
