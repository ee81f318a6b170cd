// SPDX-License-Identifier: MIT
// Clears memory that may hold what its last owner left.
#pragma once

#include "lib/buffer/data.hpp"

#include <simplealloc/result.hpp>

#include <optional>
#include <vector>

namespace simplealloc {

/// Clears the dma-bufs, unless `zeroed` says that the source did it; whether that was done. Memory
/// out of the CPU's reach, and images that are not linear, keep what they have. To be done before a
/// device attaches: its DMA mapping then takes dirty cache lines along, whatever the exporter's
/// sync does.
Result<bool> clear_memory(const BufferData& buffer, std::optional<bool> zeroed);

/// Puts it into the fact `zeroed`.
void note_cleared(std::vector<Fact>& facts);

} // namespace simplealloc
