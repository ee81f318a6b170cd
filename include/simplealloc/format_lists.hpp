// SPDX-License-Identifier: MIT
// Format and modifier lists of Wayland, EGL and Vulkan as capability sets: plain data in, so that
// this library needs none of them.
#pragma once

#include <simplealloc/capability_set.hpp>
#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace simplealloc {

/// What the events of zwp_linux_dmabuf_feedback_v1 gave.
struct DmabufFeedback {
    /// One tranche_done.
    struct Tranche {
        std::uint64_t target_device = 0;    ///< a dev_t
        bool scanout = false;               ///< tranche_flags has it
        std::vector<std::uint16_t> formats; ///< indices into the table
    };
    /// The mapped format_table: 16 bytes for each pair (fourcc, 4 unused, modifier) in the CPU's
    /// byte order. Borrowed.
    std::span<const std::byte> table;
    std::uint64_t main_device = 0; ///< a dev_t
    std::vector<Tranche> tranches; ///< best first, as they came
};

/// One set for each tranche that lists formats, in their order; the label says which device it is
/// for, e.g. `scanout 226:0`. DRM_FORMAT_MOD_INVALID stands for a buffer without a modifier. Fails
/// with invalid where the table has no whole number of pairs or an index is outside of it.
SIMPLEALLOC_API Result<std::vector<CapabilitySet>>
from_dmabuf_feedback(const DmabufFeedback& feedback);

/// One fourcc of eglQueryDmaBufFormatsEXT with the answer of eglQueryDmaBufModifiersEXT.
struct EglFormat {
    /// A modifier, and whether it can be sampled as GL_TEXTURE_EXTERNAL_OES alone.
    struct Entry {
        std::uint64_t modifier = 0; ///< DRM_FORMAT_MOD_*
        bool external_only = false; ///< not for rendering and not for GL_TEXTURE_2D
    };
    Fourcc fourcc;                ///< the format
    std::vector<Entry> modifiers; ///< none: the driver knows no modifiers for it
};

/// What an EGL display takes, in one set. `external`: the buffer is only sampled, as external
/// texture; else what is external only is left out. Where nothing is left there is no set, as one
/// without formats would take all of them.
SIMPLEALLOC_API std::vector<CapabilitySet> from_egl(std::span<const EglFormat> formats,
                                                    bool external);

/// One fourcc with its VkDrmFormatModifierPropertiesListEXT (or ...List2EXT).
struct VulkanFormat {
    /// VkDrmFormatModifierPropertiesEXT.
    struct Entry {
        std::uint64_t modifier = 0;    ///< drmFormatModifier
        std::uint32_t plane_count = 1; ///< drmFormatModifierPlaneCount
        std::uint64_t features = 0;    ///< drmFormatModifierTilingFeatures
    };
    Fourcc fourcc;                ///< the format that the VkFormat stands for
    std::vector<Entry> modifiers; ///< in the driver's order
};

/// What a Vulkan device takes with all of `features` (VkFormatFeatureFlagBits, also as Flags2). Two
/// sets where it takes a dma-buf for each plane with some modifiers
/// (VK_FORMAT_FEATURE_DISJOINT_BIT) and not with others: all planes are in one dma-buf for those.
/// Modifiers with more planes than a buffer can have (4) are left out. A set without formats would
/// take all, so there is none then.
SIMPLEALLOC_API std::vector<CapabilitySet> from_vulkan(std::span<const VulkanFormat> formats,
                                                       std::uint64_t features);

} // namespace simplealloc
