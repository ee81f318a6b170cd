// SPDX-License-Identifier: MIT
// Where the pixels of an image lie in its dma-bufs.
#pragma once

#include <simplealloc/modifier.hpp>

#include <cstdint>
#include <vector>

namespace simplealloc {

/// One plane. All numbers are bytes.
struct Plane {
    std::uint32_t dmabuf = 0; ///< index of the dma-buf that holds it
    std::uint64_t offset = 0; ///< from the start of that dma-buf
    std::uint64_t stride = 0; ///< from one line to the next; 0 for plain bytes, bitstreams
    /// Stride times lines, without padding; in a layout that is not linear all up to the next
    /// plane.
    std::uint64_t size = 0;

    bool operator==(const Plane&) const = default;
};

/// How the planes of a buffer are spread over dma-bufs.
enum class Placement : std::uint8_t {
    single, ///< all planes in one dma-buf, at any offsets
    packed, ///< one dma-buf; offsets and chroma strides follow from stride 0 and height, as V4L2's
            ///< single-planar API
    per_plane, ///< a dma-buf for each plane, each starting at its byte 0
};

/// A complete description of an image in memory.
struct Layout {
    std::uint32_t width = 0;  ///< pixels; 0 for plain bytes
    std::uint32_t height = 0; ///< pixels; 0 for plain bytes
    Fourcc fourcc;            ///< fourcc::bytes for plain bytes
    /// How the pixels are arranged. Unless it is said, the device which made the image alone knows:
    /// nothing takes it for linear. Plain bytes and codes of V4L2 have none, and are linear.
    Modifier modifier = Modifier::implicit();
    Placement placement = Placement::packed; ///< how the planes are spread
    std::vector<Plane> planes;               ///< in the format's order
    std::vector<std::uint64_t> dmabuf_sizes; ///< bytes, page-rounded; one for each dma-buf

    bool operator==(const Layout&) const = default;
};

} // namespace simplealloc
