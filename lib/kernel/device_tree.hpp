// SPDX-License-Identifier: MIT
// The flattened device tree, as the kernel shows it in files: nodes are folders, properties files.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simplealloc::device_tree {

/// No tree is deeper: links that make a circle end there.
inline constexpr unsigned max_depth = 32;

/// A property that is a list of strings; empty when the file can't be read.
std::vector<std::string> strings(const std::string& property);
/// A property that is a list of 32-bit numbers; nothing when the file can't be read or its size is
/// odd.
std::optional<std::vector<std::uint32_t>> cells(const std::string& property);
bool has(const std::string& node, const std::string& property);

/// The strings that tell the machine, the closest first; empty without a device tree.
std::vector<std::string> machine();

/// The node of a device in sysfs, e.g. `/sys/firmware/devicetree/base/soc/vop@ff900000`; empty when
/// it has none.
std::string node_of(const std::string& syspath);
/// The node above; empty at the root.
std::string parent_of(const std::string& node);

/// How many numbers an address and a size have on the bus that `node` is.
struct CellCounts {
    unsigned address = 1;
    unsigned size = 1;
};
CellCounts cell_counts(const std::string& node);
/// The number in up to two cells; of three the first has a PCI address's flags. Nothing where there
/// are more.
std::optional<std::uint64_t> number_in(std::span<const std::uint32_t> cells);

/// Finds nodes by the number with which others refer to them. Reads the whole tree when it is first
/// asked. Thread-safe.
class Phandles {
public:
    /// Empty when there is none.
    [[nodiscard]] std::string node(std::uint32_t phandle) const;

private:
    mutable std::once_flag read_;
    mutable std::map<std::uint32_t, std::string> nodes_;
};

/// The nodes that a property of phandles alone refers to; unknown ones are left out.
std::vector<std::string> referred(const std::string& property, const Phandles& phandles);

} // namespace simplealloc::device_tree
