// SPDX-License-Identifier: MIT
// Buffers of a V4L2 queue, exported and orphaned.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::v4l2 {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::v4l2
