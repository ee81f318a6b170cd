// SPDX-License-Identifier: MIT
// Something that will access a buffer: a DRM node, a V4L2 node, or what the caller describes.
#pragma once

#include <simplealloc/capability_set.h>
#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

struct simplealloc_buffer;

/// What a device does with a buffer.
enum simplealloc_use {
    SIMPLEALLOC_USE_SCANOUT, ///< a display controller reads it
    SIMPLEALLOC_USE_RENDER,  ///< a GPU draws into it
    SIMPLEALLOC_USE_SAMPLE,  ///< a GPU reads it as a texture
    SIMPLEALLOC_USE_CAPTURE, ///< a camera or frame grabber fills it
    SIMPLEALLOC_USE_ENCODE,  ///< an encoder reads it
    SIMPLEALLOC_USE_DECODE,  ///< a decoder writes it
    SIMPLEALLOC_USE_M2M_IN,  ///< a memory-to-memory device reads it
    SIMPLEALLOC_USE_M2M_OUT, ///< a memory-to-memory device writes it
    SIMPLEALLOC_USE_CURSOR,  ///< a display controller reads it as cursor
    SIMPLEALLOC_USE_READ,    ///< any other reading
    SIMPLEALLOC_USE_WRITE,   ///< any other writing
};

/// Kebab-case, e.g. `m2m-in`; static.
SIMPLEALLOC_API const char* simplealloc_use_to_string(enum simplealloc_use use);
/// Reads what simplealloc_use_to_string() writes; -EINVAL for anything else.
SIMPLEALLOC_API int simplealloc_use_parse(const char* text, enum simplealloc_use* use);

/// Whether the V4L2 queue behind a caller's descriptor may be used (formats set, buffers requested)
/// for planning and verification. Everything is put back afterwards.
enum simplealloc_queue_access {
    SIMPLEALLOC_QUEUE_ACCESS_NONE, ///< only calls without side effects
    SIMPLEALLOC_QUEUE_ACCESS_LENT, ///< the caller owns the queue, is not streaming, and lends it
};

/// What a caller says of a device that the library can't ask (EGL, Vulkan, an NPU, another
/// process).
struct simplealloc_device_description {
    size_t size;      ///< of this struct
    const char* name; ///< how it appears in plans, e.g. `egl`
    /// The ways in which it takes a buffer, best first; NULL: any format, linear, no limits.
    const struct simplealloc_capability_set* const* alternatives;
    /// Imports a fresh buffer, which is borrowed, and returns 0, or a negative errno where the
    /// device refuses it; runs in allocations, on the calling thread, so on several at once where
    /// several allocate. NULL: can't be tested.
    int (*verify)(const struct simplealloc_buffer* buffer, void* data);
    /// Called once, when nothing has the device any more, also where making it fails; may be NULL.
    void (*release)(void* data);
    void* data; ///< for the two
};

/// No name, nothing known.
#define SIMPLEALLOC_DEVICE_DESCRIPTION_INIT                                                        \
    { sizeof(struct simplealloc_device_description), NULL, NULL, NULL, NULL, NULL }

/// A device as discovery found it. Immutable, so safe to use from several threads.
struct simplealloc_device;

/// Frees the handle, not what was made with it; NULL is fine.
SIMPLEALLOC_API void simplealloc_device_free(struct simplealloc_device* device);
/// Another handle of the same device; cheap.
SIMPLEALLOC_API int simplealloc_device_copy(const struct simplealloc_device* device,
                                            struct simplealloc_device** copy,
                                            struct simplealloc_error** error);
/// A device that only its caller knows; its limits are not checked before a plan.
SIMPLEALLOC_API int
simplealloc_device_describe(const struct simplealloc_device_description* description,
                            struct simplealloc_device** device, struct simplealloc_error** error);

/// Stable on this boot: the sysfs path of the hardware, or `described:NAME`. What is borrowed from
/// a device lives as long as the handle.
SIMPLEALLOC_API const char* simplealloc_device_get_id(const struct simplealloc_device* device);
/// The node's path, or the name of a described device.
SIMPLEALLOC_API const char* simplealloc_device_get_path(const struct simplealloc_device* device);
/// `drm`, `accel`, `video4linux`, the class of a node that a quirk row names, or `described`.
SIMPLEALLOC_API const char*
simplealloc_device_get_subsystem(const struct simplealloc_device* device);
/// The kernel driver's name; empty when unknown.
SIMPLEALLOC_API const char* simplealloc_device_get_driver(const struct simplealloc_device* device);
/// What is known of it, and how. Made when it is first asked for, and empty while there is no
/// memory for that.
SIMPLEALLOC_API const struct simplealloc_fact* const*
simplealloc_device_get_facts(const struct simplealloc_device* device);
/// What it can do, as far as is known without the right to open it. `count` is how many, and may be
/// NULL.
SIMPLEALLOC_API const enum simplealloc_use*
simplealloc_device_get_uses(const struct simplealloc_device* device, size_t* count);
/// The ways in which it takes a buffer of `fourcc` for a use, best first, as plans go by. Where it
/// does not take the fourcc, one set with all formats that it takes. Fails with unsupported where
/// it has no such use, with denied where it may not be opened, and with invalid where it comes from
/// simplealloc_allocator_devices(), which asks nothing.
SIMPLEALLOC_API int simplealloc_device_capabilities(const struct simplealloc_device* device,
                                                    enum simplealloc_use use, uint32_t fourcc,
                                                    struct simplealloc_capabilities** capabilities,
                                                    struct simplealloc_error** error);

SIMPLEALLOC_END_C
