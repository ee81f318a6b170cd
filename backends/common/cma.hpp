// SPDX-License-Identifier: MIT
// What is known of the kernel's CMA areas.
#pragma once

#include "backends/common/cma_area.hpp"
#include "lib/source/backend.hpp"

namespace simplealloc {

/// A source of CMA memory can't give more than all areas together hold. Nothing is said where the
/// kernel has no such area. `confidence`: that its memory is CMA at all.
void limit_to_cma(SourceRecord& source, Confidence confidence = Confidence::known);

/// The same for contiguous memory that a driver allocates for its device, unless the device tree
/// gives the device a pool of its own.
void limit_to_cma(SourceRecord& source, const DeviceRecord& device);

/// Narrows a source of one area to where that is and to what it holds.
void place_in_cma(SourceRecord& source, const CmaArea& area);

} // namespace simplealloc
