// SPDX-License-Identifier: MIT
// What an application wants: an image or bytes, the devices that touch it, and what the CPU does.
#pragma once

#include <simplealloc/device.h>

SIMPLEALLOC_BEGIN_C

/// What the CPU does with the buffer through simplealloc_buffer_map().
enum simplealloc_cpu_access {
    SIMPLEALLOC_CPU_NONE,        ///< never maps it
    SIMPLEALLOC_CPU_WRITE,       ///< writes it front to back
    SIMPLEALLOC_CPU_READ_RARELY, ///< a screenshot now and then
    SIMPLEALLOC_CPU_READ_OFTEN,  ///< every frame: cached memory pays
};

/// Kebab-case, e.g. `read-often`; `none` for none; static.
SIMPLEALLOC_API const char* simplealloc_cpu_access_to_string(enum simplealloc_cpu_access access);
/// Reads what simplealloc_cpu_access_to_string() writes; -EINVAL for anything else.
SIMPLEALLOC_API int simplealloc_cpu_access_parse(const char* text,
                                                 enum simplealloc_cpu_access* access);

/// A device plus what it does, with what the caller knows of it.
struct simplealloc_device_use {
    size_t size;                             ///< of this struct
    const struct simplealloc_device* device; ///< who; only needed during the call it is given to
    enum simplealloc_use use;                ///< does what
    /// The caller's own alternatives, best first. Their constraints are added to those that
    /// discovery finds, their formats (where they have some) replace those. NULL: what discovery
    /// knows.
    const struct simplealloc_capability_set* const* alternatives;
};

/// No device yet.
#define SIMPLEALLOC_DEVICE_USE_INIT                                                                \
    { sizeof(struct simplealloc_device_use), NULL, SIMPLEALLOC_USE_SCANOUT, NULL }

/// Something that need not be said.
enum simplealloc_choice {
    SIMPLEALLOC_CHOICE_DEFAULT, ///< as it is where nobody says it
    SIMPLEALLOC_CHOICE_NO,      ///< no
    SIMPLEALLOC_CHOICE_YES,     ///< yes
};

/// An image of `width` and `height`, or `bytes`. Checked by simplealloc_allocator_plan() and the
/// functions that plan. All that it points to is only needed during the call it is given to; that
/// of a plan lives as long as the plan.
struct simplealloc_request {
    size_t size;     ///< of this struct
    uint32_t width;  ///< pixels; 0 for a request of bytes
    uint32_t height; ///< pixels; 0 for a request of bytes
    uint32_t fourcc; ///< of an image; SIMPLEALLOC_FOURCC_BYTES or 0 for a request of bytes
    /// What the CPU does.
    enum simplealloc_cpu_access cpu;
    uint64_t bytes; ///< more than 0 for a request of bytes
    /// Only this modifier. NULL: the best one that all uses share.
    const struct simplealloc_modifier* modifier;
    /// The devices that will touch the buffer, with NULL behind the last; the order gives the index
    /// for setups. NULL: none.
    const struct simplealloc_device_use* const* uses;
    /// Shown in /proc/…/fdinfo and debugfs; the kernel keeps 31 characters. May be NULL.
    const char* name;
    /// Backends (`dma-heap`) or sources (`dma-heap:system`) to leave out, with NULL behind the
    /// last. NULL: none.
    const char* const* without;
    /// Backends or sources that rank first, in this order. Feasibility and the criteria above
    /// policy in the ranking still decide first. NULL: none.
    const char* const* order;
    /// Also considers memory of devices that the request does not name. By default what
    /// simplealloc_allocator_options or a policy file say counts.
    enum simplealloc_choice any_device;
    /// Rejects candidates that rest on an unknown instead of ranking them last. By default what
    /// simplealloc_allocator_options or a policy file say counts.
    enum simplealloc_choice strict;
    /// Clears memory that may hold old data before it is handed out, where the CPU can reach it.
    /// Yes by default: without it the buffer may show what its last owner left there.
    enum simplealloc_choice zeroed;
    /// How many buffers of it will live at a time. 0: one, or as many as a codec among the uses
    /// needs at least, where its driver says so. A source must have room for all of them. They are
    /// still allocated one by one.
    uint32_t count;
    /// Only so much of the image counts, in pixels from its top left corner: the rest is what some
    /// device pads it with. Setups have it for each use. Both 0: all of the image counts.
    uint32_t crop_width;
    uint32_t crop_height; ///< likewise
};

/// Asks for nothing yet.
#define SIMPLEALLOC_REQUEST_INIT                                                                   \
    {                                                                                              \
        sizeof(struct simplealloc_request), 0, 0, 0, SIMPLEALLOC_CPU_NONE, 0, NULL, NULL, NULL,    \
            NULL, NULL, SIMPLEALLOC_CHOICE_DEFAULT, SIMPLEALLOC_CHOICE_DEFAULT,                    \
            SIMPLEALLOC_CHOICE_DEFAULT, 0, 0, 0                                                    \
    }

SIMPLEALLOC_END_C
