// SPDX-License-Identifier: MIT
// Whether a GPU has memory of its own: only its driver's own calls tell.
#pragma once

#include <optional>
#include <string>

namespace simplealloc {

/// True: a card with VRAM of its own. False: graphics that work in RAM. Nothing: the driver has no
/// such call, or nobody may ask. A card node answers who is authenticated (amdgpu), so another
/// description, of `render_node` unless that is empty, is asked then: it has no master, and opening
/// it changes nothing.
std::optional<bool> ask_discrete(int fd, const std::string& driver, const std::string& render_node);

} // namespace simplealloc
