// SPDX-License-Identifier: MIT
// Buses by what the kernel gives their devices, whatever the driver is.
#pragma once

#include <string>
#include <string_view>

namespace simplealloc {

/// What a bus does with DMA is like that of another one.
struct BusKind {
    std::string_view like; ///< the bus whose assumptions hold; itself where it is like no other
    bool platform = false; ///< a mask of 32 bits, unless the driver asks for another
    bool inherits = false; ///< without a node of its own a device is configured like its parent's
};

BusKind bus_kind(std::string_view bus);

} // namespace simplealloc
