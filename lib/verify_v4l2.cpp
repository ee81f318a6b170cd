// SPDX-License-Identifier: MIT
// PREPARE_BUF on a borrowed queue: attaches and maps, streams nothing.
#include "lib/verify_parts.hpp"

#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/log.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <system_error>

namespace simplealloc {

namespace {

std::string text_of(int negative_errno) {
    return std::generic_category().message(-negative_errno);
}

bool reads_from_memory(Use use) {
    return use == Use::encode || use == Use::m2m_in || use == Use::read;
}

std::uint32_t queue_type(const V4l2Setup& setup, Use use) {
    if (reads_from_memory(use))
        return setup.multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
    return setup.multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

/// Everything that S_FMT may change on a capture device, read before and written back at the end of
/// life: format, frame interval (a new size may clamp it), crop and compose.
class SavedState {
public:
    SavedState(int fd, std::uint32_t type) : fd_(fd), type_(type) {
        format_.type = type;
        error_ = kernel::ioctl(fd_, VIDIOC_G_FMT, &format_);
        parameters_.type = type;
        has_parameters_ = kernel::ioctl(fd_, VIDIOC_G_PARM, &parameters_) == 0;
        for (std::size_t i = 0; i < selections_.size(); ++i) {
            // The selection API takes the single-planar type for both kinds of queue.
            selections_[i].type = V4L2_TYPE_IS_OUTPUT(type) ? V4L2_BUF_TYPE_VIDEO_OUTPUT
                                                            : V4L2_BUF_TYPE_VIDEO_CAPTURE;
            selections_[i].target = i == 0 ? V4L2_SEL_TGT_CROP : V4L2_SEL_TGT_COMPOSE;
            has_selection_[i] = kernel::ioctl(fd_, VIDIOC_G_SELECTION, &selections_[i]) == 0;
        }
    }
    SavedState(const SavedState&) = delete;
    SavedState& operator=(const SavedState&) = delete;
    ~SavedState() {
        if (!changed_)
            return;
        restore("format", VIDIOC_S_FMT, &format_);
        for (std::size_t i = 0; i < selections_.size(); ++i)
            if (has_selection_[i])
                restore("selection", VIDIOC_S_SELECTION, &selections_[i]);
        if (has_parameters_)
            restore("frame interval", VIDIOC_S_PARM, &parameters_);
    }

    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] const v4l2_format& format() const { return format_; }
    void changed() { changed_ = true; }

private:
    void restore(const char* what, unsigned long request, void* argument) const {
        const int result = kernel::ioctl(fd_, request, argument);
        if (result < 0)
            log::line(LogLevel::warning, "verify: restore {}: {}", what, text_of(result));
    }

    int fd_;
    std::uint32_t type_;
    int error_ = 0;
    bool changed_ = false;
    v4l2_format format_ = {};
    v4l2_streamparm parameters_ = {};
    bool has_parameters_ = false;
    std::array<v4l2_selection, 2> selections_ = {};
    std::array<bool, 2> has_selection_ = {};
};

/// Nothing, or what the driver makes of the format instead.
std::string set_format(int fd, std::uint32_t type, const V4l2Setup& setup) {
    v4l2_format format = {};
    format.type = type;
    bool same = false;
    if (setup.multiplanar) {
        v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
        pixels.width = setup.width;
        pixels.height = setup.height;
        pixels.pixelformat = setup.pixelformat;
        pixels.field = V4L2_FIELD_NONE;
        pixels.num_planes = static_cast<__u8>(setup.planes.size());
        for (std::size_t i = 0; i < setup.planes.size(); ++i) {
            pixels.plane_fmt[i].bytesperline = setup.planes[i].bytesperline;
            pixels.plane_fmt[i].sizeimage = setup.planes[i].sizeimage;
        }
        const int result = kernel::ioctl(fd, VIDIOC_S_FMT, &format);
        if (result < 0)
            return "S_FMT: " + text_of(result);
        same = pixels.width == setup.width && pixels.height == setup.height &&
               pixels.pixelformat == setup.pixelformat && pixels.num_planes == setup.planes.size();
        for (std::size_t i = 0; same && i < setup.planes.size(); ++i)
            same = pixels.plane_fmt[i].bytesperline == setup.planes[i].bytesperline &&
                   pixels.plane_fmt[i].sizeimage <= setup.planes[i].length;
    } else {
        v4l2_pix_format& pixels = format.fmt.pix;
        const V4l2Setup::PlaneSetup& plane = setup.planes.front();
        pixels.width = setup.width;
        pixels.height = setup.height;
        pixels.pixelformat = setup.pixelformat;
        pixels.field = V4L2_FIELD_NONE;
        pixels.bytesperline = plane.bytesperline;
        pixels.sizeimage = plane.sizeimage;
        const int result = kernel::ioctl(fd, VIDIOC_S_FMT, &format);
        if (result < 0)
            return "S_FMT: " + text_of(result);
        same = pixels.width == setup.width && pixels.height == setup.height &&
               pixels.pixelformat == setup.pixelformat &&
               pixels.bytesperline == plane.bytesperline && pixels.sizeimage <= plane.length;
    }
    return same ? "" : "S_FMT: the driver changes the format";
}

int request_buffers(int fd, std::uint32_t type, std::uint32_t count) {
    v4l2_requestbuffers request = {};
    request.count = count;
    request.type = type;
    request.memory = V4L2_MEMORY_DMABUF;
    return kernel::ioctl(fd, VIDIOC_REQBUFS, &request);
}

/// `length` is the image size, never 0: that would stand for the whole dma-buf, which then must be
/// contiguous up to its page-rounded end.
int prepare(int fd, std::uint32_t type, const V4l2Setup& setup, const Buffer& buffer) {
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes = {};
    v4l2_buffer request = {};
    request.type = type;
    request.memory = V4L2_MEMORY_DMABUF;
    request.field = V4L2_FIELD_NONE;
    if (setup.multiplanar) {
        for (std::size_t i = 0; i < setup.planes.size(); ++i) {
            planes[i].m.fd = buffer.dmabufs()[setup.planes[i].dmabuf].fd;
            planes[i].length = setup.planes[i].length;
            planes[i].bytesused = setup.planes[i].sizeimage;
        }
        request.m.planes = planes.data();
        request.length = static_cast<__u32>(setup.planes.size());
    } else {
        request.m.fd = buffer.dmabufs()[setup.planes.front().dmabuf].fd;
        request.length = setup.planes.front().length;
        request.bytesused = setup.planes.front().sizeimage;
    }
    return kernel::ioctl(fd, VIDIOC_PREPARE_BUF, &request);
}

std::string why_not_prepared(int negative_errno) {
    switch (-negative_errno) {
    case EFAULT:
        return "PREPARE_BUF: mapped, but not contiguous enough: " + text_of(negative_errno);
    case EINVAL:
        return "PREPARE_BUF: dma-buf smaller than sizeimage: " + text_of(negative_errno);
    default:
        return "PREPARE_BUF: " + text_of(negative_errno);
    }
}

} // namespace

Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, std::size_t use_index,
                         bool borrow_idle_queues) {
    const DeviceRecord& record = use.device.record();
    Verification result{party_name(record, use.use), std::nullopt, "", ""};
    if (buffer.fourcc() == fourcc::bytes) {
        result.reason = "a buffer of plain bytes has no V4L2 format to test";
        return result;
    }
    const auto setup = buffer.setup(use_index);
    if (!setup || !setup->v4l2) {
        result.reason = setup ? "no V4L2 setup for this use" : setup.error().message();
        return result;
    }

    UniqueFd own;
    int fd = -1;
    if (record.caller_fd && record.queue_access == QueueAccess::ours) {
        fd = record.caller_fd.get();
    } else if (borrow_idle_queues || (record.v4l2 && record.v4l2->m2m)) {
        // A memory-to-memory node gives each opener queues of its own.
        const int opened = kernel::open(record.path.c_str(), O_RDWR | O_NONBLOCK);
        if (opened < 0) {
            result.reason = "open: " + text_of(opened);
            return result;
        }
        own = UniqueFd::adopt(opened);
        fd = own.get();
    } else {
        result.reason = "the queue was not handed over: a test would disturb its owner";
        return result;
    }

    const std::uint32_t type = queue_type(*setup->v4l2, use.use);
    SavedState saved(fd, type);
    if (saved.error() < 0) {
        result.reason = "G_FMT: " + text_of(saved.error());
        return result;
    }
    // Asked before the format is touched: a queue that has an owner or buffers answers EBUSY.
    const int idle = request_buffers(fd, type, 0);
    if (idle < 0) {
        result.reason = "REQBUFS: " + text_of(idle);
        if (idle == -EBUSY)
            result.reason = "the queue has an owner that the test would disturb";
        else
            result.imported = false;
        return result;
    }
    result.how = "S_FMT, REQBUFS, PREPARE_BUF";
    saved.changed();
    result.reason = set_format(fd, type, *setup->v4l2);
    if (!result.reason.empty()) {
        result.imported = false;
        return result;
    }
    const int requested = request_buffers(fd, type, 1);
    if (requested < 0) {
        result.reason = "REQBUFS: " + text_of(requested);
        result.imported = requested == -EBUSY ? std::nullopt : std::optional(false);
        return result;
    }
    const int prepared = prepare(fd, type, *setup->v4l2, buffer);
    if (prepared < 0)
        result.reason = why_not_prepared(prepared);
    result.imported = prepared >= 0;
    const int released = request_buffers(fd, type, 0);
    if (released < 0)
        log::line(LogLevel::warning, "verify: {}: release the queue: {}", record.path,
                  text_of(released));
    return result;
}

} // namespace simplealloc
