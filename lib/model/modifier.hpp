// SPDX-License-Identifier: MIT
// Whose a modifier is.
#pragma once

#include <array>
#include <string_view>

namespace simplealloc {

/// By the uppermost byte of a modifier, DRM_FORMAT_MOD_VENDOR_*. Modifier::parse() reads one before
/// a name, with `_` between them.
inline constexpr std::array<std::string_view, 13> modifier_vendors{
    "",         "INTEL", "AMD",       "NVIDIA",  "SAMSUNG", "QCOM", "VIVANTE",
    "BROADCOM", "ARM",   "ALLWINNER", "AMLOGIC", "MTK",     "APPLE"};

} // namespace simplealloc
