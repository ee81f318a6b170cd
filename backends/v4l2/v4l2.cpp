// SPDX-License-Identifier: MIT
// Buffers of a V4L2 queue, exported and orphaned.
#include "backends/v4l2/v4l2.hpp"

#include "backends/common/cma.hpp"
#include "backends/common/source.hpp"
#include "backends/v4l2/queue.hpp"
#include "lib/base/failure.hpp"
#include "lib/discovery/v4l2/choice.hpp"
#include "lib/model/v4l2_formats.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

namespace simplealloc::v4l2 {

namespace {

/// sizeimage has 32 bits, and the memory behind it is made of pages.
constexpr std::uint64_t max_size = 0xfffff000;

bool owns_queue(const DeviceRecord& device) {
    return device.caller_fd && device.queue_access == QueueAccess::lent;
}

Result<RawBuffer> allocate_from(const SourceRecord& source, int fd, std::uint32_t type,
                                bool borrowed, const AllocationSpec& spec) {
    Queue queue(source, fd, type, borrowed);
    // Declared after the queue: its dma-bufs are closed before the queue is given back.
    RawBuffer buffer;
    auto indices = queue.make_buffers(spec.layout.dmabuf_sizes);
    if (!indices)
        return std::move(indices).error();
    for (std::size_t i = 0; i < indices->size(); ++i) {
        auto fresh = queue.export_buffer((*indices)[i], spec.layout.dmabuf_sizes[i]);
        if (!fresh)
            return std::move(fresh).error();
        buffer.dmabufs.push_back(std::move(*fresh));
    }
    // What a queue makes of a size depends on its format too: it is measured each time.
    Layout layout = spec.layout;
    if (auto measured = measure(layout, buffer.dmabufs, source.input.name); !measured)
        return std::move(measured).error();
    buffer.layout = std::make_shared<const Layout>(std::move(layout));
    if (auto released = queue.release(); !released)
        return std::move(released).error();
    return buffer;
}

void describe_memory(SourceRecord& source) {
    const DeviceRecord& device = *source.device;
    solver::Offer& offer = source.input.offer;
    const V4l2Info& info = *device.v4l2;
    const char* name = "unknown";
    switch (info.memory) {
    case V4l2Memory::dma_contig:
        name = "dma-contig";
        offer.contiguity = device.reach.makes_one_run() ? solver::OfferContiguity::device_domain
                                                        : solver::OfferContiguity::physical;
        offer.sync_effective = false;
        break;
    case V4l2Memory::dma_sg:
        name = "dma-sg";
        offer.contiguity = solver::OfferContiguity::scattered;
        offer.caching = solver::CpuCaching::cached;
        break;
    case V4l2Memory::vmalloc:
        name = "vmalloc";
        offer.contiguity = solver::OfferContiguity::scattered;
        offer.caching = solver::CpuCaching::cached;
        offer.sync_effective = false;
        break;
    case V4l2Memory::unknown:
        offer.sync_effective = false;
        break;
    }
    offer.scarce = offer.contiguity == solver::OfferContiguity::physical;
    if (offer.scarce)
        keep_in_reach(source, device.reach);
    add_contiguity_fact(source, info.memory_confidence, info.memory_origin);
    add_caching_fact(source, info.memory_confidence, info.memory_origin);
    add_zeroed_fact(source, Confidence::unknown, {});
    add_mode_fact(source);
    source.facts.push_back(
        {"memory", name,
         info.memory == V4l2Memory::unknown ? Confidence::unknown : info.memory_confidence,
         info.memory_origin});
}

/// The driver says by TRY_FMT how large its tiles make a buffer.
void add_tilings(const V4l2Info& info, std::vector<FormatSupport>& tilings) {
    for (const V4l2Queue& queue : info.queues)
        for (const std::uint32_t pixelformat : queue.pixelformats)
            for (const V4l2Format& format : v4l2_formats(pixelformat))
                if (format.modifier != 0)
                    tilings.push_back({format.fourcc, {format.modifier}, false});
}

SourceRecord describe(const std::shared_ptr<const DeviceRecord>& device) {
    const std::string sysname = device->path.substr(device->path.rfind('/') + 1);
    SourceRecord source = make_source("v4l2", sysname, device->path, "video4linux", true);
    source.device = device;
    solver::SourceInput& input = source.input;
    if (owns_queue(*device)) {
        input.usable = true;
        input.reason.clear();
        input.remedy.clear();
    }
    input.driver = device->driver;
    solver::Offer& offer = input.offer;
    offer.device = device->id;
    offer.max_size = max_size;
    offer.max_size_reason = "a V4L2 buffer is smaller than 4 GiB";
    offer.side_effect = solver::SideEffect::takes_queue;
    add_tilings(*device->v4l2, offer.tilings);
    describe_memory(source);
    describe_exports(source, device->attachable, device->vmap_stable, "buffers");
    limit_to_cma(source, *device);
    return source;
}

Result<RawBuffer> allocate(const SourceRecord& source, const AllocationSpec& spec) {
    const DeviceRecord& device = *source.device;
    UniqueFd own;
    if (device.v4l2->m2m) {
        // Every open of a memory-to-memory node has queues of its own, which go with it.
        auto opened = open_node(source, O_RDWR);
        if (!opened && !owns_queue(device))
            return std::move(opened).error();
        if (opened)
            own = std::move(*opened);
    }
    const int fd = own ? own.get() : device.caller_fd.get();
    Error refused = source_failure(source, Stage::allocate, Cause::unsupported, 0,
                                   "it has no queue that makes buffers");
    for (const std::uint32_t type : making_queues(*device.v4l2, spec.own_uses)) {
        auto buffer = allocate_from(source, fd, type, !own, spec);
        if (buffer || buffer.error().cause != Cause::unsupported)
            return buffer;
        refused = buffer.error();
    }
    return refused;
}

/// Holds no node open: the buffers of a memory-to-memory context go with its node, whatever the
/// kernel thinks of freeing exported ones (it refuses before Linux 5.0).
class Open final : public OpenSource {
public:
    explicit Open(const SourceRecord& source) : source_(source) {}
    Result<RawBuffer> allocate(const AllocationSpec& spec) override {
        return v4l2::allocate(source_, spec);
    }

private:
    const SourceRecord& source_;
};

} // namespace

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices) {
    // Two uses may have asked for the same node, each by itself.
    std::vector<std::shared_ptr<const DeviceRecord>> nodes;
    for (const auto& device : devices) {
        if (!device->v4l2 || !device->exports.value || making_queues(*device->v4l2, {}).empty())
            continue;
        // A camera has one queue for everybody: only its owner may give it away.
        if (!device->v4l2->m2m && !owns_queue(*device))
            continue;
        const auto known = std::find_if(nodes.begin(), nodes.end(),
                                        [&](const auto& node) { return node->id == device->id; });
        if (known == nodes.end())
            nodes.push_back(device);
        else if (owns_queue(*device))
            *known = device;
    }
    std::vector<SourceRecord> sources;
    for (const auto& node : nodes)
        sources.push_back(describe(node));
    return sources;
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    return std::unique_ptr<OpenSource>(new Open(source));
}

} // namespace simplealloc::v4l2
