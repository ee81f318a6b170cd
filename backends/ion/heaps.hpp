// SPDX-License-Identifier: MIT
// What the type of an ION heap, or a quirk row, says of its memory.
#pragma once

#include "backends/ion/abi.hpp"
#include "lib/discovery/quirks/quirks.hpp"
#include "lib/model/model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::ion {

enum class VendorMemory { scattered, contiguous, protected_memory, unknown };

/// A heap that a vendor's kernel has under an id of its own.
struct VendorHeap {
    std::uint32_t id = 0;
    std::string name;
    VendorMemory memory = VendorMemory::unknown;
    std::string origin;
};

/// From the rows for this machine; the strongest wins, id by id.
std::vector<VendorHeap> vendor_heaps(const Quirks& quirks);

/// The heaps whose id is their type, which is what a kernel had whose vendor changed nothing.
std::vector<Heap> conventional_heaps();

struct HeapKnowledge {
    solver::OfferContiguity contiguity = solver::OfferContiguity::unknown;
    solver::CpuCaching caching = solver::CpuCaching::unknown;
    bool caching_selectable = true;
    std::optional<bool> zeroed;
    bool scarce = false;
    bool protected_memory = false;
    bool undescribed = false; ///< neither the type nor a row says what memory it is
    bool cma = false;
    bool one_block = false; ///< of the page allocator, which bounds its size
    Confidence confidence = Confidence::unknown;
    std::string origin;
};

/// `vendor` may be null. It decides where the type is the vendor's own.
HeapKnowledge heap_knowledge(const Heap& heap, Abi abi, const VendorHeap* vendor);

/// The name of the source: the kernel's, without `ion_` before and `_heap` behind it.
std::string instance_name(const Heap& heap);

} // namespace simplealloc::ion
