// SPDX-License-Identifier: MIT
// IOMMU group, DMA mask, coherency, and what the device tree says of buses and memory. Only PCI
// shows its masks.
#include "lib/discovery/reach.hpp"

#include "lib/discovery/dma_hardware.hpp"
#include "lib/discovery/dma_ranges.hpp"
#include "lib/discovery/memory.hpp"
#include "lib/discovery/reserved_memory.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr unsigned default_mask_bits = 32;
constexpr std::uint64_t default_mask = 0xffffffff;

/// One attribute, without the newline.
std::optional<std::string> attribute(const std::string& path) {
    std::string text;
    if (kernel::read_file(path, text) < 0)
        return std::nullopt;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

bool exists(const std::string& path) {
    std::string resolved;
    return kernel::real_path(path, resolved) >= 0;
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
    iommu.number = kernel::real_path(iommu.group, resolved) >= 0
                       ? resolved.substr(resolved.rfind('/') + 1)
                       : std::string("?");
    iommu.type = attribute(iommu.group + "/type");
    return iommu;
}

/// All that do DMA have to be behind one. A driver that attaches a domain of its own translates
/// whatever its group's default domain does, which is all that the group tells.
void find_iommu(const std::vector<DmaHardware>& hardware, DeviceRecord& record) {
    const auto own = find_value(record.quirks, "iommu-domain");
    record.reach.translated = !hardware.empty();
    for (const DmaHardware& part : hardware) {
        if (part.syspath.empty()) {
            record.reach.translated = false;
            record.facts.push_back({"iommu", "sysfs does not show what does its DMA",
                                    Confidence::unknown, record.path});
            continue;
        }
        const Iommu iommu = iommu_of(part.syspath);
        if (iommu.group.empty()) {
            record.reach.translated = false;
            record.facts.push_back({"iommu", "none", Confidence::known, "sysfs " + part.syspath});
            continue;
        }
        std::string text =
            fmt::format("group {}, {}", iommu.number, iommu.type.value_or("type unknown"));
        Confidence confidence = iommu.type ? Confidence::known : Confidence::unknown;
        std::string origin = iommu.group + "/type";
        if (own && own->text == "own") {
            text += ", the driver has a domain of its own";
            confidence = own->confidence;
            origin += ", " + own->origin;
        } else {
            record.reach.translated = record.reach.translated && iommu.translates();
            // Display drivers of systems on chip like to replace the domain that is shown.
            if (iommu.translates() && !part.node.empty() && record.subsystem == "drm" && !own)
                confidence = Confidence::assumed;
        }
        record.facts.push_back({"iommu", std::move(text), confidence, std::move(origin)});
    }
}

void find_mask(const std::string& function, DeviceRecord& record) {
    if (function.empty())
        return;
    const std::string path = function + "/dma_mask_bits";
    const std::string text = attribute(path).value_or("");
    unsigned bits = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, bits);
    if (error != std::errc{} || stop != end || bits == 0 || bits > 64)
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

bool starts_with_one_of(const std::string& text, std::initializer_list<std::string_view> starts) {
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

/// Inherited down the device tree, ended by either property (drivers/of/address.c
/// of_dma_is_coherent()); else as CONFIG_ARCH_DMA_DEFAULT_COHERENT.
Fact coherency_of(const std::string& node, const device_tree::Phandles& phandles,
                  const std::string& machine) {
    std::string at = node;
    for (unsigned depth = 0; !at.empty() && depth < device_tree::max_depth; ++depth) {
        for (const auto& [property, value] :
             {std::pair("dma-coherent", "yes"), std::pair("dma-noncoherent", "no")})
            if (device_tree::has(at, property))
                return {"coherent", value, Confidence::known, at + "/" + property};
        at = dma_parent_of(at, phandles);
    }
    const bool by_default = starts_with_one_of(machine, {"riscv", "ppc", "s390", "loongarch"});
    return {"coherent", by_default ? "yes" : "no", Confidence::known, node};
}

void find_coherency(const std::vector<DmaHardware>& hardware, const device_tree::Phandles& phandles,
                    DeviceRecord& record) {
    const std::string machine = kernel::machine();
    if (machine == "x86_64" ||
        (machine.size() == 4 && machine.front() == 'i' && machine.ends_with("86"))) {
        record.facts.push_back({"coherent", "yes", Confidence::known, "default for x86"});
        return;
    }
    if (record.reach.bus == "usb") {
        record.facts.push_back(
            {"coherent", "yes", Confidence::assumed, "default for USB devices: the CPU copies"});
        return;
    }
    bool described = false;
    for (const DmaHardware& part : hardware) {
        const std::string node = part.node.empty() ? part.bus : part.node;
        if (node.empty())
            continue;
        described = true;
        Fact fact = coherency_of(node, phandles, machine);
        record.reach.coherent = record.reach.coherent && fact.value == "yes";
        record.facts.push_back(std::move(fact));
    }
    // ACPI shows it nowhere.
    if (!described)
        record.facts.push_back(
            {"coherent", "yes", Confidence::assumed, "default without a device tree"});
}

/// `memory-region` of a device: its pool, if it has one, for memory that the driver allocates.
void find_pools(const std::vector<DmaHardware>& hardware, DeviceRecord& record) {
    const bool any = std::any_of(hardware.begin(), hardware.end(), [](const DmaHardware& part) {
        return !part.node.empty() && device_tree::has(part.node, "memory-region");
    });
    if (!any)
        return;
    const std::vector<ReservedMemory> all = reserved_memory();
    for (const DmaHardware& part : hardware) {
        const std::string property = part.node + "/memory-region";
        const auto phandles = device_tree::cells(property);
        for (const std::uint32_t phandle : phandles.value_or(std::vector<std::uint32_t>())) {
            const auto memory =
                std::find_if(all.begin(), all.end(), [&](const ReservedMemory& one) {
                    return phandle != 0 && one.phandle == phandle;
                });
            if (memory == all.end() || !memory->shared_dma_pool)
                continue;
            if (memory->reusable) {
                record.reach.cma_area = memory->name;
                record.facts.push_back({"cma-area", memory->name, Confidence::known, property});
            } else if (memory->no_map) {
                // Whether it can use other memory at all nobody says.
                record.imports = false;
                record.import_confidence = Confidence::assumed;
                record.import_origin =
                    fmt::format("{}: pool {} of its own", property, memory->name);
                record.facts.push_back({"memory-pool", memory->name, Confidence::known, property});
            }
        }
    }
}

/// What the platform bus gives a device of the device tree whose driver asks for no other
/// (drivers/base/platform.c setup_pdev_dma_masks()).
void assume_mask(DeviceRecord& record) {
    Reach& reach = record.reach;
    if (reach.mask_known || reach.bus != "platform" || reach.buses.empty())
        return;
    reach.mask_known = true;
    reach.max_address = default_mask;
    reach.mask_confidence = Confidence::assumed;
    reach.mask_origin = "default for platform devices: a mask of 32 bits";
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
    find_iommu(hardware, record);
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
