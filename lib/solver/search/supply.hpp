// SPDX-License-Identifier: MIT
// Whether a source's dma-bufs are right for a layout: their sizes, and the segments they come in.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/objection.hpp"

#include <optional>

namespace simplealloc::solver {

/// Bytes up to which a dma-buf has no more segments than the use takes. `need` is normal.
std::uint64_t segment_room(const SourceInput& source, const UseInput& use, const Constraints& need,
                           std::uint64_t page_size);

std::optional<Objection> check_segments(const SourceInput& source, const UseInput& use,
                                        const Constraints& need, const Layout& layout,
                                        std::uint64_t page_size);

/// Against the source's limits, what quotas leave, and the memory that is left.
std::optional<Objection> check_size(const Input& input, const SourceInput& source,
                                    const Layout& layout);

} // namespace simplealloc::solver
