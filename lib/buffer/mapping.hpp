// SPDX-License-Identifier: MIT
// The CPU's turns on dma-bufs, begun by those who have the memory.
#pragma once

#include "lib/buffer/cpu_memory.hpp"

#include <simplealloc/mapped_planes.hpp>

#include <memory>
#include <vector>

namespace simplealloc {

Result<Mapping> begin_mapping(std::shared_ptr<CpuMemory> memory, Access access);
/// `mappings`: one for each dma-buf of `layout`.
Result<MappedPlanes> view_planes(const Layout& layout, std::vector<Mapping> mappings);

} // namespace simplealloc
