// SPDX-License-Identifier: MIT
// IOMMU group, PCI DMA mask and coherency. Only PCI shows its masks.
#include "lib/discovery/reach.hpp"

#include "lib/kernel.hpp"

#include <charconv>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr unsigned default_mask_bits = 32;

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

std::string parent_of(const std::string& syspath) {
    return syspath.substr(0, syspath.rfind('/'));
}

/// The nearest of the device and its ancestors that has an attribute; empty when none has.
std::string nearest_with(const std::string& syspath, const std::string& name) {
    for (std::string at = syspath; at.size() > std::string_view("/sys/devices").size();
         at = parent_of(at))
        if (exists(at + "/" + name))
            return at;
    return {};
}

/// A domain of type identity, blocked or unmanaged does not translate for the kernel's DMA API
/// (drivers/iommu/iommu.c iommu_group_show_type()).
void find_iommu(const std::string& hardware, DeviceRecord& record) {
    if (hardware.empty()) {
        record.facts.push_back({"iommu", "none", Confidence::known, "sysfs"});
        return;
    }
    const std::string group = hardware + "/iommu_group";
    std::string resolved;
    const std::string number = kernel::real_path(group, resolved) >= 0
                                   ? resolved.substr(resolved.rfind('/') + 1)
                                   : std::string("?");
    const auto type = attribute(group + "/type");
    record.reach.translated = type == "DMA" || type == "DMA-FQ";
    record.facts.push_back({"iommu",
                            fmt::format("group {}, {}", number, type.value_or("type unknown")),
                            type ? Confidence::known : Confidence::unknown, group + "/type"});
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

void find_coherency(const std::string& hardware, DeviceRecord& record) {
#if defined(__x86_64__) || defined(__i386__)
    (void)hardware;
    record.facts.push_back({"coherent", "yes", Confidence::known, "default for x86"});
#else
    // Inherited down the device tree, ended by either property (drivers/of/address.c
    // of_dma_is_coherent()). ACPI shows it nowhere.
    const std::string described = nearest_with(hardware, "of_node");
    const std::string yes = nearest_with(hardware, "of_node/dma-coherent");
    const std::string no = nearest_with(hardware, "of_node/dma-noncoherent");
    if (described.empty()) {
        record.facts.push_back(
            {"coherent", "yes", Confidence::assumed, "default without a device tree"});
        return;
    }
    record.reach.coherent = yes.size() > no.size();
    record.facts.push_back({"coherent", record.reach.coherent ? "yes" : "no", Confidence::known,
                            (record.reach.coherent ? yes : described) + "/of_node"});
#endif
}

} // namespace

void find_reach(const udev::Node& node, DeviceRecord& record) {
    record.reach.bus = node.parent_subsystem.empty() ? "virtual" : node.parent_subsystem;
    record.facts.push_back(
        {"bus", record.reach.bus, Confidence::known,
         node.parent_syspath.empty() ? node.syspath : node.parent_syspath + "/subsystem"});
    find_coherency(node.parent_syspath, record);
    // The host controller does a USB device's DMA, into buffers of its own.
    if (record.reach.bus == "usb")
        return;
    // Children of a PCI function (virtio, platform cells) use its masks and its IOMMU group.
    find_mask(nearest_with(node.parent_syspath, "dma_mask_bits"), record);
    find_iommu(nearest_with(node.parent_syspath, "iommu_group"), record);
}

} // namespace simplealloc
