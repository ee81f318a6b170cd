// SPDX-License-Identifier: MIT
// /dev/udmabuf: pages of a memfd as a dma-buf, bound to no device.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::udmabuf {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::udmabuf
