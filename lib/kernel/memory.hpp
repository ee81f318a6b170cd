// SPDX-License-Identifier: MIT
// Where RAM is and how much of it is left, by procfs.
#pragma once

#include "lib/base/address_range.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

/// A zone of the page allocator, by CPU addresses.
struct MemoryZone {
    std::string name; ///< e.g. `DMA32`
    AddressRange range;
};

/// Those with pages, as /proc/zoneinfo lists them; none when it can't be read or understood.
std::vector<MemoryZone> memory_zones();

/// RAM, as far as zones show it: a hole inside of a zone is not seen.
class Ram {
public:
    Ram();

    [[nodiscard]] bool known() const { return !zones_.empty(); }
    /// From the first to the last page that is inside of the window; nothing when none is. The
    /// window itself where nobody tells where RAM is.
    [[nodiscard]] std::optional<AddressRange> within(const AddressRange& window) const;
    /// From the first to the last page of all; everything where nobody tells.
    [[nodiscard]] AddressRange all() const;

private:
    std::vector<MemoryZone> zones_;
};

/// MemAvailable in bytes; no_limit when unreadable.
std::uint64_t available_memory();

} // namespace simplealloc
