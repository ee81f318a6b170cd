// SPDX-License-Identifier: MIT
// The IN_FORMATS property of a DRM plane.
#pragma once

#include <simplealloc/device.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace simplealloc {

/// Formats in the driver's order, each with its modifiers in the driver's order (struct
/// drm_format_modifier_blob). Nothing when the blob is of an unknown version or points outside of
/// itself.
std::optional<std::vector<FormatSupport>> parse_in_formats(std::span<const std::byte> blob);

} // namespace simplealloc
