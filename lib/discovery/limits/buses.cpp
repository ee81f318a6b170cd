// SPDX-License-Identifier: MIT
// Buses of systems on chip whose devices are set up as the platform bus does it.
#include "lib/discovery/limits/buses.hpp"

#include <algorithm>
#include <iterator>

namespace simplealloc {

namespace {

struct Row {
    std::string_view bus;
    BusKind kind;
};

constexpr Row rows[] = {
    // drivers/base/platform.c setup_pdev_dma_masks()
    {"platform", {"platform", true, false}},
    // drivers/of/platform.c of_amba_device_create()
    {"amba", {"platform", true, false}},
    // drivers/gpu/host1x/bus.c host1x_device_add() copies the mask of host1x, and nobody configures
    // the device for DMA: neither the windows nor the coherency of host1x's node are its own.
    {"host1x", {"platform", true, false}},
    // drivers/staging/vc04_services/interface/vchiq_arm/vchiq_bus.c vchiq_device_register()
    // configures its devices with the parent's node.
    {"vchiq-bus", {"platform", true, true}},
    // The DMA API is asked for the parent (drivers/virtio/virtio_ring.c vring_create_virtqueue()).
    {"virtio", {"virtio", false, true}},
};

} // namespace

BusKind bus_kind(std::string_view bus) {
    const auto* found = std::find_if(std::begin(rows), std::end(rows),
                                     [&](const Row& row) { return row.bus == bus; });
    return found == std::end(rows) ? BusKind{bus, false, false} : found->kind;
}

} // namespace simplealloc
