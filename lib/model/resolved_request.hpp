// SPDX-License-Identifier: MIT
// A request as the solver sees it: nothing is left to defaults, and no device is in it.
#pragma once

#include <simplealloc/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc::solver {

/// See Request for each field.
struct ResolvedRequest {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint64_t size = 0;
    Fourcc fourcc = {};
    std::optional<Modifier> modifier = {};
    CpuAccess cpu = CpuAccess::none;
    std::uint32_t count = 1;
    bool any_device = false;
    bool strict = false;
    std::vector<std::string> without = {};
    std::vector<std::string> order = {};
    std::uint32_t crop_width = 0;
    std::uint32_t crop_height = 0;

    [[nodiscard]] bool is_image() const noexcept {
        return width != 0 || height != 0 || fourcc != Fourcc();
    }
};

/// What the request and its policy leave open counts as for a ResolvedRequest of its own.
ResolvedRequest resolved(const Request& request);

} // namespace simplealloc::solver
