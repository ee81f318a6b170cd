// SPDX-License-Identifier: MIT
// What a device needs of memory: every limit that the solver merges over the devices of a request.
#pragma once

#include <simplealloc/layout.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// Stands for no upper limit.
inline constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// How much a device needs its memory to be one run of addresses.
enum class Contiguity : std::uint8_t {
    any,       ///< it scatters and gathers, or sits behind a translating IOMMU
    preferred, ///< nobody knows: contiguous memory ranks first, the rest is marked unproven
    required,  ///< one segment
};

/// How a device gets at an imported buffer.
enum class ImportPath : std::uint8_t {
    dma,  ///< attaches and maps it for DMA
    vmap, ///< its driver copies through a kernel mapping and never attaches (USB cameras, vmalloc
          ///< queues)
};

/// Whose memory it is; the values are bits of Constraints::memory_kinds.
enum class MemoryKind : std::uint8_t {
    system = 1,       ///< RAM
    device_local = 2, ///< a device's own, e.g. VRAM
};

/// A set of placements, as bits.
struct Placements {
    std::uint8_t bits = 0x7; ///< 1 << Placement
    /// Every placement.
    static constexpr Placements all() { return {}; }
    /// Only this one.
    static constexpr Placements of(Placement p) {
        return {static_cast<std::uint8_t>(1U << static_cast<unsigned>(p))};
    }
    /// Whether it is in the set.
    [[nodiscard]] constexpr bool has(Placement p) const { return (bits & of(p).bits) != 0; }
    /// Union.
    constexpr Placements operator|(Placements o) const {
        return {static_cast<std::uint8_t>(bits | o.bits)};
    }
    /// Intersection.
    constexpr Placements operator&(Placements o) const {
        return {static_cast<std::uint8_t>(bits & o.bits)};
    }
    bool operator==(const Placements&) const = default;
};

/// How many planes an image has at most, as in struct drm_mode_fb_cmd2.
inline constexpr std::size_t max_planes = 4;

/// What a device needs of one plane alone, beyond what Constraints says of all; merged in the same
/// way. Bytes.
struct PlaneLimits {
    std::uint64_t stride_align = 1;      ///< divisor of its stride
    std::uint64_t offset_align = 1;      ///< divisor of its offset
    std::uint64_t min_stride = 0;        ///< of plane 0 the same as Constraints::min_stride
    std::uint64_t max_stride = no_limit; ///< of plane 0 the same as Constraints::max_stride
    /// Of the dma-buf that holds it (V4L2 sizeimage of a later memory plane).
    std::uint64_t min_size = 0;

    bool operator==(const PlaneLimits&) const = default;
};

/// One device's limits for one way of using a buffer. A default-constructed object limits nothing:
/// it is the identity of the merge. Bytes unless it says pixels.
struct Constraints {
    // Divisors; merged to the least common multiple. Need not be powers of two. Never 0.
    std::uint64_t stride_align = 1; ///< of each plane's stride
    /// Pixels of plane 0: each plane's stride is a multiple of what so many pixels take in it, in
    /// whole sample blocks (amdgpu, msm and rcar-du count in pixels).
    std::uint64_t stride_align_pixels = 1;
    std::uint64_t offset_align = 1; ///< of each plane's offset
    std::uint64_t size_align = 1;   ///< of each dma-buf's size
    /// Of each dma-buf's first address, where the device sees physical addresses.
    std::uint64_t address_align = 1;
    std::uint64_t width_align = 1;  ///< pixels; the image is padded up to it, the stride with it
    std::uint64_t height_align = 1; ///< lines of plane 0; the planes are padded up to it

    // Lower limits; merged to the greatest.
    std::uint64_t min_stride = 0; ///< of plane 0; equal to max_stride where the device dictates it
    std::uint64_t min_size = 0;   ///< of the first dma-buf (V4L2 sizeimage)
    std::uint64_t min_width = 0;  ///< pixels
    std::uint64_t min_height = 0; ///< pixels
    std::uint64_t tail_padding = 0; ///< readable bytes wanted behind the last plane

    // Upper limits; merged to the least.
    std::uint64_t max_stride = no_limit;   ///< of plane 0
    std::uint64_t max_offset = no_limit;   ///< of each plane's offset
    std::uint64_t max_size = no_limit;     ///< of a dma-buf
    std::uint64_t max_width = no_limit;    ///< pixels
    std::uint64_t max_height = no_limit;   ///< pixels
    std::uint64_t max_segments = no_limit; ///< after mapping; 1 is the same as contiguity required
    std::uint64_t max_segment_size = no_limit; ///< after mapping
    std::uint64_t segment_boundary =
        no_limit; ///< a segment must not cross a multiple of (this + 1); a mask
    std::uint64_t max_buffers = no_limit; ///< that the device holds at a time (a V4L2 queue: 32)

    Contiguity contiguity = Contiguity::any; ///< merged to the strongest
    /// CPU physical addresses that the device reaches without a translating IOMMU; both ends
    /// included; intersected.
    /// @{
    std::uint64_t min_address = 0;
    std::uint64_t max_address = no_limit;
    /// @}

    Placements placements = {}; ///< intersected
    bool starts_at_zero =
        false; ///< payload begins at byte 0 of its dma-buf (V4L2 imports have no offset); or-ed
    std::uint8_t memory_kinds = 0x3; ///< MemoryKind bits; intersected
    bool protected_memory = false;   ///< or-ed; such a buffer has no CPU use
    /// What holds for single planes, by index.
    std::array<PlaneLimits, max_planes> planes = {};
    /// Devices (Device::id) whose memory this one accepts; nothing: any exporter. Intersected. A
    /// driver that imports nothing lists only itself.
    std::optional<std::vector<std::string>> exporters = {};

    bool operator==(const Constraints&) const = default;
};

/// The name that each field of Constraints has in rejections and conflicts; a limit of one plane
/// has the name that it has for all.
enum class ConstraintKind : std::uint8_t {
    stride_align,
    stride_align_pixels,
    offset_align,
    size_align,
    address_align,
    width_align,
    height_align,
    min_stride,
    min_size,
    min_width,
    min_height,
    tail_padding,
    max_stride,
    max_offset,
    max_size,
    max_width,
    max_height,
    max_segments,
    max_segment_size,
    segment_boundary,
    max_buffers,
    contiguity,
    address_window,
    placement,
    starts_at_zero,
    memory_kind,
    protected_memory,
    exporter,     ///< whose memory the device imports
    format,       ///< fourcc and modifier
    attach,       ///< the source's dma-bufs can be attached or kernel-mapped by others
    cpu_access,   ///< the CPU profile against the source's mapping
    request_size, ///< the request against what the source can give
    quota,        ///< the request against what a quota leaves
    search_limit, ///< more alternatives than can be tried
    access,       ///< whether this process may use the source
    policy,       ///< disabled, or device-bound to a device that the request does not name
};

/// Kebab-case, e.g. `address-window`.
SIMPLEALLOC_API std::string_view to_string(ConstraintKind kind) noexcept;
/// The constraint with that name; nothing: none has it.
SIMPLEALLOC_API std::optional<ConstraintKind> parse_constraint_kind(std::string_view text) noexcept;

} // namespace simplealloc
