// SPDX-License-Identifier: MIT
// Limits that a device has for some modifiers only.
#pragma once

#include "lib/discovery/limits/capabilities.hpp"
#include "lib/model/work.hpp"

#include <vector>

namespace simplealloc {

/// The same ways of taking `fourcc`, with those apart whose modifiers have other limits by rows
/// that are for modifiers. The order of preference stays. Fails with limit where that can't be
/// afforded.
CapabilitySets split_by_modifier(const DeviceRecord& device, Use use, Fourcc fourcc,
                                 std::vector<solver::CapabilitySet> sets,
                                 solver::Spending& spending);

} // namespace simplealloc
