// SPDX-License-Identifier: MIT
// How people name where memory comes from: a backend (`dma-heap`) or a source (`dma-heap:system`).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace simplealloc::solver {

/// All backends, in the built-in policy order: memory that is meant for sharing before memory that
/// is meant for something.
std::span<const std::string_view> known_backends();

/// Whether the backend is one that any build may have: naming one that this build lacks is no
/// mistake. Which sources there are is known only to the machine.
bool names_backend_or_source(std::string_view name);

/// What else could be said, in words.
std::string source_names_text();

} // namespace simplealloc::solver
