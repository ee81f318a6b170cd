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

/// For one thread; checked by simplealloc_allocator_plan() alone, which says what is wrong. A
/// function that fails leaves it as it was.
struct simplealloc_request;

/// Width and height in pixels. Without a modifier the best one that all uses share is chosen.
SIMPLEALLOC_API int simplealloc_request_new_image(uint32_t width, uint32_t height, uint32_t fourcc,
                                                  struct simplealloc_request** request,
                                                  struct simplealloc_error** error);
/// `size` in bytes.
SIMPLEALLOC_API int simplealloc_request_new_bytes(uint64_t size,
                                                  struct simplealloc_request** request,
                                                  struct simplealloc_error** error);
/// Frees a request, which no plan needs; NULL is fine.
SIMPLEALLOC_API void simplealloc_request_free(struct simplealloc_request* request);

/// Adds a device that will touch the buffer; the order gives the index for setups.
SIMPLEALLOC_API int simplealloc_request_add_use(struct simplealloc_request* request,
                                                const struct simplealloc_device* device,
                                                enum simplealloc_use use,
                                                struct simplealloc_error** error);
/// The same with all that the caller knows.
SIMPLEALLOC_API int simplealloc_request_add_device_use(struct simplealloc_request* request,
                                                       const struct simplealloc_device_use* use,
                                                       struct simplealloc_error** error);
/// Only this modifier.
SIMPLEALLOC_API int simplealloc_request_set_modifier(struct simplealloc_request* request,
                                                     struct simplealloc_modifier modifier,
                                                     struct simplealloc_error** error);
/// What the CPU does; SIMPLEALLOC_CPU_NONE unless this is called.
SIMPLEALLOC_API int simplealloc_request_set_cpu(struct simplealloc_request* request,
                                                enum simplealloc_cpu_access access,
                                                struct simplealloc_error** error);
/// How many buffers of it will live at a time, from 1. Unless this is called, 1, or as many as a
/// codec among the uses needs at least, where its driver says so. A source must have room for all
/// of them. They are still allocated one by one.
SIMPLEALLOC_API int simplealloc_request_set_count(struct simplealloc_request* request,
                                                  uint32_t buffers,
                                                  struct simplealloc_error** error);
/// Only so much of the image counts, from its top left corner: the rest is what some device pads it
/// with. Setups have it for each use. All of the image counts unless this is called.
SIMPLEALLOC_API int simplealloc_request_set_crop(struct simplealloc_request* request,
                                                 uint32_t width, uint32_t height,
                                                 struct simplealloc_error** error);
/// Shown in /proc/…/fdinfo and debugfs; the kernel keeps 31 characters.
SIMPLEALLOC_API int simplealloc_request_set_name(struct simplealloc_request* request,
                                                 const char* name,
                                                 struct simplealloc_error** error);
/// Also considers memory of devices that the request does not name. Unless this is called, what
/// simplealloc_allocator_options or a policy file say counts.
SIMPLEALLOC_API int simplealloc_request_set_any_device(struct simplealloc_request* request,
                                                       bool yes, struct simplealloc_error** error);
/// Rejects candidates that rest on an unknown instead of ranking them last. Unless this is called,
/// what simplealloc_allocator_options or a policy file say counts.
SIMPLEALLOC_API int simplealloc_request_set_strict(struct simplealloc_request* request, bool yes,
                                                   struct simplealloc_error** error);
/// Clears memory that may hold old data before it is handed out, where the CPU can reach it. On
/// unless this is called: without it the buffer may show what its last owner left there.
SIMPLEALLOC_API int simplealloc_request_set_zeroed(struct simplealloc_request* request, bool yes,
                                                   struct simplealloc_error** error);
/// Leaves a backend (`dma-heap`) or one source (`dma-heap:system`) out.
SIMPLEALLOC_API int simplealloc_request_add_without(struct simplealloc_request* request,
                                                    const char* backend_or_source,
                                                    struct simplealloc_error** error);
/// Names backends or sources that rank first, in this order, with NULL behind the last. Feasibility
/// and the criteria above policy in the ranking still decide first.
SIMPLEALLOC_API int simplealloc_request_set_order(struct simplealloc_request* request,
                                                  const char* const* backends_or_sources,
                                                  struct simplealloc_error** error);

/// What a request asks for.
struct simplealloc_request_fields {
    uint32_t width;                                   ///< pixels; 0 for a request of bytes
    uint32_t height;                                  ///< pixels; 0 for a request of bytes
    uint64_t bytes;                                   ///< only for a request of bytes
    uint32_t fourcc;                                  ///< SIMPLEALLOC_FOURCC_BYTES likewise
    const struct simplealloc_modifier* modifier;      ///< NULL: the best one that all uses share
    const struct simplealloc_device_use* const* uses; ///< in their order
    enum simplealloc_cpu_access cpu;                  ///< what the CPU does
    const char* name;                                 ///< may be empty
    bool any_device;                                  ///< of a plan's request: as it was planned
    bool strict;                                      ///< likewise
    bool zeroed;                                      ///< see simplealloc_request_set_zeroed()
    const char* const* without;                       ///< what is left out
    const char* const* order;                         ///< what ranks first
    bool is_image;                                    ///< made by simplealloc_request_new_image()
    uint32_t count;                                   ///< see simplealloc_request_set_count()
    uint32_t crop_width;  ///< pixels, see simplealloc_request_set_crop(); 0: all of the image
    uint32_t crop_height; ///< pixels, likewise
};
/// Hands out a copy of what was asked for.
SIMPLEALLOC_API int simplealloc_request_get_fields(const struct simplealloc_request* request,
                                                   struct simplealloc_request_fields** fields,
                                                   struct simplealloc_error** error);
/// Frees the copy; NULL is fine.
SIMPLEALLOC_API void simplealloc_request_fields_free(struct simplealloc_request_fields* fields);

SIMPLEALLOC_END_C
