// SPDX-License-Identifier: MIT
// GEM handles and framebuffers of Buffers, on a file description that disturbs nobody.
#include <simplealloc/drm_import.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/data.hpp"
#include "lib/discovery/discovery.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/kernel/drm_node.hpp"
#include "lib/kernel/gem_handles.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace simplealloc {

struct DrmImporterData {
    std::shared_ptr<const DeviceRecord> record;
    UniqueFd fd;
    DrmPlace place = DrmPlace::own_node;
    GemHandles gem;

    DrmImporterData(std::shared_ptr<const DeviceRecord> device, UniqueFd node)
        : record(std::move(device)), fd(std::move(node)), gem(fd.get()) {}
};

struct DrmImportData {
    std::shared_ptr<DrmImporterData> device;
    std::vector<std::uint32_t> counted; ///< one for each dma-buf
    std::vector<std::uint32_t> handles; ///< one for each plane
    Layout layout;
    std::uint32_t framebuffer = 0;

    ~DrmImportData() {
        // The framebuffer holds the object, but not the handle: closed first, the number could be
        // another's while the framebuffer is still there.
        if (framebuffer != 0) {
            const int result = kernel::ioctl(device->fd.get(), DRM_IOCTL_MODE_RMFB, &framebuffer);
            if (result < 0)
                log::line(LogLevel::warning, "import: remove framebuffer {}: errno {}", framebuffer,
                          -result);
        }
        for (const std::uint32_t handle : counted)
            device->gem.release(handle);
    }
};

namespace {

using Place = std::pair<UniqueFd, DrmPlace>;

Error no_drm_device(const DeviceRecord& record) {
    return failure(Stage::import_fd, Cause::invalid, 0, record.path,
                   "it is neither a DRM device nor an accelerator",
                   "name a node such as /dev/dri/card0 or /dev/accel/accel0");
}

Result<Place> callers_place(const DeviceRecord& record) {
    auto copy = UniqueFd::dup(record.caller_fd.get());
    if (!copy)
        return std::move(copy).error();
    return Place{std::move(*copy), DrmPlace::caller};
}

Result<Place> place_apart(const DeviceRecord& record) {
    auto named = open_drm_node(record.path, record.devnum);
    if (named)
        return Place{std::move(*named), DrmPlace::own_node};
    if (!record.caller_fd || named.error().cause == Cause::fd_limit)
        return std::move(named).error();
    auto again = reopen_drm_node(record.caller_fd.get(), record.devnum);
    if (again)
        return Place{std::move(*again), DrmPlace::own_node};
    auto lease = lease_drm_node(record.caller_fd.get());
    if (lease)
        return Place{std::move(*lease), DrmPlace::lease};
    return failure(Stage::import_fd, Cause::denied, 0, record.path,
                   fmt::format("there is no description of the device but the caller's ({}; {})",
                               named.error().message(), lease.error().message()),
                   "let this process open the node, or be DRM master");
}

Cause framebuffer_cause(int sys_errno) {
    switch (sys_errno) {
    case EINVAL:
    case ENOENT:
    case ERANGE:
    case EFBIG:
        return Cause::refused;
    // A render node, and a driver without displays.
    case EACCES:
    case EOPNOTSUPP:
    case ENOSYS:
        return Cause::unsupported;
    default:
        return cause_of(sys_errno);
    }
}

Result<std::uint32_t> add_framebuffer(const DrmImporterData& device, const DrmSetup& setup,
                                      std::span<const std::uint32_t> handles) {
    drm_mode_fb_cmd2 request = {};
    request.width = setup.width;
    request.height = setup.height;
    request.pixel_format = setup.fourcc.value;
    request.flags = setup.pass_modifier ? DRM_MODE_FB_MODIFIERS : 0;
    for (std::uint32_t i = 0; i < setup.plane_count; ++i) {
        request.handles[i] = handles[i];
        request.pitches[i] = setup.pitches[i];
        request.offsets[i] = setup.offsets[i];
        request.modifier[i] = setup.pass_modifier ? setup.modifier : 0;
    }
    const int result = kernel::ioctl(device.fd.get(), DRM_IOCTL_MODE_ADDFB2, &request);
    if (result >= 0)
        return request.fb_id;
    const Cause cause = framebuffer_cause(-result);
    return failure(
        Stage::import_fd, cause, -result, device.record->path,
        fmt::format("AddFB2 of {} with pitch {}", to_string(setup.fourcc), setup.pitches[0]),
        cause == Cause::unsupported ? "framebuffers are for the card node of a display" : "");
}

} // namespace

DrmImport::DrmImport(std::unique_ptr<DrmImportData> data) noexcept : data_(std::move(data)) {}
DrmImport::DrmImport(DrmImport&&) noexcept = default;
DrmImport& DrmImport::operator=(DrmImport&&) noexcept = default;
DrmImport::~DrmImport() = default;

std::span<const std::uint32_t> DrmImport::handles() const noexcept {
    return data_->handles;
}

Result<std::uint32_t> DrmImport::framebuffer() {
    if (data_->framebuffer != 0)
        return data_->framebuffer;
    const DrmImporterData& device = *data_->device;
    if (!device.record->drm)
        return failure(Stage::import_fd, Cause::unsupported, 0, device.record->path,
                       "an accelerator has no framebuffers",
                       "framebuffers are for the card node of a display");
    auto setup = make_drm_setup(*device.record, data_->layout);
    if (!setup)
        return std::move(setup).error();
    const auto added = add_framebuffer(device, *setup, data_->handles);
    if (added)
        data_->framebuffer = *added;
    return added;
}

DrmImporter::DrmImporter(std::shared_ptr<DrmImporterData> data) noexcept : data_(std::move(data)) {}

Result<DrmImporter> DrmImporter::open(const Device& device, DrmHandles handles) {
    const DeviceRecord& record = Internal::data(device);
    if (!record.drm && !record.accel)
        return no_drm_device(record);
    if (handles == DrmHandles::callers && !record.caller_fd)
        return failure(Stage::import_fd, Cause::invalid, 0, record.path,
                       "there is no descriptor of the caller to import on");
    auto place = handles == DrmHandles::callers ? callers_place(record) : place_apart(record);
    if (!place)
        return std::move(place).error();
    auto data =
        std::make_shared<DrmImporterData>(Internal::pointer(device), std::move(place->first));
    data->place = place->second;
    return DrmImporter(std::move(data));
}

Result<DrmImporter> DrmImporter::open(int fd, DrmHandles handles) {
    auto record = Discovery(Quirks()).find(fd, QueueAccess::none);
    if (!record)
        return std::move(record).error();
    return open(Internal::make<Device>(std::make_shared<const DeviceRecord>(std::move(*record))),
                handles);
}

DrmPlace DrmImporter::place() const noexcept {
    return data_->place;
}

int DrmImporter::fd() const noexcept {
    return data_->fd.get();
}

Result<DrmImport> DrmImporter::import(const Buffer& buffer) const {
    const DeviceRecord& record = *data_->record;
    if (buffer.dmabufs().empty())
        return failure(Stage::import_fd, Cause::invalid, 0, record.path,
                       "the buffer has no dma-bufs");
    // Memory of this very device may have been made on the caller's description.
    const bool is_alone = data_->place != DrmPlace::caller ||
                          (Internal::data(buffer).unseen &&
                           Internal::data(buffer).origin->source.input.offer.device != record.id);
    auto import = std::make_unique<DrmImportData>();
    import->device = data_;
    import->layout = buffer.layout();
    import->counted.reserve(buffer.dmabufs().size());
    for (const DmaBuf& dmabuf : buffer.dmabufs()) {
        const auto handle =
            is_alone ? data_->gem.import(dmabuf.fd) : data_->gem.import_beside_others(dmabuf.fd);
        if (!handle) {
            Error error = handle.error();
            error.object = record.path;
            return error;
        }
        import->counted.push_back(*handle);
    }
    for (const Plane& plane : buffer.planes())
        import->handles.push_back(import->counted[plane.dmabuf]);
    return Internal::make<DrmImport>(std::move(import));
}

} // namespace simplealloc
