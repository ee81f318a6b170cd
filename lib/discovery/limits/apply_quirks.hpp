// SPDX-License-Identifier: MIT
// What the quirk rows say of a device, put where the rest of the library looks.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <simplealloc/quirks.hpp>

#include <span>
#include <vector>

namespace simplealloc {

/// Does what the rows in `record.quirks` say of the whole device; each value becomes a fact. Reads
/// module parameters where a row names one.
void apply_quirks(DeviceRecord& record);

/// `rows` have the strongest first.
std::vector<AppliedQuirk> applied_quirks(std::span<const QuirkRowPtr> rows);

} // namespace simplealloc
