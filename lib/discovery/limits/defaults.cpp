// SPDX-License-Identifier: MIT
// The one table of assumptions, by class of device.
#include "lib/discovery/limits/defaults.hpp"

#include "lib/discovery/limits/buses.hpp"

namespace simplealloc {

namespace {

enum class Role { any, display_only, render_only };

struct Row {
    std::string_view subsystem;
    std::string_view bus;
    Role role;
    ClassDefault value;
};

constexpr Row rows[] = {
    {"video4linux",
     "usb",
     Role::any,
     {Contiguity::any, ImportPath::vmap, Confidence::assumed,
      "default for USB V4L2 devices: the CPU copies"}},
    {"video4linux",
     "platform",
     Role::any,
     {Contiguity::required, ImportPath::dma, Confidence::assumed,
      "default for platform V4L2 devices without a translating IOMMU"}},
    {"accel",
     "pci",
     Role::any,
     {Contiguity::any, ImportPath::dma, Confidence::assumed,
      "default for PCI accelerators: they gather pages"}},
    {"drm",
     "pci",
     Role::any,
     {Contiguity::any, ImportPath::dma, Confidence::assumed, "default for PCI graphics"}},
    // Most controllers without a GPU are on the GEM DMA helpers, which import one run only.
    {"drm",
     "platform",
     Role::display_only,
     {Contiguity::required, ImportPath::dma, Confidence::assumed,
      "default for platform displays without a translating IOMMU"}},
    // Small panels: all but one driver are on the same helpers.
    {"drm",
     "spi",
     Role::display_only,
     {Contiguity::required, ImportPath::dma, Confidence::assumed,
      "default for displays on SPI: one run of memory, which the CPU sends"}},
    {"drm",
     "platform",
     Role::render_only,
     {Contiguity::any, ImportPath::dma, Confidence::assumed,
      "default for render-only GPUs: an MMU of their own"}},
};

constexpr ClassDefault no_row{Contiguity::preferred, ImportPath::dma, Confidence::unknown,
                              "no default for this class of device"};

bool has_role(const DeviceRecord& device, Role role) {
    if (role == Role::any)
        return true;
    if (!device.drm)
        return false;
    const bool renders = !device.drm->render_node.empty();
    const bool displays = device.drm->has_connectors || device.drm->kms;
    return role == Role::display_only ? displays && !renders : renders && !displays;
}

} // namespace

const ClassDefault& class_default(const DeviceRecord& device) {
    const std::string_view bus = bus_kind(device.reach.bus).like;
    for (const Row& row : rows)
        if (row.subsystem == device.subsystem && row.bus == bus && has_role(device, row.role))
            return row.value;
    return no_row;
}

} // namespace simplealloc
