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
    SavedState(int fd, std::uint32_t type) : fd_(fd) {
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
    int error_ = 0;
    bool changed_ = false;
    v4l2_format format_ = {};
    v4l2_streamparm parameters_ = {};
    bool has_parameters_ = false;
    std::array<v4l2_selection, 2> selections_ = {};
    std::array<bool, 2> has_selection_ = {};
};

Trial set_format(int fd, std::uint32_t type, const V4l2Setup& setup) {
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
            return trial_of(result, "S_FMT");
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
            return trial_of(result, "S_FMT");
        same = pixels.width == setup.width && pixels.height == setup.height &&
               pixels.pixelformat == setup.pixelformat &&
               pixels.bytesperline == plane.bytesperline && pixels.sizeimage <= plane.length;
    }
    if (!same)
        return {false, "S_FMT: the driver changes the format"};
    return {true, {}};
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

Trial prepared(int result) {
    switch (-result) {
    case EFAULT:
        return trial_of(result, "PREPARE_BUF: mapped, but not contiguous enough");
    case EINVAL:
        return trial_of(result, "PREPARE_BUF: dma-buf smaller than sizeimage");
    default:
        return trial_of(result, "PREPARE_BUF");
    }
}

/// Asking for one that is not there is EINVAL.
bool has_buffers(int fd, std::uint32_t type) {
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes = {};
    v4l2_buffer request = {};
    request.type = type;
    if (V4L2_TYPE_IS_MULTIPLANAR(type)) {
        request.m.planes = planes.data();
        request.length = planes.size();
    }
    return kernel::ioctl(fd, VIDIOC_QUERYBUF, &request) >= 0;
}

/// Leaves the queue without buffers, and its format as the setup has it.
Trial import(int fd, std::uint32_t type, const V4l2Setup& setup, const Buffer& buffer,
             SavedState& saved) {
    // Asked before the format is touched: a queue that has an owner answers EBUSY.
    if (auto idle = trial_of(request_buffers(fd, type, 0), "REQBUFS"); !idle.passed.value_or(false))
        return idle;
    saved.changed();
    if (auto set = set_format(fd, type, setup); !set.passed.value_or(false))
        return set;
    if (auto requested = trial_of(request_buffers(fd, type, 1), "REQBUFS");
        !requested.passed.value_or(false))
        return requested;
    Trial result = prepared(prepare(fd, type, setup, buffer));
    if (const int released = request_buffers(fd, type, 0); released < 0)
        log::line(LogLevel::warning, "verify: release the queue: {}", text_of(released));
    return result;
}

} // namespace

Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues) {
    const DeviceRecord& record = use.device.record();
    Verification result{party_name(record, use.use), std::nullopt, "", ""};
    if (buffer.fourcc() == fourcc::bytes) {
        result.reason = "a buffer of plain bytes has no V4L2 format to test";
        return result;
    }
    const auto setup = make_setup(record, use, buffer.layout());
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
    // Freeing the test's buffer frees all of the queue.
    if (has_buffers(fd, type)) {
        result.reason = "the queue has buffers, which the test would free";
        return result;
    }
    const Trial tried = import(fd, type, *setup->v4l2, buffer, saved);
    result.how = "S_FMT, REQBUFS, PREPARE_BUF";
    result.imported = tried.passed;
    result.reason = tried.reason;
    return result;
}

} // namespace simplealloc
