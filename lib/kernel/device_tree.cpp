// SPDX-License-Identifier: MIT
// The flattened device tree, as the kernel shows it in files: nodes are folders, properties files.
#include "lib/kernel/device_tree.hpp"

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace simplealloc::device_tree {

namespace {

constexpr std::string_view root = "/sys/firmware/devicetree/base";
/// Real trees have some thousand.
constexpr std::size_t max_nodes = 65536;

std::optional<std::uint32_t> one_cell(const std::string& property) {
    const auto numbers = cells(property);
    return numbers && numbers->size() == 1 ? std::optional(numbers->front()) : std::nullopt;
}

/// Of a bus without the property the bus above counts (drivers/of/base.c of_bus_n_addr_cells()).
unsigned inherited(std::string node, const char* property) {
    for (unsigned depth = 0; !node.empty() && depth < max_depth; ++depth, node = parent_of(node))
        if (const auto number = one_cell(node + "/" + property))
            return *number;
    return 1;
}

} // namespace

std::vector<std::string> strings(const std::string& property) {
    std::string text;
    std::vector<std::string> found;
    if (questions::read_file(property, text) < 0)
        return found;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '\0');)
        if (!part.empty())
            found.push_back(part);
    return found;
}

std::optional<std::vector<std::uint32_t>> cells(const std::string& property) {
    std::string bytes;
    if (questions::read_file(property, bytes) < 0 || bytes.size() % 4 != 0)
        return std::nullopt;
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
        std::uint32_t number = 0;
        for (std::size_t j = 0; j < 4; ++j)
            number = number << 8U | static_cast<unsigned char>(bytes[i + j]);
        numbers.push_back(number);
    }
    return numbers;
}

bool has(const std::string& node, const std::string& property) {
    kernel::Stat stat;
    return questions::stat(node + "/" + property, stat) >= 0;
}

std::vector<std::string> machine() {
    auto found = strings(std::string(root) + "/compatible");
    // Before Linux 3.15 the tree was in procfs alone.
    return found.empty() ? strings("/proc/device-tree/compatible") : found;
}

std::string node_of(const std::string& syspath) {
    std::string resolved;
    if (syspath.empty() || questions::real_path(syspath + "/of_node", resolved) < 0 ||
        !resolved.starts_with(root))
        return {};
    return resolved;
}

std::string parent_of(const std::string& node) {
    if (node.size() <= root.size() || !node.starts_with(root))
        return {};
    return node.substr(0, node.rfind('/'));
}

CellCounts cell_counts(const std::string& node) {
    return {inherited(node, "#address-cells"), inherited(node, "#size-cells")};
}

std::optional<std::uint64_t> number_in(std::span<const std::uint32_t> cells) {
    if (cells.size() == 3)
        cells = cells.subspan(1);
    if (cells.size() > 2)
        return std::nullopt;
    std::uint64_t number = 0;
    for (const std::uint32_t cell : cells)
        number = number << 32U | cell;
    return number;
}

std::string Phandles::node(std::uint32_t phandle) const {
    std::call_once(read_, [this] {
        std::vector<std::pair<std::string, unsigned>> open{{std::string(root), 0}};
        for (std::size_t seen = 0; !open.empty() && seen < max_nodes; ++seen) {
            const auto [node, depth] = open.back();
            open.pop_back();
            std::vector<std::string> names;
            // A property is no folder.
            if (questions::list_directory(node, names) < 0)
                continue;
            if (const auto number = one_cell(node + "/phandle"))
                nodes_.emplace(*number, node);
            if (depth == max_depth)
                continue;
            for (const std::string& name : names)
                if (!name.starts_with('#') && name != "phandle" && name != "compatible" &&
                    name != "reg" && name != "name" && name != "status")
                    open.emplace_back(node + "/" + name, depth + 1);
        }
    });
    const auto found = nodes_.find(phandle);
    return found == nodes_.end() ? std::string() : found->second;
}

std::vector<std::string> referred(const std::string& property, const Phandles& phandles) {
    std::vector<std::string> nodes;
    for (const std::uint32_t phandle : cells(property).value_or(std::vector<std::uint32_t>()))
        if (std::string node = phandles.node(phandle); !node.empty())
            nodes.push_back(std::move(node));
    return nodes;
}

} // namespace simplealloc::device_tree
