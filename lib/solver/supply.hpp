// SPDX-License-Identifier: MIT
// Whether a source's dma-bufs are right for a layout: their sizes, and the segments they come in.
#pragma once

#include "lib/solver/model.hpp"
#include "lib/solver/objection.hpp"

#include <optional>

namespace simplealloc::solver {

/// Bytes up to which a dma-buf has no more segments than the use takes. `need` is normal.
std::uint64_t segment_room(const SourceInput& source, const UseInput& use, const Constraints& need,
                           std::uint64_t page_size);

std::optional<Objection> check_segments(const SourceInput& source, const UseInput& use,
                                        const Constraints& need, const Layout& layout,
                                        std::uint64_t page_size);

/// Against the source's limits, and against the memory that is left.
std::optional<Objection> check_size(const Offer& offer, const Layout& layout,
                                    std::uint64_t available_memory);

} // namespace simplealloc::solver
