// SPDX-License-Identifier: MIT
// IOMMU group, DMA mask, coherency, and what the device tree says of buses and memory. Only PCI
// shows its masks.
#include "lib/discovery/reach/reach.hpp"

#include "lib/base/parse_number.hpp"
#include "lib/discovery/limits/buses.hpp"
#include "lib/discovery/reach/coherency.hpp"
#include "lib/discovery/reach/dma_hardware.hpp"
#include "lib/discovery/reach/dma_ranges.hpp"
#include "lib/discovery/reach/reserved_memory.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr unsigned default_mask_bits = 32;
constexpr std::uint64_t default_mask = 0xffffffff;

/// One attribute, without the newline.
std::optional<std::string> attribute(const std::string& path) {
    std::string text;
    if (questions::read_file(path, text) < 0)
        return std::nullopt;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

bool exists(const std::string& path) {
    std::string resolved;
    return questions::real_path(path, resolved) >= 0;
}

/// The nearest of the device and its ancestors that has an attribute; empty when none has.
std::string nearest_with(const std::string& syspath, const std::string& name) {
    for (std::string at = syspath; at.size() > std::string_view("/sys/devices").size();
         at.resize(at.rfind('/')))
        if (exists(at + "/" + name))
            return at;
    return {};
}

struct Iommu {
    std::string group;  ///< in sysfs; empty: none
    std::string number; ///< of the group
    std::optional<std::string> type;

    /// A domain of type identity, blocked or unmanaged does not translate for the kernel's DMA API
    /// (drivers/iommu/iommu.c iommu_group_show_type()).
    [[nodiscard]] bool translates() const { return type == "DMA" || type == "DMA-FQ"; }
};

Iommu iommu_of(const std::string& hardware) {
    const std::string at = nearest_with(hardware, "iommu_group");
    if (at.empty())
        return {};
    std::string resolved;
    Iommu iommu;
    iommu.group = at + "/iommu_group";
    iommu.number = questions::real_path(iommu.group, resolved) >= 0
                       ? resolved.substr(resolved.rfind('/') + 1)
                       : std::string("?");
    iommu.type = attribute(iommu.group + "/type");
    return iommu;
}

/// Where sysfs does not show the hardware, its node tells whether it is behind one at all
/// (drivers/iommu/of_iommu.c of_iommu_configure_device()).
Fact iommu_of_unshown(const DmaHardware& part, const DeviceRecord& record) {
    if (!part.node.empty() && !device_tree::has(part.node, "iommus"))
        return {"iommu", "none", Confidence::known, part.node};
    return {"iommu", "sysfs does not show what does its DMA", Confidence::unknown, record.path};
}

/// All that do DMA have to be behind one. A driver that attaches a domain of its own makes one run
/// of any pages whatever its group's default domain does, which is all that the group tells; but
/// what it imports the kernel maps for the device of the node first (drivers/gpu/drm/drm_prime.c
/// drm_gem_prime_import(): `dev->dev`), and that device's group decides whether the mask counts.
void find_iommu(const udev::Node& node, const std::vector<DmaHardware>& hardware,
                DeviceRecord& record) {
    const auto domain = find_value(record.quirks, "iommu-domain");
    const bool own = domain && domain->text == "own";
    bool translated = !hardware.empty();
    bool all_behind = !hardware.empty();
    for (const DmaHardware& part : hardware) {
        if (part.syspath.empty()) {
            translated = all_behind = false;
            record.facts.push_back(iommu_of_unshown(part, record));
            continue;
        }
        const Iommu iommu = iommu_of(part.syspath);
        if (iommu.group.empty()) {
            translated = all_behind = false;
            record.facts.push_back({"iommu", "none", Confidence::known, "sysfs " + part.syspath});
            continue;
        }
        translated = translated && iommu.translates();
        std::string text =
            fmt::format("group {}, {}", iommu.number, iommu.type.value_or("type unknown"));
        Confidence confidence = iommu.type ? Confidence::known : Confidence::unknown;
        std::string origin = iommu.group + "/type";
        if (own) {
            text += ", the driver has a domain of its own";
            confidence = domain->confidence;
            origin += ", " + domain->origin;
        } else if (iommu.translates() && !part.node.empty() && record.subsystem == "drm" &&
                   !domain) {
            // Display drivers of systems on chip like to replace the domain that is shown.
            confidence = Confidence::assumed;
        }
        record.facts.push_back({"iommu", std::move(text), confidence, std::move(origin)});
    }
    record.reach.own_domain = own && all_behind;
    record.reach.translated = own ? exists(node.parent_syspath + "/iommu_group") &&
                                        iommu_of(node.parent_syspath).translates()
                                  : translated;
}

/// The features of a virtio device; empty when it is another. virtio-gpu's node stands on the
/// transport, which the device is below (drivers/gpu/drm/virtio/virtgpu_drv.c virtio_gpu_probe()).
std::string virtio_features(const udev::Node& node) {
    const std::string features = node.parent_syspath + "/features";
    if (node.parent_subsystem == "virtio")
        return features;
    std::vector<std::string> names;
    if (node.parent_syspath.empty() || questions::list_directory(node.parent_syspath, names) < 0)
        return {};
    const auto device = std::find_if(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("virtio");
    });
    return device == names.end() ? std::string()
                                 : node.parent_syspath + "/" + *device + "/features";
}

/// A virtio device without VIRTIO_F_ACCESS_PLATFORM is given physical addresses: neither IOMMU nor
/// mask nor caches concern it (include/linux/virtio_config.h virtio_has_dma_quirk()). Nothing where
/// the device is another, or has the feature.
std::optional<std::string> bypasses_dma_api(const udev::Node& node) {
    constexpr std::size_t access_platform = 33;
    std::string path = virtio_features(node);
    const std::string bits = path.empty() ? path : attribute(path).value_or("");
    if (bits.size() <= access_platform || bits[access_platform] != '0')
        return std::nullopt;
    return path;
}

void describe_bypass(const udev::Node& node, const std::string& origin, DeviceRecord& record) {
    Reach& reach = record.reach;
    const Iommu iommu = iommu_of(node.parent_syspath);
    record.facts.push_back(
        {"iommu",
         iommu.group.empty()
             ? "none"
             : fmt::format("group {}, bypassed: the device has no iommu_platform", iommu.number),
         Confidence::known, origin});
    record.facts.push_back({"coherent", "yes", Confidence::known, origin});
    reach.mask_known = true;
    reach.mask_origin = origin;
}

void find_mask(const std::string& function, DeviceRecord& record) {
    if (function.empty())
        return;
    const std::string path = function + "/dma_mask_bits";
    const unsigned bits = parse_number<unsigned>(attribute(path).value_or("")).value_or(0);
    if (bits == 0 || bits > 64)
        return;
    // The PCI core starts with 32; only a driver says more, or that it means it.
    if (bits == default_mask_bits && !exists(function + "/driver")) {
        record.facts.push_back({"dma-mask-bits", "32, no driver bound", Confidence::unknown, path});
        return;
    }
    Reach& reach = record.reach;
    reach.mask_known = true;
    reach.mask_origin = path;
    reach.max_address = bits == 64 ? no_limit : (std::uint64_t{1} << bits) - 1;
    record.facts.push_back({"dma-mask-bits", std::to_string(bits), Confidence::known, path});
}

/// The pool that a `memory-region` of the hardware leads to (drivers/of/of_reserved_mem.c
/// of_reserved_mem_device_init_by_idx()); other memory there is for a firmware.
std::optional<DevicePool> pool_of(const DmaHardware& part,
                                  const std::vector<ReservedMemory>& regions) {
    const std::string property = part.node + "/memory-region";
    const auto phandles = device_tree::cells(property);
    for (const std::uint32_t phandle : phandles.value_or(std::vector<std::uint32_t>())) {
        const auto memory =
            std::find_if(regions.begin(), regions.end(), [&](const ReservedMemory& one) {
                return phandle != 0 && one.phandle == phandle;
            });
        if (memory != regions.end() && memory->shared_dma_pool &&
            (memory->reusable || memory->no_map))
            return DevicePool{memory->name,  memory->node, memory->reusable,
                              memory->range, memory->size, property};
    }
    return std::nullopt;
}

/// A pool says where the driver's own memory is from. Mapping what it imports has nothing to do
/// with it (kernel/dma/mapping.c: only dma_alloc_attrs() looks at it), but some hardware that has
/// one reaches nothing else, as codecs whose firmware counts from its beginning.
void find_pools(const std::vector<DmaHardware>& hardware, DeviceRecord& record) {
    const bool any = std::any_of(hardware.begin(), hardware.end(), [](const DmaHardware& part) {
        return !part.node.empty() && device_tree::has(part.node, "memory-region");
    });
    if (!any)
        return;
    const std::vector<ReservedMemory> regions = reserved_memory();
    for (const DmaHardware& part : hardware) {
        const auto pool = part.node.empty() ? std::nullopt : pool_of(part, regions);
        if (!pool)
            continue;
        record.facts.push_back(
            {pool->cma ? "cma-area" : "memory-pool", pool->name, Confidence::known, pool->origin});
        if (!pool->cma && record.subsystem == "video4linux") {
            record.imports = false;
            record.import_confidence = Confidence::assumed;
            record.import_origin = fmt::format("{}: pool {} of its own", pool->origin, pool->name);
        }
        if (!record.reach.pool)
            record.reach.pool = pool;
    }
}

/// What the platform bus and its like give a device of the device tree whose driver asks for no
/// other.
void assume_mask(DeviceRecord& record) {
    Reach& reach = record.reach;
    if (reach.mask_known || !bus_kind(reach.bus).platform || reach.buses.empty())
        return;
    reach.mask_known = true;
    reach.max_address = default_mask;
    reach.mask_confidence = Confidence::assumed;
    reach.mask_origin = fmt::format("default for {} devices: a mask of 32 bits", reach.bus);
}

/// What a bus on the way of the device's DMA makes of its addresses.
struct Way {
    DmaRanges ranges;
    bool whole = false; ///< of the first bus: what is seen from there replaces the device's own
};

std::vector<Way> ways_of(const Reach& reach, const device_tree::Phandles& phandles) {
    std::vector<Way> ways;
    for (const std::string& first : reach.buses)
        if (auto ranges = dma_ranges(first, phandles))
            ways.push_back({std::move(*ranges), reach.buses.front() == first});
    return ways;
}

/// Makes CPU addresses of bus addresses; false where one of the ways lets none of them through.
bool go_through(const std::vector<Way>& ways, Reach& reach, std::vector<Fact>& facts) {
    const AddressRange bus{reach.min_address, reach.max_address};
    bool reaches = true;
    for (const Way& way : ways) {
        const std::string& origin = way.ranges.origin;
        const auto window = reachable(way.ranges, bus);
        facts.push_back(
            {"dma-window",
             window ? fmt::format("{:#x}-{:#x}", window->first, window->last) : "nothing",
             Confidence::known, origin});
        // A tree that can't be understood limits nothing: the kernel would have refused it.
        if (!window) {
            reaches = reaches && way.ranges.windows.empty();
            continue;
        }
        reach.min_address = way.whole ? window->first : std::max(reach.min_address, window->first);
        reach.max_address = way.whole ? window->last : std::min(reach.max_address, window->last);
        reach.mask_origin =
            reach.mask_known ? fmt::format("{}, {}", origin, reach.mask_origin) : origin;
        reach.mask_known = true;
    }
    return reaches;
}

/// A mask that nobody has seen can't be right where it reaches no RAM at all: a device that works
/// has another.
void forget_false_mask(const std::vector<Way>& ways, const Ram& ram, DeviceRecord& record) {
    Reach& reach = record.reach;
    if (!reach.mask_known || reach.mask_confidence == Confidence::known || reach.translated)
        return;
    Reach tried = reach;
    std::vector<Fact> ignored;
    if (go_through(ways, tried, ignored) && ram.within({tried.min_address, tried.max_address}))
        return;
    record.facts.push_back({"max-address",
                            fmt::format("unknown: no RAM lies at {:#x} to {:#x}, as is assumed",
                                        tried.min_address, tried.max_address),
                            Confidence::unknown, reach.mask_origin + ", /proc/zoneinfo"});
    reach.mask_known = false;
    reach.min_address = 0;
    reach.max_address = no_limit;
    reach.mask_confidence = Confidence::known;
    reach.mask_origin.clear();
}

void add_bounces(const Ram& ram, DeviceRecord& record) {
    const Reach& reach = record.reach;
    const AddressRange all = ram.all();
    if (reach.translated || !reach.mask_known || !ram.known())
        return;
    std::vector<std::string> parts;
    if (reach.min_address > all.first)
        parts.push_back(fmt::format("what lies below {:#x}, and RAM begins at {:#x}",
                                    reach.min_address, all.first));
    if (reach.max_address < all.last)
        parts.push_back(fmt::format("what lies above {:#x}, and RAM reaches {:#x}",
                                    reach.max_address, all.last));
    if (!parts.empty())
        record.facts.push_back({"bounces", fmt::format("{}", fmt::join(parts, "; ")),
                                reach.mask_confidence, reach.mask_origin + ", /proc/zoneinfo"});
}

} // namespace

void find_reach(const udev::Node& node, const device_tree::Phandles& phandles,
                DeviceRecord& record) {
    record.reach.bus = node.parent_subsystem.empty() ? "virtual" : node.parent_subsystem;
    record.facts.push_back(
        {"bus", record.reach.bus, Confidence::known,
         node.parent_syspath.empty() ? node.syspath : node.parent_syspath + "/subsystem"});
    if (const auto bypass = bypasses_dma_api(node))
        return describe_bypass(node, *bypass, record);
    const std::vector<DmaHardware> hardware = dma_hardware(node, phandles, record);
    find_coherency(hardware, phandles, record);
    // The host controller does a USB device's DMA, into buffers of its own.
    if (record.reach.bus == "usb")
        return;
    for (const DmaHardware& part : hardware)
        if (!part.bus.empty())
            record.reach.buses.push_back(part.bus);
    // Children of a PCI function (virtio, platform cells) use its masks and its IOMMU group.
    find_mask(nearest_with(node.parent_syspath, "dma_mask_bits"), record);
    find_iommu(node, hardware, record);
    find_pools(hardware, record);
}

void translate_reach(const device_tree::Phandles& phandles, DeviceRecord& record) {
    assume_mask(record);
    const std::vector<Way> ways = ways_of(record.reach, phandles);
    const Ram ram;
    forget_false_mask(ways, ram, record);
    go_through(ways, record.reach, record.facts);
    add_bounces(ram, record);
}

} // namespace simplealloc
