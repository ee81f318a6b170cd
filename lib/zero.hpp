// SPDX-License-Identifier: MIT
// Clears memory that may hold what its last owner left.
#pragma once

#include "lib/buffer_data.hpp"

#include <simplealloc/result.hpp>

#include <optional>

namespace simplealloc {

/// Clears the dma-bufs, unless `zeroed` says that the source did it, and puts it into the fact
/// `zeroed`. Memory out of the CPU's reach, and images that are not linear, keep what they have,
/// and the fact. To be done before a device attaches: its DMA mapping then takes dirty cache lines
/// along, whatever the exporter's sync does.
Result<void> clear_memory(BufferData& buffer, std::optional<bool> zeroed);

} // namespace simplealloc
