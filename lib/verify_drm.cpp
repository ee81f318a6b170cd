// SPDX-License-Identifier: MIT
// PRIME import and AddFB2, on a file description of our own.
#include "lib/verify_parts.hpp"

#include "lib/drm_node.hpp"
#include "lib/kernel.hpp"

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <system_error>

namespace simplealloc {

namespace {

/// GEM handles are one per object and file description, not counted: the set closes each of them
/// once.
class GemHandles {
public:
    explicit GemHandles(int fd) : fd_(fd) {}
    GemHandles(const GemHandles&) = delete;
    GemHandles& operator=(const GemHandles&) = delete;
    ~GemHandles() {
        for (const std::uint32_t handle : handles_) {
            drm_gem_close request = {};
            request.handle = handle;
            kernel::ioctl(fd_, DRM_IOCTL_GEM_CLOSE, &request);
        }
    }

    /// The handle, or a negative errno.
    std::int64_t import(int dmabuf) {
        drm_prime_handle request = {};
        request.fd = dmabuf;
        const int result = kernel::ioctl(fd_, DRM_IOCTL_PRIME_FD_TO_HANDLE, &request);
        if (result < 0)
            return result;
        handles_.insert(request.handle);
        return request.handle;
    }

private:
    int fd_;
    std::set<std::uint32_t> handles_;
};

/// Nothing, or why the framebuffer can't be made.
std::string add_framebuffer(int fd, const DrmSetup& setup, std::span<const std::uint32_t> handles) {
    drm_mode_fb_cmd2 request = {};
    request.width = setup.width;
    request.height = setup.height;
    request.pixel_format = setup.fourcc.value;
    request.flags = setup.pass_modifier ? DRM_MODE_FB_MODIFIERS : 0;
    for (std::uint32_t i = 0; i < setup.plane_count; ++i) {
        request.handles[i] = handles[setup.dmabufs[i]];
        request.pitches[i] = setup.pitches[i];
        request.offsets[i] = setup.offsets[i];
        request.modifier[i] = setup.pass_modifier ? setup.modifier : 0;
    }
    const int result = kernel::ioctl(fd, DRM_IOCTL_MODE_ADDFB2, &request);
    if (result < 0)
        return fmt::format("AddFB2 of {} with pitch {}: {}", to_string(setup.fourcc),
                           setup.pitches[0], std::generic_category().message(-result));
    std::uint32_t framebuffer = request.fb_id;
    kernel::ioctl(fd, DRM_IOCTL_MODE_RMFB, &framebuffer);
    return {};
}

bool wants_framebuffer(Use use) {
    return use == Use::scanout || use == Use::cursor;
}

} // namespace

Verification verify_drm(const DeviceUse& use, const Buffer& buffer, std::size_t use_index,
                        const std::string& source_device) {
    const DeviceRecord& record = use.device.record();
    Verification result{party_name(record, use.use), std::nullopt, "", ""};

    const auto own = open_drm_node(record.path);
    int fd = -1;
    if (own)
        fd = own->get();
    else if (record.caller_fd && source_device != record.id)
        fd = record.caller_fd.get();
    if (fd < 0) {
        result.reason = own.error().message();
        if (record.caller_fd)
            result.reason +=
                "; the caller's descriptor can't be used, as this device exported the buffer";
        return result;
    }

    result.how = "PRIME import";
    GemHandles gem(fd);
    std::vector<std::uint32_t> handles;
    for (const DmaBuf& dmabuf : buffer.dmabufs()) {
        const std::int64_t handle = gem.import(dmabuf.fd);
        if (handle < 0) {
            result.imported = false;
            result.reason = fmt::format("import: {}",
                                        std::generic_category().message(static_cast<int>(-handle)));
            return result;
        }
        handles.push_back(static_cast<std::uint32_t>(handle));
    }
    if (wants_framebuffer(use.use) && buffer.fourcc() != fourcc::bytes) {
        const auto setup = buffer.setup(use_index);
        if (!setup || !setup->drm) {
            result.imported = false;
            result.reason = setup ? "no DRM setup for this use" : setup.error().message();
            return result;
        }
        result.how += ", AddFB2";
        result.reason = add_framebuffer(fd, *setup->drm, handles);
        if (!result.reason.empty()) {
            result.imported = false;
            return result;
        }
    }
    result.imported = true;
    return result;
}

} // namespace simplealloc
