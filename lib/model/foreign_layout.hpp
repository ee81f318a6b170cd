// SPDX-License-Identifier: MIT
// A layout that somebody else describes: completed where it is silent, refused where it can't be.
#pragma once

#include <simplealloc/layout.hpp>
#include <simplealloc/result.hpp>

namespace simplealloc::solver {

/// Fills in the sizes of planes that have none, and the placement where the planes tell it;
/// `layout.dmabuf_sizes` must be the real ones. Fails with invalid where planes, format, modifier
/// and dma-bufs don't fit together. Of a layout that is not linear only the sizes can be checked.
Result<void> complete(Layout& layout);

} // namespace simplealloc::solver
