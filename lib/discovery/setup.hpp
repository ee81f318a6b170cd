// SPDX-License-Identifier: MIT
// A layout as the structures that an application programs.
#pragma once

#include "lib/discovery/record/device_record.hpp"

namespace simplealloc {

/// What a framebuffer of the layout takes, whatever the use.
Result<DrmSetup> make_drm_setup(const DeviceRecord& device, const Layout& layout);
/// What to program for this use. `visible`: how much of the image counts, from its top left corner;
/// all of it where width or height are 0.
Result<Setup> make_setup(const DeviceRecord& device, const DeviceUse& use, const Layout& layout,
                         const Crop& visible = {});

} // namespace simplealloc
