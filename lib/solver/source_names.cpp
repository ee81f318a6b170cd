// SPDX-License-Identifier: MIT
// How people name where memory comes from.
#include "lib/solver/source_names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace simplealloc::solver {

namespace {

constexpr std::array<std::string_view, 7> backends{"dma-heap", "udmabuf", "simple-allocator", "ion",
                                                   "gbm",      "v4l2",    "drm-dumb"};

} // namespace

std::span<const std::string_view> known_backends() {
    return backends;
}

bool names_backend_or_source(std::string_view name) {
    const std::string_view backend = name.substr(0, name.find(':'));
    return std::find(backends.begin(), backends.end(), backend) != backends.end();
}

std::string source_names_text() {
    return fmt::format("{}, or a source such as dma-heap:system", fmt::join(backends, ", "));
}

} // namespace simplealloc::solver
