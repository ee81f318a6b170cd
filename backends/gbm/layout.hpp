// SPDX-License-Identifier: MIT
// A GBM buffer as dma-bufs and planes.
#pragma once

#include "backends/gbm/device.hpp"
#include "lib/source/backend.hpp"

namespace simplealloc::gbm {

/// Exports the planes and asks where they are; planes in the same dma-buf share a descriptor.
/// `planned` has image size and format, and for a linear image the lines of each plane; the result
/// has `modifier`. Strides and offsets are not judged here but by the check of the real layout.
Result<RawBuffer> export_image(const Device& device, gbm_bo* bo, const Layout& planned,
                               Modifier modifier);

} // namespace simplealloc::gbm
