// SPDX-License-Identifier: MIT
// What is assumed of a device when no interface and no quirk tells.
#pragma once

#include "lib/discovery/record/device_record.hpp"

#include <simplealloc/constraints.hpp>

#include <string_view>

namespace simplealloc {

struct ClassDefault {
    Contiguity contiguity = Contiguity::preferred;
    ImportPath import_path = ImportPath::dma;
    Confidence confidence = Confidence::unknown;
    std::string_view origin;
};

/// For devices that no IOMMU translates for: behind one, scattered pages are one run of addresses.
const ClassDefault& class_default(const DeviceRecord& device);

} // namespace simplealloc
