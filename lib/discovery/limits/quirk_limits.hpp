// SPDX-License-Identifier: MIT
// What quirk rows, and links to heaps, say of one use of a device.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <span>
#include <string>
#include <vector>

namespace simplealloc {

/// A key that is a number of Constraints.
struct QuirkLimit {
    const char* key;
    std::uint64_t Constraints::*number;
    ConstraintKind kind;
};
std::span<const QuirkLimit> quirk_limits();

/// The strongest row's value for a key of one use; `fourcc::bytes` is memory without a format.
std::optional<QuirkValue> use_quirk(const DeviceRecord& device, Use use, Fourcc fourcc,
                                    const std::string& key);

/// What a value of `imports` means for a device that reaches memory so.
bool says_imports(const QuirkValue& imports, const Reach& reach);

/// Adds alignments, sizes and placement to `set`, with their evidence.
void add_quirk_limits(const DeviceRecord& device, Use use, Fourcc fourcc,
                      solver::CapabilitySet& set);

/// Sources that must not serve the use by quirk rows.
std::vector<solver::SourceNote> forbidden_sources(const DeviceRecord& device, Use use,
                                                  Fourcc fourcc);

/// Appends what quirk rows prefer for the use, then the heap of the device's own area; none twice.
void add_preferred_sources(const DeviceRecord& device, Use use, Fourcc fourcc,
                           std::vector<solver::SourceNote>& preferred);

/// Puts in once more what rows that decide say, over what the kernel said since.
void add_decided_limits(const DeviceRecord& device, Use use, Fourcc fourcc,
                        solver::CapabilitySet& set);

} // namespace simplealloc
