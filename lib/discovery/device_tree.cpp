// SPDX-License-Identifier: MIT
// Properties of the flattened device tree, as the kernel shows them in files.
#include "lib/discovery/device_tree.hpp"

#include "lib/kernel.hpp"

#include <sstream>

namespace simplealloc::device_tree {

std::vector<std::string> strings(const std::string& property) {
    std::string text;
    std::vector<std::string> found;
    if (kernel::read_file(property, text) < 0)
        return found;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '\0');)
        if (!part.empty())
            found.push_back(part);
    return found;
}

std::vector<std::string> machine() {
    auto found = strings("/sys/firmware/devicetree/base/compatible");
    // Before Linux 3.15 the tree was in procfs alone.
    return found.empty() ? strings("/proc/device-tree/compatible") : found;
}

} // namespace simplealloc::device_tree
