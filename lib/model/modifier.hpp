// SPDX-License-Identifier: MIT
// The names of modifiers.
#pragma once

#include <simplealloc/modifier.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// Every modifier that `text` may name, each as it is read without doubt: `VIVANTE_TILED` and
/// `ALLWINNER_TILED` for `TILED`. Empty where it is no name.
std::vector<std::string> modifiers_named(std::string_view text);

} // namespace simplealloc
