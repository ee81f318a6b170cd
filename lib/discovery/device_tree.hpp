// SPDX-License-Identifier: MIT
// Properties of the flattened device tree, as the kernel shows them in files.
#pragma once

#include <string>
#include <vector>

namespace simplealloc::device_tree {

/// A property that is a list of strings; empty when the file can't be read.
std::vector<std::string> strings(const std::string& property);

/// The strings that tell the machine, the closest first; empty without a device tree.
std::vector<std::string> machine();

} // namespace simplealloc::device_tree
