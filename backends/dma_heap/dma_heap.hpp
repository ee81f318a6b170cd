// SPDX-License-Identifier: MIT
// /dev/dma_heap/*: the kernel's own pools, bound to no device.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::dma_heap {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::dma_heap
