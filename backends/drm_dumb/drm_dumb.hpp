// SPDX-License-Identifier: MIT
// Dumb buffers of a DRM card, exported by PRIME.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::drm_dumb {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::drm_dumb
