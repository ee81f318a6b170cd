// SPDX-License-Identifier: MIT
// A device tree for the fake kernel.
#pragma once

#include "tests/support/fake_kernel.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

namespace simplealloc::test {

inline const std::string fake_tree = "/sys/firmware/devicetree/base";

/// The bytes of 32-bit cells.
inline std::string cells_text(std::initializer_list<std::uint32_t> cells) {
    std::string bytes;
    for (const std::uint32_t cell : cells)
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            bytes.push_back(static_cast<char>(cell >> shift & 0xffU));
    return bytes;
}

/// `node` is below the root, e.g. `/soc`; the root is the empty string.
inline void add_cells(FakeKernel& kernel, const std::string& node, const std::string& property,
                      std::initializer_list<std::uint32_t> cells) {
    kernel.add_file(fake_tree + node + "/" + property, cells_text(cells));
}

/// A list of strings; none makes a property without a value.
inline void add_strings(FakeKernel& kernel, const std::string& node, const std::string& property,
                        std::initializer_list<const char*> strings = {}) {
    std::string text;
    for (const char* one : strings)
        text += std::string(one) + '\0';
    kernel.add_file(fake_tree + node + "/" + property, text);
}

/// How many cells addresses and sizes of the node's children have.
inline void add_bus(FakeKernel& kernel, const std::string& node, std::uint32_t address,
                    std::uint32_t size) {
    add_cells(kernel, node, "#address-cells", {address});
    add_cells(kernel, node, "#size-cells", {size});
}

/// A device in sysfs that stands for a node.
inline void add_of_node(FakeKernel& kernel, const std::string& syspath, const std::string& node) {
    kernel.add_directory(syspath);
    kernel.add_directory(fake_tree + node);
    kernel.add_link(syspath + "/of_node", fake_tree + node);
}

} // namespace simplealloc::test
