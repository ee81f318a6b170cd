// SPDX-License-Identifier: MIT
// A GBM buffer as dma-bufs and planes.
#include "backends/gbm/layout.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/layout.hpp"

#include <algorithm>
#include <cerrno>
#include <drm.h>
#include <fcntl.h>
#include <fmt/format.h>

namespace simplealloc::gbm {

namespace {

Error unfit(const std::string& object, std::string detail) {
    return failure(Stage::layout, Cause::mismatch, 0, object, std::move(detail));
}

/// The access mode of an object's first export stays for all later ones (drm_prime.c), and Mesa's
/// software driver exports for reading only. So a first export of our own is kept until libgbm's;
/// without it libgbm's is as good as that driver makes it.
UniqueFd export_writable(int card, gbm_bo* bo, int plane) {
    const gbm_bo_handle handle = library().bo_get_handle_for_plane(bo, plane);
    if (handle.s32 == -1)
        return {};
    drm_prime_handle request = {};
    request.handle = handle.u32;
    request.flags = DRM_CLOEXEC | DRM_RDWR;
    request.fd = -1;
    const int result = kernel::ioctl(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &request);
    if (result < 0) {
        log::line(LogLevel::debug, "gbm: export plane {} for writing: errno {}", plane, -result);
        return {};
    }
    return UniqueFd::adopt(request.fd);
}

/// Exports one plane, and adds its dma-buf unless an earlier plane is in it: libgbm makes a new
/// descriptor each time, and the inode tells dma-bufs apart.
Result<std::uint32_t> export_plane(const Device& device, gbm_bo* bo, int plane, RawBuffer& buffer,
                                   Layout& layout, std::vector<std::uint64_t>& inodes) {
    const std::string& object = device.node();
    const UniqueFd first = export_writable(device.fd(), bo, plane);
    errno = 0;
    const int exported = library().bo_get_fd_for_plane(bo, plane);
    const int sys_errno = errno;
    if (exported < 0)
        return failure(Stage::export_fd, gbm_cause(sys_errno), sys_errno, object,
                       fmt::format("export plane {} of a GBM buffer", plane));
    UniqueFd fd = UniqueFd::adopt(exported);
    const auto size = dmabuf::size(fd.get());
    const auto info = dmabuf::info(fd.get());
    if (!size || !info) {
        Error error = size ? info.error() : size.error();
        error.object = object;
        return error;
    }
    const auto known = std::find(inodes.begin(), inodes.end(), info->inode);
    const auto index = static_cast<std::uint32_t>(known - inodes.begin());
    if (known == inodes.end()) {
        inodes.push_back(info->inode);
        buffer.dmabufs.push_back(std::move(fd));
        layout.dmabuf_sizes.push_back(*size);
    }
    return index;
}

/// Everything up to the next plane or the end of the dma-buf.
std::uint64_t room_of(const Layout& layout, const Plane& plane) {
    std::uint64_t end = layout.dmabuf_sizes[plane.dmabuf];
    for (const Plane& other : layout.planes)
        if (other.dmabuf == plane.dmabuf && other.offset > plane.offset)
            end = std::min(end, other.offset);
    return end - std::min(end, plane.offset);
}

/// Packed where it follows that rule, as more devices can express it.
Placement placement_of(Layout layout) {
    if (layout.dmabuf_sizes.size() > 1)
        return Placement::per_plane;
    layout.placement = Placement::packed;
    return layout.modifier.is_linear() && solver::check_layout(layout, {}) ? Placement::packed
                                                                           : Placement::single;
}

} // namespace

Result<RawBuffer> export_image(const Device& device, gbm_bo* bo, const Layout& planned,
                               Modifier modifier) {
    const std::string& object = device.node();
    errno = 0;
    const int count = library().bo_get_plane_count(bo);
    const int sys_errno = errno;
    if (count <= 0)
        return failure(Stage::layout, gbm_cause(sys_errno), sys_errno, object,
                       "ask a GBM buffer for its planes");
    const bool linear = modifier.is_linear();
    if (linear && static_cast<std::size_t>(count) != planned.planes.size())
        return unfit(object, fmt::format("a linear image of {} with {} planes, {} were expected",
                                         to_string(planned.fourcc), count, planned.planes.size()));

    RawBuffer buffer;
    Layout layout;
    layout.width = planned.width;
    layout.height = planned.height;
    layout.fourcc = planned.fourcc;
    layout.modifier = modifier;
    std::vector<std::uint64_t> inodes;
    for (int i = 0; i < count; ++i) {
        auto dmabuf = export_plane(device, bo, i, buffer, layout, inodes);
        if (!dmabuf)
            return std::move(dmabuf).error();
        const std::uint64_t stride = library().bo_get_stride_for_plane(bo, i);
        if (stride == 0)
            return unfit(object, fmt::format("plane {} of a GBM buffer has no stride", i));
        layout.planes.push_back({*dmabuf, library().bo_get_offset(bo, i), stride, 0});
    }
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        Plane& plane = layout.planes[i];
        if (plane.offset >= layout.dmabuf_sizes[plane.dmabuf])
            return unfit(object, fmt::format("plane {} starts at {}, its dma-buf has {} bytes", i,
                                             plane.offset, layout.dmabuf_sizes[plane.dmabuf]));
        const Plane* lines = linear ? &planned.planes[i] : nullptr;
        plane.size = lines != nullptr ? plane.stride * (lines->size / lines->stride)
                                      : room_of(layout, plane);
    }
    layout.placement = placement_of(layout);
    buffer.layout = std::make_shared<const Layout>(std::move(layout));
    return buffer;
}

} // namespace simplealloc::gbm
