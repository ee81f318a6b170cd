// SPDX-License-Identifier: MIT
// How people name where memory comes from.
#include "lib/model/source_names.hpp"

#include <fmt/format.h>

namespace simplealloc::solver {

std::string source_names_text() {
    return fmt::format("{}, or a source such as dma-heap:system",
                       fmt::join(known_backends(), ", "));
}

} // namespace simplealloc::solver
