// SPDX-License-Identifier: MIT
// A layout as the width, height and bpp that CREATE_DUMB takes.
#pragma once

#include <simplealloc/layout.hpp>
#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace simplealloc {

struct DumbShape {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t bpp = 0;
    std::uint64_t stride = 0; ///< bytes: width times bpp / 8
};

/// Shapes that hold the `dmabuf`-th dma-buf of the layout, best first. An RGB image is asked for as
/// what it is; the planes of a YUV image lie one below the other in a picture of 8 bpp; drivers
/// that take 32 bpp only get the same bytes as wider pixels. `allowed`: the driver's bpp, nothing:
/// any. Fails with unsupported when no bpp fits, with limit when a number does not fit into 32
/// bits.
Result<std::vector<DumbShape>>
dumb_shapes(const Layout& layout, std::size_t dmabuf,
            const std::optional<std::vector<std::uint32_t>>& allowed);

} // namespace simplealloc
