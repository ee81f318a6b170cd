// SPDX-License-Identifier: MIT
// Buffers that a GPU's user-space driver lays out, by libgbm.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::gbm {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::gbm
