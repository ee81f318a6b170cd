// SPDX-License-Identifier: MIT
// libgbm by dlopen(): linked, it would bring libwayland-server and libexpat into every program.
#include "backends/gbm/library.hpp"

#include "lib/base/failure.hpp"

#include <dlfcn.h>
#include <mutex>
#include <string>
#include <type_traits>

namespace simplealloc::gbm {

namespace {

constexpr const char* soname = "libgbm.so.1";

std::mutex loading;
bool loaded = false;
Library functions;

Error missing(const std::string& reason, const char* remedy) {
    return failure(Stage::open, Cause::unsupported, 0, soname, "load libgbm: " + reason, remedy);
}

} // namespace

Result<void> load_library() {
    const std::lock_guard lock(loading);
    if (loaded)
        return {};
    void* const handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        return missing(dlerror(), "install libgbm (Debian: libgbm1)");
    Library found{};
    const char* absent = nullptr;
    const auto look_up = [&](auto& function, const char* name) {
        function =
            reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
        if (function == nullptr && absent == nullptr)
            absent = name;
    };
    look_up(found.create_device, "gbm_create_device");
    look_up(found.device_destroy, "gbm_device_destroy");
    look_up(found.bo_create, "gbm_bo_create");
    look_up(found.bo_create_with_modifiers2, "gbm_bo_create_with_modifiers2");
    look_up(found.bo_destroy, "gbm_bo_destroy");
    look_up(found.bo_get_modifier, "gbm_bo_get_modifier");
    look_up(found.bo_get_plane_count, "gbm_bo_get_plane_count");
    look_up(found.bo_get_fd_for_plane, "gbm_bo_get_fd_for_plane");
    look_up(found.bo_get_handle_for_plane, "gbm_bo_get_handle_for_plane");
    look_up(found.bo_get_stride_for_plane, "gbm_bo_get_stride_for_plane");
    look_up(found.bo_get_offset, "gbm_bo_get_offset");
    if (absent != nullptr) {
        dlclose(handle);
        return missing(std::string("it has no ") + absent, "install libgbm of Mesa 21.3 or later");
    }
    functions = found;
    loaded = true;
    return {};
}

const Library& library() noexcept {
    return functions;
}

} // namespace simplealloc::gbm
