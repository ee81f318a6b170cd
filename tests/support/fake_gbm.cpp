// SPDX-License-Identifier: MIT
// The functions of gbm.h that the backend uses, in memory.
#include "tests/support/fake_gbm.hpp"

#include "backends/gbm/library.hpp"

#include "tests/support/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <drm.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <gbm.h>

using simplealloc::test::FakeDmaBuf;
using simplealloc::test::FakeGbm;
using simplealloc::test::FakeGbmImage;
using simplealloc::test::FakeKernel;

struct gbm_device {
    int fd;
    std::string node;
    std::size_t bos = 0;
};

struct gbm_bo {
    gbm_device* device;
    FakeGbmImage image;
    std::vector<std::shared_ptr<FakeDmaBuf>> dmabufs;
    std::uint64_t modifier;
};

namespace simplealloc::test {

namespace {

FakeGbm* current_gbm = nullptr;

} // namespace

FakeGbm::FakeGbm() {
    if (current_gbm != nullptr) {
        std::fprintf(stderr, "fake libgbm: two at a time\n");
        std::abort();
    }
    current_gbm = this;
}

FakeGbm::~FakeGbm() {
    current_gbm = nullptr;
}

FakeGbm* FakeGbm::installed() noexcept {
    return current_gbm;
}

FakeGbmImage FakeGbm::linear_image(std::uint32_t width, std::uint32_t height,
                                   std::optional<std::uint64_t> /*modifier*/) {
    const std::uint32_t stride = (width * 4 + 63) / 64 * 64;
    return {{std::uint64_t{stride} * height}, {{0, 0, stride}}};
}

void FakeGbm::fail_nth_call(unsigned nth, int sys_errno) {
    fail_at_ = {calls.size() + nth, sys_errno};
    failed_ = false;
}

void FakeGbm::fail(std::string call, int sys_errno) {
    fail_call_ = {std::move(call), sys_errno};
    failed_ = false;
}

void FakeGbm::clear_failures() {
    fail_at_.reset();
    fail_call_.reset();
    failed_ = false;
}

int FakeGbm::export_handle(std::uint32_t handle, std::uint32_t flags) {
    const auto found = handles.find(handle);
    const auto dmabuf = found == handles.end() ? nullptr : found->second.lock();
    if (!dmabuf)
        return -ENOENT;
    if ((flags & DRM_RDWR) != 0)
        dmabuf->flags = O_RDWR; // no descriptor was made before
    return FakeKernel::current().install(dmabuf);
}

bool FakeGbm::enter(const char* call) {
    calls.emplace_back(call);
    if (fail_at_ && fail_at_->first == calls.size())
        errno = fail_at_->second;
    else if (fail_call_ && fail_call_->first == call)
        errno = fail_call_->second;
    else
        return false;
    failed_ = true;
    return true;
}

} // namespace simplealloc::test

namespace {

FakeGbm& fake() {
    return *FakeGbm::installed();
}

bool is_open(int fd) {
    const auto fds = FakeKernel::current().open_fds();
    return std::find(fds.begin(), fds.end(), fd) != fds.end();
}

void check_fd(const gbm_device* device, const char* call) {
    if (!is_open(device->fd))
        fake().errors.emplace_back(std::string(call) + " after the node was closed");
}

gbm_bo* make(gbm_device* device, std::uint32_t width, std::uint32_t height,
             std::optional<std::uint64_t> modifier) {
    if (device->node.find("/renderD") != std::string::npos && !fake().render_node_allocates) {
        errno = EACCES;
        return nullptr;
    }
    auto* bo = new gbm_bo{device,
                          fake().image(width, height, modifier),
                          {},
                          modifier.value_or(DRM_FORMAT_MOD_INVALID)};
    for (const std::uint64_t size : bo->image.dmabuf_sizes)
        bo->dmabufs.push_back(FakeKernel::current().make_dmabuf(
            size, "drm", fake().exports_writable ? O_RDWR : O_RDONLY));
    ++fake().bos;
    ++device->bos;
    return bo;
}

} // namespace

gbm_device* gbm_create_device(int fd) {
    if (FakeGbm::installed() == nullptr) {
        errno = ENOSYS;
        return nullptr;
    }
    if (fake().enter("gbm_create_device"))
        return nullptr;
    if (!is_open(fd))
        fake().errors.emplace_back("gbm_create_device on what is not open");
    ++fake().devices;
    return new gbm_device{fd, FakeKernel::current().describe(fd)};
}

void gbm_device_destroy(gbm_device* device) {
    check_fd(device, "gbm_device_destroy");
    if (device->bos != 0)
        fake().errors.emplace_back("gbm_device_destroy before its buffers");
    --fake().devices;
    delete device;
}

gbm_bo* gbm_bo_create(gbm_device* device, std::uint32_t width, std::uint32_t height,
                      std::uint32_t /*format*/, std::uint32_t flags) {
    check_fd(device, "gbm_bo_create");
    fake().requests.push_back({device->node, width, height, flags, {}});
    if (fake().enter("gbm_bo_create"))
        return nullptr;
    return make(device, width, height, std::nullopt);
}

gbm_bo* gbm_bo_create_with_modifiers2(gbm_device* device, std::uint32_t width, std::uint32_t height,
                                      std::uint32_t /*format*/, const std::uint64_t* modifiers,
                                      const unsigned count, std::uint32_t flags) {
    check_fd(device, "gbm_bo_create_with_modifiers2");
    const std::vector<std::uint64_t> offered(modifiers, modifiers + count);
    fake().requests.push_back({device->node, width, height, flags, offered});
    if (fake().enter("gbm_bo_create_with_modifiers2"))
        return nullptr;
    if (!fake().knows_modifiers) {
        errno = ENOSYS;
        return nullptr;
    }
    for (const std::uint64_t wish : fake().preference)
        if (std::find(offered.begin(), offered.end(), wish) != offered.end())
            return make(device, width, height, wish);
    errno = EINVAL;
    return nullptr;
}

void gbm_bo_destroy(gbm_bo* bo) {
    check_fd(bo->device, "gbm_bo_destroy");
    --fake().bos;
    --bo->device->bos;
    delete bo;
}

std::uint64_t gbm_bo_get_modifier(gbm_bo* bo) {
    return fake().says_modifier.value_or(bo->modifier);
}

int gbm_bo_get_plane_count(gbm_bo* bo) {
    return fake().enter("gbm_bo_get_plane_count") ? -1 : static_cast<int>(bo->image.planes.size());
}

int gbm_bo_get_fd_for_plane(gbm_bo* bo, int plane) {
    if (fake().enter("gbm_bo_get_fd_for_plane"))
        return -1;
    const auto& where = bo->image.planes[static_cast<std::size_t>(plane)];
    return FakeKernel::current().install(bo->dmabufs[where.dmabuf]);
}

std::uint32_t gbm_bo_get_stride_for_plane(gbm_bo* bo, int plane) {
    return fake().enter("gbm_bo_get_stride_for_plane")
               ? 0
               : bo->image.planes[static_cast<std::size_t>(plane)].stride;
}

std::uint32_t gbm_bo_get_offset(gbm_bo* bo, int plane) {
    return bo->image.planes[static_cast<std::size_t>(plane)].offset;
}

gbm_bo_handle gbm_bo_get_handle_for_plane(gbm_bo* bo, int plane) {
    gbm_bo_handle handle = {};
    handle.s32 = -1;
    if (!fake().has_handles)
        return handle;
    handle.u32 = static_cast<std::uint32_t>(fake().handles.size()) + 1;
    fake().handles[handle.u32] =
        bo->dmabufs[bo->image.planes[static_cast<std::size_t>(plane)].dmabuf];
    return handle;
}

namespace simplealloc {

Result<void> gbm::load_library() {
    return {};
}

const gbm::Library& gbm::library() noexcept {
    static constexpr Library functions = {
        gbm_create_device,
        gbm_device_destroy,
        gbm_bo_create,
        gbm_bo_create_with_modifiers2,
        gbm_bo_destroy,
        gbm_bo_get_modifier,
        gbm_bo_get_plane_count,
        gbm_bo_get_fd_for_plane,
        gbm_bo_get_handle_for_plane,
        gbm_bo_get_stride_for_plane,
        gbm_bo_get_offset,
    };
    return functions;
}

} // namespace simplealloc
