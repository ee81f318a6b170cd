// SPDX-License-Identifier: MIT
// Formats and layouts from and to C.
#pragma once

#include <simplealloc/layout.h>
#include <simplealloc/layout.hpp>

namespace simplealloc::c {

simplealloc_modifier to_c(Modifier modifier);
simplealloc_plane to_c(const Plane& plane);
simplealloc_layout to_c(const Layout& layout);

Modifier read_modifier(const simplealloc_modifier& modifier);
Layout read_layout(const simplealloc_layout* layout);

} // namespace simplealloc::c
