// SPDX-License-Identifier: MIT
// What all backends do alike: the beginning of a source, its facts, and taking in fresh dma-bufs.
#include "backends/common/source.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/kernel/permission.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/kernel/udev.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <sstream>
#include <utility>

namespace simplealloc {

namespace {

const char* text_of(solver::OfferContiguity contiguity) {
    switch (contiguity) {
    case solver::OfferContiguity::physical:
        return "physical";
    case solver::OfferContiguity::device_domain:
        return "device-domain";
    case solver::OfferContiguity::chunks:
        return "chunks";
    case solver::OfferContiguity::scattered:
        return "scattered";
    case solver::OfferContiguity::unknown:
        break;
    }
    return "unknown";
}

const char* text_of(solver::CpuCaching caching) {
    switch (caching) {
    case solver::CpuCaching::cached:
        return "cached";
    case solver::CpuCaching::write_combined:
        return "write-combined";
    case solver::CpuCaching::unmappable:
        return "unmappable";
    case solver::CpuCaching::unknown:
        break;
    }
    return "unknown";
}

/// From the first to the last address of a PCI function's memory (drivers/pci/pci-sysfs.c
/// resource_show(): begin, end and flags, a line for each).
std::optional<AddressRange> hull_of_bars(const std::string& path) {
    constexpr std::uint64_t is_memory = 0x200; // IORESOURCE_MEM
    std::string text;
    if (questions::read_file(path, text) < 0)
        return std::nullopt;
    std::istringstream numbers(text);
    std::optional<AddressRange> hull;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t flags = 0;
    while (numbers >> std::hex >> begin >> end >> flags)
        if ((flags & is_memory) != 0 && end > begin)
            hull = hull ? AddressRange{std::min(hull->first, begin), std::max(hull->last, end)}
                        : AddressRange{begin, end};
    return hull;
}

/// All that differs is the call.
class PlainNode final : public OpenNode {
public:
    PlainNode(const SourceRecord& source, UniqueFd node, MakeDmaBuf make)
        : OpenNode(source, std::move(node)), make_(make) {}

private:
    Result<UniqueFd> make(std::uint64_t size, const AllocationSpec& spec) override {
        return make_(source(), node(), size, spec);
    }

    MakeDmaBuf make_;
};

} // namespace

std::string misc_node(const std::string& name) {
    if (const auto node = udev::by_name("misc", name))
        return node->devnode;
    // A container may have the node without sysfs.
    const std::string path = "/dev/" + name;
    kernel::Stat stat;
    return questions::stat(path, stat) >= 0 ? path : "";
}

SourceRecord make_source(const char* backend, const std::string& instance, const std::string& path,
                         const std::string& subsystem, bool write) {
    SourceRecord source;
    source.path = path;
    solver::SourceInput& input = source.input;
    input.name = instance.empty() ? backend : fmt::format("{}:{}", backend, instance);
    input.backend = backend;
    input.driver = backend;
    input.offer.granularity = kernel::page_size();
    const AddressRange ram = Ram().all();
    input.offer.min_address = ram.first;
    input.offer.max_address = ram.last;
    const Permission permission = check_permission(path, subsystem, write);
    input.usable = permission.granted;
    input.reason = permission.reason;
    input.remedy = permission.remedy;
    return source;
}

bool narrow(solver::Offer& offer, const AddressRange& window) {
    const auto both = overlap({offer.min_address, offer.max_address}, window);
    const auto ram = both ? Ram().within(*both) : std::nullopt;
    if (!ram)
        return false;
    offer.min_address = ram->first;
    offer.max_address = ram->last;
    return true;
}

void keep_in_reach(SourceRecord& source, const Reach& reach) {
    solver::Offer& offer = source.input.offer;
    if (reach.pool && reach.pool->range && !reach.pool->cma) {
        // kernel/dma/coherent.c dma_alloc_from_dev_coherent() takes no other memory; where a CMA
        // area is full, pages do (kernel/dma/direct.c __dma_direct_alloc_pages()).
        const DevicePool& pool = *reach.pool;
        offer.min_address = pool.range->first;
        offer.max_address = pool.range->last;
        source.facts.push_back({"addresses",
                                fmt::format("{:#x} to {:#x}", offer.min_address, offer.max_address),
                                Confidence::known, pool.node});
        return;
    }
    if (reach.mask_known)
        narrow(offer, {reach.min_address, reach.max_address});
}

void place_device_memory(SourceRecord& source, const DeviceRecord& device) {
    solver::Offer& offer = source.input.offer;
    const std::string path = device.id + "/resource";
    const auto bars = hull_of_bars(path);
    if (!bars) {
        offer.min_address = 0;
        offer.max_address = no_limit;
        return;
    }
    offer.min_address = std::min(offer.min_address, bars->first);
    offer.max_address = std::max(offer.max_address, bars->last);
    source.facts.push_back({"addresses",
                            fmt::format("{:#x} to {:#x}", offer.min_address, offer.max_address),
                            Confidence::known, path});
}

void describe_exports(SourceRecord& source, const Learned<bool>& attachable,
                      const Learned<bool>& stable, const char* memory) {
    solver::Offer& offer = source.input.offer;
    offer.attachable = attachable.value;
    offer.vmap_stable = stable.value;
    std::vector<std::string> reasons;
    std::optional<Evidence> evidence;
    const auto add = [&](const char* fact, const Evidence& by, std::string reason) {
        source.facts.push_back({fact, "no", by.confidence, by.origin});
        reasons.push_back(fmt::format("{} ({})", reason, by.origin));
        evidence = evidence ? both(*evidence, by) : by;
    };
    if (!attachable.value)
        add("attachable", attachable.evidence,
            fmt::format("{} of this driver can't be attached", memory));
    if (!stable.value)
        add("vmap-stable", stable.evidence,
            fmt::format("a kernel mapping of {} of this driver goes stale", memory));
    if (!evidence)
        return;
    offer.attach_reason = fmt::format("{}", fmt::join(reasons, "; "));
    offer.evidence[ConstraintKind::attach] = *evidence;
}

void describe_memory_kind(SourceRecord& source, const DeviceRecord& device, const char* memory) {
    solver::Offer& offer = source.input.offer;
    const Learned<MemoryKind>& kind = device.drm->dumb.memory;
    offer.memory_kind = kind.value;
    offer.peer_to_peer = device.peer_to_peer;
    if (offer.memory_kind == MemoryKind::device_local)
        place_device_memory(source, device);
    source.facts.push_back(
        {"memory-kind", kind.value == MemoryKind::device_local ? "device-local" : "system",
         kind.is_said() ? kind.evidence.confidence : Confidence::assumed,
         kind.is_said() ? kind.evidence.origin : fmt::format("default for {}", memory)});
}

void add_contiguity_fact(SourceRecord& source, Confidence confidence, const std::string& origin) {
    const solver::OfferContiguity known = source.input.offer.contiguity;
    source.facts.push_back(
        {"contiguity", text_of(known),
         known == solver::OfferContiguity::unknown ? Confidence::unknown : confidence, origin});
}

void add_caching_fact(SourceRecord& source, Confidence confidence, const std::string& origin) {
    const solver::CpuCaching known = source.input.offer.caching;
    source.facts.push_back({"caching", text_of(known),
                            known == solver::CpuCaching::unknown ? Confidence::unknown : confidence,
                            origin});
}

void add_zeroed_fact(SourceRecord& source, Confidence confidence, const std::string& origin) {
    const std::optional<bool>& zeroed = source.input.offer.zeroed;
    source.facts.push_back({"zeroed", zeroed ? (*zeroed ? "yes" : "no") : "unknown",
                            zeroed ? confidence : Confidence::unknown, origin});
}

void add_mode_fact(SourceRecord& source) {
    kernel::Stat stat;
    if (questions::stat(source.path, stat) < 0)
        return;
    source.facts.push_back(
        {"mode",
         fmt::format("{:04o}, group {}", stat.mode & 07777U, kernel::group_name(stat.group)),
         Confidence::known, source.path});
}

Result<void> measure(Layout& layout, std::span<const UniqueFd> dmabufs, const std::string& source) {
    for (std::size_t i = 0; i < dmabufs.size(); ++i) {
        const auto size = dmabuf::size(dmabufs[i].get());
        if (!size) {
            Error error = size.error();
            error.object = source;
            return error;
        }
        const std::uint64_t wanted = layout.dmabuf_sizes[i];
        if (*size < wanted)
            return failure(
                Stage::layout, Cause::mismatch, 0, source,
                fmt::format("{} asked, the dma-buf has {}", size_text(wanted), size_text(*size)));
        layout.dmabuf_sizes[i] = *size;
    }
    return {};
}

std::shared_ptr<const Layout> KnownLayout::find(const Layout& asked) const {
    return made_ != nullptr && asked == asked_ ? made_ : nullptr;
}

std::shared_ptr<const Layout> KnownLayout::remember(const Layout& asked, Layout made) {
    asked_ = asked;
    made_ = std::make_shared<const Layout>(std::move(made));
    return made_;
}

Result<RawBuffer> OpenNode::allocate(const AllocationSpec& spec) {
    RawBuffer buffer;
    buffer.dmabufs.reserve(spec.layout.dmabuf_sizes.size());
    for (const std::uint64_t size : spec.layout.dmabuf_sizes) {
        auto fresh = make(size, spec);
        if (!fresh)
            return std::move(fresh).error();
        buffer.dmabufs.push_back(std::move(*fresh));
    }
    buffer.layout = known_.find(spec.layout);
    if (buffer.layout == nullptr) {
        Layout layout = spec.layout;
        if (auto measured = measure(layout, buffer.dmabufs, source_.input.name); !measured)
            return std::move(measured).error();
        buffer.layout = known_.remember(spec.layout, std::move(layout));
    }
    return buffer;
}

Result<UniqueFd> open_node(const SourceRecord& source, int flags) {
    auto opened = open_device_node(source.path, flags,
                                   source.device ? source.device->devnum_of(source.path) : 0);
    if (opened)
        return opened;
    const Error& error = opened.error();
    return source_failure(source, Stage::open, error.cause, error.sys_errno, error.detail);
}

Result<std::unique_ptr<OpenSource>> open_with(const SourceRecord& source, int flags,
                                              MakeDmaBuf make) {
    auto node = open_node(source, flags);
    if (!node)
        return std::move(node).error();
    return std::unique_ptr<OpenSource>(new PlainNode(source, std::move(*node), make));
}

Error source_failure(const SourceRecord& source, Stage stage, Cause cause, int sys_errno,
                     std::string detail) {
    return failure(stage, cause, sys_errno, source.path, std::move(detail),
                   cause == Cause::denied ? source.input.remedy : std::string());
}

} // namespace simplealloc
