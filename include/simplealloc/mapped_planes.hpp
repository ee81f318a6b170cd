// SPDX-License-Identifier: MIT
// The planes of an image as the CPU sees them.
#pragma once

#include <simplealloc/layout.hpp>
#include <simplealloc/mapping.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace simplealloc {

/// One plane in a CPU's turn. What it refers to lives as long as its MappedPlanes.
struct PlaneView {
    Plane plane;                ///< where it lies in its dma-buf
    std::span<std::byte> bytes; ///< all of it: Plane::size bytes from Plane::offset
    /// Of the image; 0 where bytes are in no such order: plain bytes, and every modifier but LINEAR
    /// (tiles, compression).
    std::size_t rows = 0;
    std::size_t row_bytes = 0; ///< of pixels in a row, without what pads it to the stride

    /// Whether row() answers.
    [[nodiscard]] bool has_rows() const noexcept { return rows != 0; }
    /// The pixels of a row, `row_bytes` long; empty from `rows` on.
    [[nodiscard]] std::span<std::byte> row(std::size_t index) const noexcept {
        if (index >= rows)
            return {};
        return bytes.subspan(index * static_cast<std::size_t>(plane.stride), row_bytes);
    }
};

/// The CPU's turn on all dma-bufs of a Buffer; see Mapping, also for threads.
class SIMPLEALLOC_API MappedPlanes {
public:
    /// In the format's order; empty after finish().
    [[nodiscard]] std::span<const PlaneView> planes() const noexcept { return planes_; }
    /// Unchecked: less than the number of planes().
    [[nodiscard]] const PlaneView& operator[](std::size_t plane) const noexcept {
        return planes_[plane];
    }

    /// Ends all turns, as their destructors do. Returns the first error, and logs others.
    Result<void> finish();

private:
    friend class Internal;
    MappedPlanes(std::vector<Mapping> mappings, std::vector<PlaneView> planes) noexcept
        : mappings_(std::move(mappings)), planes_(std::move(planes)) {}
    std::vector<Mapping> mappings_;
    std::vector<PlaneView> planes_;
};

} // namespace simplealloc
