// SPDX-License-Identifier: MIT
// Which CMA area a heap is of, where it is and how large: by command line and device tree.
#pragma once

#include "lib/discovery/reach/reserved_memory.hpp"

#include <simplealloc/fact.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// The names that the default area's heap has had: by `cma=` or the kernel's configuration, by
/// device trees, and since Linux 6.17.
std::span<const std::string_view> default_cma_names();

/// A name of the device tree without its address: `video@80000000` is `video`.
std::string_view without_unit(std::string_view name);

struct CmaArea {
    std::optional<AddressRange> range; ///< where it is, or may have been put
    std::optional<std::uint64_t> size; ///< bytes
    Confidence confidence = Confidence::known;
    std::string origin;
    std::string remedy = "boot with a larger cma="; ///< what makes it larger
};

/// What this machine's boot decided.
class CmaAreas {
public:
    CmaAreas();

    /// The node that the area `name` is of; null when there is none.
    [[nodiscard]] const ReservedMemory* region(std::string_view name) const;
    /// Whether `name` is one of the default area.
    [[nodiscard]] bool is_default(std::string_view name) const;
    /// Nothing when nobody tells.
    [[nodiscard]] std::optional<CmaArea> area(std::string_view name) const;

private:
    [[nodiscard]] std::optional<CmaArea> default_area() const;

    std::vector<ReservedMemory> regions_; ///< those that may be CMA areas
    std::optional<CmaArea> command_line_;
    std::string machine_;
};

/// `cma=SIZE[@BASE[-LIMIT]]` of a kernel's command line; the last one counts.
std::optional<CmaArea> parse_cma_option(std::string_view command_line);

} // namespace simplealloc
