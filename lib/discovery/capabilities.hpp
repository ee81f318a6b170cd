// SPDX-License-Identifier: MIT
// What a device can do for a use: by subsystem, then what the caller says instead.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/model/work.hpp"

#include <vector>

namespace simplealloc {

/// The ways in which the device can do this use with this format (fourcc::bytes: plain memory).
/// Fails with unsupported when it can't do the use at all, and with denied when that can't be known
/// because the node may not be opened; with limit where they can't be afforded. A format that it
/// lacks is not an error: the set's formats don't contain it.
Result<std::vector<solver::CapabilitySet>> capabilities(const DeviceRecord& device,
                                                        const DeviceUse& use, Fourcc fourcc,
                                                        solver::Spending& spending);
/// Whatever it costs.
Result<std::vector<solver::CapabilitySet>> capabilities(const DeviceRecord& device,
                                                        const DeviceUse& use, Fourcc fourcc);

/// The formats that the device lists for anything, or the caller for this use; none for a GPU,
/// which takes all.
std::vector<Fourcc> listed_formats(const DeviceUse& use);

} // namespace simplealloc
