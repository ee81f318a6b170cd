// SPDX-License-Identifier: MIT
// Of nodes the device tree tells; ACPI shows it nowhere.
#include "lib/discovery/reach/coherency.hpp"

#include "lib/discovery/limits/buses.hpp"
#include "lib/discovery/reach/dma_ranges.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace simplealloc {

namespace {

struct Coherency {
    bool coherent;
    Confidence confidence;
    std::string origin;
};

bool starts_with_one_of(const std::string& text, std::initializer_list<std::string_view> starts) {
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

bool is_x86(const std::string& machine) {
    return machine == "x86_64" ||
           (machine.size() == 4 && machine.front() == 'i' && machine.ends_with("86"));
}

/// CONFIG_ARCH_DMA_DEFAULT_COHERENT, or an architecture whose caches need no care.
bool coherent_by_default(const std::string& machine) {
    return starts_with_one_of(machine, {"riscv", "ppc", "s390", "loongarch"});
}

/// Inherited down the device tree, ended by either property (drivers/of/address.c
/// of_dma_is_coherent()); else as the architecture has it.
Coherency coherency_of(const std::string& node, const device_tree::Phandles& phandles,
                       const std::string& machine) {
    std::string at = node;
    for (unsigned depth = 0; !at.empty() && depth < device_tree::max_depth; ++depth) {
        for (const auto& [property, coherent] :
             {std::pair("dma-coherent", true), std::pair("dma-noncoherent", false)})
            if (device_tree::has(at, property))
                return {coherent, Confidence::known, at + "/" + property};
        at = dma_parent_of(at, phandles);
    }
    return {coherent_by_default(machine), Confidence::known, node};
}

/// Without a node: nobody configured a platform device, so that it is what device_initialize()
/// makes of it (drivers/base/core.c dma_default_coherent), unless ACPI did.
Coherency coherency_without_node(const std::vector<DmaHardware>& hardware, const Reach& reach,
                                 const std::string& machine) {
    const bool by_acpi = std::any_of(hardware.begin(), hardware.end(), [](const DmaHardware& part) {
        kernel::Stat stat;
        return questions::stat(part.syspath + "/firmware_node", stat) >= 0;
    });
    const bool arm = starts_with_one_of(machine, {"aarch64", "arm"});
    if (arm && !by_acpi && bus_kind(reach.bus).platform)
        return {false, Confidence::known, "default on " + machine + " for a device without a node"};
    return {true, Confidence::assumed, "default without a device tree"};
}

} // namespace

void find_coherency(const std::vector<DmaHardware>& hardware, const device_tree::Phandles& phandles,
                    DeviceRecord& record) {
    const auto set = [&](Coherency coherency) {
        record.reach.coherent = record.reach.coherent && coherency.coherent;
        record.facts.push_back({"coherent", coherency.coherent ? "yes" : "no", coherency.confidence,
                                std::move(coherency.origin)});
    };
    const std::string machine = kernel::machine();
    if (is_x86(machine))
        return set({true, Confidence::known, "default for x86"});
    if (record.reach.bus == "usb")
        return set({true, Confidence::assumed, "default for USB devices: the CPU copies"});
    bool described = false;
    for (const DmaHardware& part : hardware) {
        // A PCI function is configured with the node of its host bridge, even where it has one of
        // its own (drivers/pci/pci-driver.c pci_dma_configure()).
        const std::string& node = part.node.empty() || part.on_pci ? part.bus : part.node;
        if (node.empty())
            continue;
        described = true;
        set(coherency_of(node, phandles, machine));
    }
    if (!described)
        set(coherency_without_node(hardware, record.reach, machine));
}

} // namespace simplealloc
