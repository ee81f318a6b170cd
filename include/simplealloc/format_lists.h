// SPDX-License-Identifier: MIT
// Format and modifier lists of Wayland, EGL and Vulkan as capability sets: plain data in.
#pragma once

#include <simplealloc/capability_set.h>
#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

/// One tranche_done of zwp_linux_dmabuf_feedback_v1. This struct never grows.
struct simplealloc_dmabuf_tranche {
    uint64_t target_device;  ///< a dev_t
    bool scanout;            ///< tranche_flags has it
    size_t format_count;     ///< how many `formats`
    const uint16_t* formats; ///< indices into the table
};

/// What the events of zwp_linux_dmabuf_feedback_v1 gave.
struct simplealloc_dmabuf_feedback {
    size_t size; ///< of this struct
    /// The mapped format_table: 16 bytes for each pair (fourcc, 4 unused, modifier) in the CPU's
    /// byte order.
    const void* table;
    size_t table_size;                                 ///< bytes
    uint64_t main_device;                              ///< a dev_t
    size_t tranche_count;                              ///< how many `tranches`
    const struct simplealloc_dmabuf_tranche* tranches; ///< best first, as they came
};

/// No table, no tranches.
#define SIMPLEALLOC_DMABUF_FEEDBACK_INIT                                                           \
    { sizeof(struct simplealloc_dmabuf_feedback), NULL, 0, 0, 0, NULL }

/// One set for each tranche that lists formats, in their order. DRM_FORMAT_MOD_INVALID stands for a
/// buffer without a modifier. Fails with invalid where the table has no whole number of pairs or an
/// index is outside of it.
SIMPLEALLOC_API int
simplealloc_capabilities_from_dmabuf_feedback(const struct simplealloc_dmabuf_feedback* feedback,
                                              struct simplealloc_capabilities** capabilities,
                                              struct simplealloc_error** error);

/// A modifier of eglQueryDmaBufModifiersEXT. This struct never grows.
struct simplealloc_egl_modifier {
    uint64_t modifier;  ///< DRM_FORMAT_MOD_*
    bool external_only; ///< not for rendering and not for GL_TEXTURE_2D
};

/// One fourcc of eglQueryDmaBufFormatsEXT with its modifiers. This struct never grows.
struct simplealloc_egl_format {
    uint32_t fourcc;                                  ///< the format
    size_t modifier_count;                            ///< 0: the driver knows none for it
    const struct simplealloc_egl_modifier* modifiers; ///< in the driver's order
};

/// What an EGL display takes, in one set. `external`: the buffer is only sampled, as external
/// texture; else what is external only is left out. Where nothing is left there is no set.
SIMPLEALLOC_API int
simplealloc_capabilities_from_egl(const struct simplealloc_egl_format* formats, size_t format_count,
                                  bool external, struct simplealloc_capabilities** capabilities,
                                  struct simplealloc_error** error);

/// VkDrmFormatModifierPropertiesEXT. This struct never grows.
struct simplealloc_vulkan_modifier {
    uint64_t modifier;    ///< drmFormatModifier
    uint32_t plane_count; ///< drmFormatModifierPlaneCount
    uint64_t features;    ///< drmFormatModifierTilingFeatures
};

/// One fourcc with its VkDrmFormatModifierPropertiesListEXT (or ...List2EXT). This struct never
/// grows.
struct simplealloc_vulkan_format {
    uint32_t fourcc;                                     ///< what the VkFormat stands for
    size_t modifier_count;                               ///< how many `modifiers`
    const struct simplealloc_vulkan_modifier* modifiers; ///< in the driver's order
};

/// What a Vulkan device takes with all of `features` (VkFormatFeatureFlagBits, also as Flags2). Two
/// sets where it takes a dma-buf for each plane with some modifiers only. Where nothing is left
/// there is no set.
SIMPLEALLOC_API int simplealloc_capabilities_from_vulkan(
    const struct simplealloc_vulkan_format* formats, size_t format_count, uint64_t features,
    struct simplealloc_capabilities** capabilities, struct simplealloc_error** error);

SIMPLEALLOC_END_C
