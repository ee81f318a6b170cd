// SPDX-License-Identifier: MIT
// The GEM handles of one DRM file description, counted.
#include "lib/kernel/gem_handles.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-heap.h>
#include <optional>
#include <simplealloc/unique_fd.hpp>
#include <string>
#include <utility>

namespace simplealloc {

namespace {

/// ENODEV is what a driver without import answers (virtio-gpu), and what an unplugged device
/// answers to everything.
bool is_unplugged(int fd) {
    drm_version request = {};
    return kernel::ioctl(fd, DRM_IOCTL_VERSION, &request) == -ENODEV;
}

Cause import_cause(int fd, int sys_errno) {
    switch (sys_errno) {
    case EINVAL:
    case ENOSYS:
        return Cause::refused;
    case ENODEV:
        return is_unplugged(fd) ? Cause::gone : Cause::refused;
    default:
        return cause_of(sys_errno);
    }
}

int close_handle(int fd, std::uint32_t handle) {
    drm_gem_close request = {};
    request.handle = handle;
    return kernel::ioctl(fd, DRM_IOCTL_GEM_CLOSE, &request);
}

/// A dma-buf that nobody has seen.
UniqueFd make_fresh_dmabuf() {
    const int heap = kernel::open("/dev/dma_heap/system", O_RDWR);
    if (heap < 0)
        return {};
    const UniqueFd owner = UniqueFd::adopt(heap);
    dma_heap_allocation_data request = {};
    request.len = kernel::page_size();
    request.fd_flags = O_RDWR | O_CLOEXEC;
    if (kernel::ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request) < 0)
        return {};
    return UniqueFd::adopt(static_cast<int>(request.fd));
}

/// A handle that nobody else has: of a dumb buffer, or of memory that is new.
std::optional<std::uint32_t> make_handle(int fd) {
    drm_mode_create_dumb dumb = {};
    dumb.width = 64;
    dumb.height = 1;
    dumb.bpp = 32;
    if (kernel::ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb) >= 0)
        return dumb.handle;
    const UniqueFd fresh = make_fresh_dmabuf();
    drm_prime_handle imported = {};
    imported.fd = fresh.get();
    if (!fresh || kernel::ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &imported) < 0)
        return std::nullopt;
    return imported.handle;
}

/// The number that the next handle gets (drm_gem_handle_create_tail(), lib/idr.c).
std::optional<std::uint32_t> next_number(int fd) {
    const auto handle = make_handle(fd);
    return handle && close_handle(fd, *handle) >= 0 ? handle : std::nullopt;
}

Error unsupported(std::string detail) {
    return failure(Stage::import_fd, Cause::unsupported, 0, "DRM device", std::move(detail),
                   "let the importer have a description of its own (DrmHandles::apart)");
}

} // namespace

Result<std::uint32_t> GemHandles::give(int dmabuf) {
    drm_prime_handle request = {};
    request.fd = dmabuf;
    const int result = kernel::ioctl(fd_, DRM_IOCTL_PRIME_FD_TO_HANDLE, &request);
    if (result < 0)
        return failure(Stage::import_fd, import_cause(fd_, -result), -result, "DRM device",
                       "PRIME import");
    return request.handle;
}

void GemHandles::count(Users fresh, std::uint32_t handle) noexcept {
    auto entry = fresh.extract(fresh.begin());
    entry.key() = handle;
    ++users_.insert(std::move(entry)).position->second;
}

Result<std::uint32_t> GemHandles::import(int dmabuf) {
    const std::lock_guard lock(mutex_);
    // Made before the handle, which must not be lost for want of memory.
    Users fresh{{0, 0}};
    const auto handle = give(dmabuf);
    if (handle)
        count(std::move(fresh), *handle);
    return handle;
}

Result<std::uint32_t> GemHandles::import_beside_others(int dmabuf) {
    const std::lock_guard lock(mutex_);
    Users fresh{{0, 0}};
    const auto next = next_number(fd_);
    if (!next)
        return unsupported("whose a handle is on the caller's descriptor can't be known: it makes "
                           "no dumb buffers, and takes no memory of /dev/dma_heap/system");
    const auto handle = give(dmabuf);
    if (!handle)
        return handle;
    if (*handle != *next && !users_.contains(*handle))
        return unsupported(fmt::format(
            "on the caller's descriptor somebody else has a handle of it, {}", *handle));
    count(std::move(fresh), *handle);
    return handle;
}

void GemHandles::release(std::uint32_t handle) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(handle);
    if (found == users_.end() || --found->second > 0)
        return;
    users_.erase(found);
    if (const int result = close_handle(fd_, handle); result < 0)
        log::line(LogLevel::warning, "import: close GEM handle {}: errno {}", handle, -result);
}

} // namespace simplealloc
