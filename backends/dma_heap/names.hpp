// SPDX-License-Identifier: MIT
// What the name of a dma-heap says of its memory.
#pragma once

#include "lib/model/model.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace simplealloc {

struct HeapKnowledge {
    solver::OfferContiguity contiguity = solver::OfferContiguity::unknown;
    solver::CpuCaching caching = solver::CpuCaching::unknown;
    std::optional<bool> zeroed;
    bool cma = false;
    bool protected_memory = false;
    std::uint64_t max_address = no_limit;
    Confidence confidence = Confidence::unknown;
    std::string origin;
};

/// The kernel tells no more of a heap than its name, so this is a table. `cma_area`: what shows
/// that there is a CMA area of that name (a folder of sysfs, a node of the device tree); empty:
/// nothing.
HeapKnowledge heap_knowledge(const std::string& name, const std::string& cma_area);

/// The name without the suffixes that vendors add for a variant of the same memory.
std::string heap_base_name(const std::string& name);

} // namespace simplealloc
