// SPDX-License-Identifier: MIT
// What a driver made of a framebuffer that it took.
#pragma once

#include "lib/verify/parts.hpp"

#include <simplealloc/plan.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace simplealloc {

/// Compares what the framebuffer is kept with (GETFB2) to what it was made of: pitches, offsets,
/// and the modifier where it was passed. `handles` are those of the planes. Nothing: the kernel
/// does not say (before 5.7, and where the object is not the framebuffer's own).
std::optional<Trial> read_back(int fd, const DrmSetup& setup, std::uint32_t framebuffer,
                               std::span<const std::uint32_t> handles);

} // namespace simplealloc
