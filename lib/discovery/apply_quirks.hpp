// SPDX-License-Identifier: MIT
// What the quirk rows say of a device, put where the rest of the library looks.
#pragma once

#include "lib/discovery/device_record.hpp"

namespace simplealloc {

/// Looks up `record.subsystem` and `record.driver`; each value used becomes a fact. Reads module
/// parameters where a row names one.
void apply_quirks(const Quirks& quirks, DeviceRecord& record);

} // namespace simplealloc
