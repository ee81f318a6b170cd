// SPDX-License-Identifier: MIT
// The two ABIs of /dev/ion, on a descriptor of the caller's.
#pragma once

#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace simplealloc::ion {

enum class Abi : std::uint8_t {
    legacy,  ///< handles, up to Linux 4.11
    modern,  ///< Linux 4.12 to 5.10
    modular, ///< Android's 4.19 to 5.10: modern, with ranges of heap ids
    /// 64-bit handles, as some vendors' kernels from 4.14 to 6.1 and the first ones with pointers
    /// as handles: of the handle ABI's numbers that of ALLOC alone is the same. Nothing here speaks
    /// it.
    wide,
};

/// `handles (up to Linux 4.11)`…
const char* to_string(Abi abi);

/// Asks the kernel behind `node`, since vendors mix versions. Never says modular: see is_modular().
Result<Abi> detect(int node);
/// Of a modern node.
bool is_modular(int node);

struct Heap {
    std::string name; ///< the kernel's
    std::uint32_t type = 0;
    std::uint32_t id = 0;
    bool cma = false; ///< its type 2 is that of CMA heaps, as in modular kernels without carveouts
};

/// Fails with unsupported where the kernel has no such call: the handle ABI before Linux 4.9.
Result<std::vector<Heap>> query_heaps(int node);

struct Order {
    std::uint64_t size = 0; ///< a multiple of the page size
    std::uint32_t heap_id = 0;
    bool cached = false;
};

/// A dma-buf of one heap, never another's. No handle is left, whatever fails.
Result<UniqueFd> allocate(int node, Abi abi, const Order& order);

/// ION_IOC_SYNC of the handle ABI.
Result<void> sync(int node, int dmabuf);

} // namespace simplealloc::ion
