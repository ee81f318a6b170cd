// SPDX-License-Identifier: MIT
// PRIME import and AddFB2, on a file description that disturbs nobody.
#include "lib/verify_parts.hpp"

#include "lib/drm_node.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/log.hpp"
#include "lib/verify_commit.hpp"

#include <algorithm>
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <set>
#include <span>

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
            if (const int result = kernel::ioctl(fd_, DRM_IOCTL_GEM_CLOSE, &request); result < 0)
                log::line(LogLevel::warning, "verify: close GEM handle {}: errno {}", handle,
                          -result);
        }
    }

    /// Zero or a negative errno.
    int import(int dmabuf, std::uint32_t& handle) {
        drm_prime_handle request = {};
        request.fd = dmabuf;
        const int result = kernel::ioctl(fd_, DRM_IOCTL_PRIME_FD_TO_HANDLE, &request);
        if (result < 0)
            return result;
        handles_.insert(request.handle);
        handle = request.handle;
        return 0;
    }

private:
    int fd_;
    std::set<std::uint32_t> handles_;
};

class Framebuffer {
public:
    explicit Framebuffer(int fd) : fd_(fd) {}
    Framebuffer(const Framebuffer&) = delete;
    Framebuffer& operator=(const Framebuffer&) = delete;
    ~Framebuffer() {
        if (id_ == 0)
            return;
        if (const int result = kernel::ioctl(fd_, DRM_IOCTL_MODE_RMFB, &id_); result < 0)
            log::line(LogLevel::warning, "verify: remove framebuffer {}: errno {}", id_, -result);
    }

    Trial add(const DrmSetup& setup, std::span<const std::uint32_t> handles) {
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
        Trial added = trial_of(
            kernel::ioctl(fd_, DRM_IOCTL_MODE_ADDFB2, &request),
            fmt::format("AddFB2 of {} with pitch {}", to_string(setup.fourcc), setup.pitches[0]));
        if (added.passed.value_or(false))
            id_ = request.fb_id;
        return added;
    }

    [[nodiscard]] std::uint32_t id() const { return id_; }

private:
    int fd_;
    std::uint32_t id_ = 0;
};

/// Where the buffer is imported.
struct Place {
    UniqueFd own;
    int fd = -1;
    std::string how;
    std::string why_not; ///< when there is none
};

/// The node may be another device's by now, or in this container.
Result<UniqueFd> reopen(const DeviceRecord& record) {
    auto opened = open_drm_node(record.path);
    if (!opened)
        return opened;
    kernel::Stat stat;
    const int result = kernel::fstat(opened->get(), stat);
    if (result < 0 || (record.devnum != 0 && stat.rdev != record.devnum))
        return failure(Stage::open, Cause::gone, std::max(0, -result), record.path,
                       "it is another device now");
    return opened;
}

/// Handles are not counted per import, so on the caller's description one of the caller's own
/// could be closed: never where this device exported the buffer, as the caller may have it there.
Place find_place(const DeviceRecord& record, const std::string& source_device) {
    Place place;
    auto own = reopen(record);
    if (own) {
        place.own = std::move(*own);
        place.how = "PRIME import";
    } else if (!record.caller_fd) {
        place.why_not = own.error().message();
        return place;
    } else if (auto lease = lease_drm_node(record.caller_fd.get())) {
        place.own = std::move(*lease);
        place.how = "PRIME import on a lease";
    } else if (source_device == record.id) {
        place.why_not = own.error().message() +
                        "; the caller's descriptor can't be used, as this device exported the "
                        "buffer (" +
                        lease.error().message() + ")";
        return place;
    } else {
        place.fd = record.caller_fd.get();
        place.how = "PRIME import on the caller's descriptor";
        return place;
    }
    place.fd = place.own.get();
    return place;
}

bool wants_framebuffer(Use use) {
    return use == Use::scanout || use == Use::cursor;
}

/// Framebuffer and commit; `result` has what came before.
void verify_display(const DeviceUse& use, const Setup& setup, int fd,
                    std::span<const std::uint32_t> handles, Verification& result) {
    Framebuffer framebuffer(fd);
    const Trial added = framebuffer.add(*setup.drm, handles);
    result.how += ", AddFB2";
    result.imported = added.passed;
    result.reason = added.reason;
    const DeviceRecord& record = use.device.record();
    if (!added.passed.value_or(false) || !record.caller_fd)
        return;
    const CommitTrial tried =
        test_commit(record.caller_fd.get(), use.use, *setup.drm, framebuffer.id());
    if (!tried.how.empty())
        result.how += ", " + tried.how;
    // Without a verdict the import and AddFB2 still count.
    if (tried.trial.passed == std::optional(false))
        result.imported = false;
    result.reason = tried.trial.reason;
}

} // namespace

Verification verify_drm(const DeviceUse& use, const Buffer& buffer,
                        const std::string& source_device) {
    const DeviceRecord& record = use.device.record();
    Verification result{party_name(record, use.use), std::nullopt, "", ""};
    const Place place = find_place(record, source_device);
    if (place.fd < 0) {
        result.reason = place.why_not;
        return result;
    }

    result.how = place.how;
    GemHandles gem(place.fd);
    std::vector<std::uint32_t> handles;
    for (const DmaBuf& dmabuf : buffer.dmabufs()) {
        std::uint32_t handle = 0;
        const Trial imported = trial_of(gem.import(dmabuf.fd, handle), "import");
        result.imported = imported.passed;
        result.reason = imported.reason;
        if (!imported.passed.value_or(false))
            return result;
        handles.push_back(handle);
    }
    if (!wants_framebuffer(use.use) || buffer.fourcc() == fourcc::bytes)
        return result;
    const auto setup = make_setup(record, use, buffer.layout());
    if (!setup || !setup->drm) {
        result.imported = false;
        result.reason = setup ? "no DRM setup for this use" : setup.error().message();
        return result;
    }
    verify_display(use, *setup, place.fd, handles, result);
    return result;
}

} // namespace simplealloc
