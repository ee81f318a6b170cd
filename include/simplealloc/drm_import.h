// SPDX-License-Identifier: MIT
// Buffers as GEM handles and framebuffers of a DRM device.
#pragma once

#include <simplealloc/buffer.h>

SIMPLEALLOC_BEGIN_C

/// On which file description of a device GEM handles are made: they mean something on that one
/// only.
enum simplealloc_drm_place {
    SIMPLEALLOC_DRM_PLACE_OWN_NODE, ///< the node, opened once more, never as master
    SIMPLEALLOC_DRM_PLACE_LEASE,    ///< an empty lease of the caller's
    SIMPLEALLOC_DRM_PLACE_CALLER,   ///< the caller's own
};

/// What an importer may do.
enum simplealloc_drm_handles {
    /// A description of the importer's own. Nobody else's handles can be closed on it, and
    /// framebuffers serve the caller's description as well.
    SIMPLEALLOC_DRM_HANDLES_APART,
    /// The caller's. Handles that are there already are not touched. The caller makes sure that
    /// nobody else (EGL, GBM) imports the same dma-bufs there later: who closes the one handle
    /// first closes it for all.
    SIMPLEALLOC_DRM_HANDLES_CALLERS,
};

/// Imports buffers into one DRM device and keeps account of the GEM handles: whoever imports on the
/// same description must share it. Thread-safe but for freeing it. A forked child must not use or
/// free it.
struct simplealloc_drm_importer;

/// Fails with invalid for a device that is no DRM device of an allocator, with denied or gone where
/// it can't be opened and the caller's descriptor, if there is one, leads to no other description.
SIMPLEALLOC_API int simplealloc_drm_importer_open(const struct simplealloc_device* device,
                                                  enum simplealloc_drm_handles handles,
                                                  struct simplealloc_drm_importer** importer,
                                                  struct simplealloc_error** error);
/// The same for an open node, which is duplicated: the caller keeps its own, and may close it.
SIMPLEALLOC_API int simplealloc_drm_importer_open_fd(int fd, enum simplealloc_drm_handles handles,
                                                     struct simplealloc_drm_importer** importer,
                                                     struct simplealloc_error** error);
/// Frees it; imports live on. NULL is fine.
SIMPLEALLOC_API void simplealloc_drm_importer_free(struct simplealloc_drm_importer* importer);
/// On which description the handles are.
SIMPLEALLOC_API enum simplealloc_drm_place
simplealloc_drm_importer_get_place(const struct simplealloc_drm_importer* importer);
/// That description, borrowed.
SIMPLEALLOC_API int
simplealloc_drm_importer_get_fd(const struct simplealloc_drm_importer* importer);

/// A buffer inside of a DRM device, with its GEM handles and framebuffer. The memory lives as long,
/// whether or not the buffer does. One thread at a time; different imports are independent.
struct simplealloc_drm_import;

/// Imports all dma-bufs of `buffer`, which is not needed afterwards. On the caller's description a
/// dma-buf of which somebody else has a handle there is refused (unsupported), and every one where
/// nothing shows whose a handle is. Fails with refused where the driver does not take the memory,
/// with gone where the device is.
SIMPLEALLOC_API int simplealloc_drm_importer_import(const struct simplealloc_drm_importer* importer,
                                                    const struct simplealloc_buffer* buffer,
                                                    struct simplealloc_drm_import** import,
                                                    struct simplealloc_error** error);
/// Takes the framebuffer away first (a screen that still shows it goes dark), then each GEM handle
/// that no other import of the same dma-buf has; NULL is fine.
SIMPLEALLOC_API void simplealloc_drm_import_free(struct simplealloc_drm_import* import);
/// One for each plane; planes in one dma-buf have the same. Never to be closed by the caller.
/// `count` is how many, and may be NULL.
SIMPLEALLOC_API const uint32_t*
simplealloc_drm_import_get_handles(const struct simplealloc_drm_import* import, size_t* count);
/// The framebuffer's id, made by the first call. Fails with invalid for plain bytes, with
/// unsupported on a render node or a driver without displays, with refused where the driver takes
/// no such framebuffer.
SIMPLEALLOC_API int simplealloc_drm_import_framebuffer(struct simplealloc_drm_import* import,
                                                       uint32_t* id,
                                                       struct simplealloc_error** error);

SIMPLEALLOC_END_C
