// SPDX-License-Identifier: MIT
// /dev/ion: Android's allocator up to Linux 5.10, bound to no device.
#pragma once

#include "lib/source/backend.hpp"

namespace simplealloc::ion {

/// Opens the node, which has no side effect: nothing else tells the heaps.
std::vector<SourceRecord> find_with_quirks(const Quirks& quirks);
/// Without rows that name vendors' heaps.
std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

} // namespace simplealloc::ion
