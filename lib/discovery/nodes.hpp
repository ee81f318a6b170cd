// SPDX-License-Identifier: MIT
// Which nodes of sysfs count, and as what.
#pragma once

#include "lib/kernel/udev.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace simplealloc {

enum class NodeKind : std::uint8_t {
    other,  ///< neither takes buffers nor gives memory
    device, ///< a DRM, accelerator or V4L2 node that takes dma-bufs
    heap,   ///< gives memory and takes none
};

/// The subsystems in which there are nodes of the other two kinds.
inline constexpr std::array<std::string_view, 6> node_subsystems{
    "drm", "video4linux", "accel", "dma_heap", "misc", "simple_allocator"};

NodeKind kind_of(const udev::Node& node);

/// Of the device or heap behind a node. The DRM nodes of one GPU are one device; V4L2 nodes are one
/// each, as unrelated ones share a parent (all vivid instances do). Without sysfs it is the path.
std::string node_id(const udev::Node& node, const std::string& path);

} // namespace simplealloc
