// SPDX-License-Identifier: MIT
// Nodes of class simple_allocator, the ioctl interface proposed in 2017.
#pragma once

#include "lib/source/backend.hpp"

#include <string_view>

namespace simplealloc::simple_allocator {

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices);
Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source);

/// Whether a process with pointers of that size needs the kernel's compat ioctls, which these nodes
/// do not have. `machine` is uname's.
bool needs_compat(std::size_t pointer_size, std::string_view machine) noexcept;

} // namespace simplealloc::simple_allocator
