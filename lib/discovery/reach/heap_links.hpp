// SPDX-License-Identifier: MIT
// Links from a device to a dma-heap that works for it.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/udev.hpp"

namespace simplealloc {

/// Fills `record.heap_links`. A series of 2023 (dma_heap_create_device_link()) has such a link in
/// the device's folder; no released kernel does, so mostly there is none.
void find_heap_links(const udev::Node& node, DeviceRecord& record);

} // namespace simplealloc
