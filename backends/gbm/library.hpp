// SPDX-License-Identifier: MIT
// libgbm, which most programs that use this library never need; replaced in tests.
#pragma once

#include <simplealloc/result.hpp>

#include <gbm.h>

namespace simplealloc::gbm {

/// Its functions, without the prefix.
struct Library {
    decltype(&gbm_create_device) create_device;
    decltype(&gbm_device_destroy) device_destroy;
    decltype(&gbm_bo_create) bo_create;
    decltype(&gbm_bo_create_with_modifiers2) bo_create_with_modifiers2;
    decltype(&gbm_bo_destroy) bo_destroy;
    decltype(&gbm_bo_get_modifier) bo_get_modifier;
    decltype(&gbm_bo_get_plane_count) bo_get_plane_count;
    decltype(&gbm_bo_get_fd_for_plane) bo_get_fd_for_plane;
    decltype(&gbm_bo_get_handle_for_plane) bo_get_handle_for_plane;
    decltype(&gbm_bo_get_stride_for_plane) bo_get_stride_for_plane;
    decltype(&gbm_bo_get_offset) bo_get_offset;
};

/// Loads it once, and keeps it for the rest of the process: GPU drivers leave threads and handlers
/// behind. Fails with unsupported where it is missing or older than Mesa 21.3. Thread-safe.
Result<void> load_library();

/// Once it is loaded.
const Library& library() noexcept;

} // namespace simplealloc::gbm
