// SPDX-License-Identifier: MIT
// PREPARE_BUF on a borrowed queue: attaches and maps, streams nothing.
#include "lib/base/internal.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/verify/parts.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <optional>
#include <simplealloc/v4l2_import.hpp>
#include <system_error>

namespace simplealloc {

namespace {

std::string text_of(int negative_errno) {
    return std::generic_category().message(-negative_errno);
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
            log::line(LogLevel::warning, "verify: restore {}: errno {}", what, -result);
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

Trial set_format(int fd, const V4l2Import& queue) {
    v4l2_format format = {};
    queue.fill(format);
    const int result = kernel::ioctl(fd, VIDIOC_S_FMT, &format);
    if (result < 0)
        return trial_of(result, "S_FMT");
    if (const auto checked = queue.check(format); !checked)
        return {false, checked.error().message()};
    return {true, {}};
}

int request_buffers(int fd, const V4l2Import& queue, std::uint32_t count) {
    v4l2_requestbuffers request = {};
    queue.fill(request);
    request.count = count;
    return kernel::ioctl(fd, VIDIOC_REQBUFS, &request);
}

Trial prepared(int result) {
    switch (-result) {
    case EFAULT: // videobuf2-dma-contig.c: what is too short in one piece, -vmalloc.c: no vmap
        return {false, "PREPARE_BUF: mapped, but not contiguous enough: " + text_of(result)};
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

/// The test's one buffer of a queue, which goes before the format is put back.
class LentSlot {
public:
    LentSlot(int fd, const V4l2Import& queue)
        : fd_(fd), queue_(queue), result_(request_buffers(fd, queue, 1)) {}
    LentSlot(const LentSlot&) = delete;
    LentSlot& operator=(const LentSlot&) = delete;
    ~LentSlot() {
        if (result_ < 0)
            return;
        if (const int released = request_buffers(fd_, queue_, 0); released < 0)
            log::line(LogLevel::warning, "verify: release the queue: errno {}", -released);
    }

    [[nodiscard]] int result() const { return result_; }

private:
    int fd_;
    const V4l2Import& queue_;
    int result_;
};

/// Leaves the queue without buffers, and its format as the setup has it.
Trial import(int fd, V4l2Import& queue, const Buffer& buffer, SavedState& saved) {
    v4l2_buffer prepared_buffer = {};
    const auto index = queue.add(buffer);
    const auto filled = index ? queue.fill(prepared_buffer, *index) : Result<void>(index.error());
    if (!filled)
        return {filled.error().cause == Cause::invalid ? std::optional(false) : std::nullopt,
                filled.error().message()};
    // Asked before the format is touched: a queue that has an owner answers EBUSY.
    if (auto idle = trial_of(request_buffers(fd, queue, 0), "REQBUFS");
        !idle.passed.value_or(false))
        return idle;
    saved.changed();
    if (auto set = set_format(fd, queue); !set.passed.value_or(false))
        return set;
    const LentSlot slot(fd, queue);
    if (auto requested = trial_of(slot.result(), "REQBUFS"); !requested.passed.value_or(false))
        return requested;
    return prepared(kernel::ioctl(fd, VIDIOC_PREPARE_BUF, &prepared_buffer));
}

} // namespace

Verification verify_v4l2(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues) {
    const DeviceRecord& record = Internal::data(use.device);
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
    if (record.caller_fd && record.queue_access == QueueAccess::lent) {
        fd = record.caller_fd.get();
    } else if (borrow_idle_queues || (record.v4l2 && record.v4l2->m2m)) {
        // A memory-to-memory node gives each opener queues of its own.
        auto opened = open_device_node(record.path, O_RDWR, record.devnum);
        if (!opened) {
            result.reason = opened.error().message();
            return result;
        }
        own = std::move(*opened);
        fd = own.get();
    } else {
        result.reason = "the queue was not handed over: a test would disturb its owner";
        return result;
    }

    auto queue = V4l2Import::create(*setup->v4l2, use.use);
    if (!queue) {
        result.reason = queue.error().message();
        return result;
    }
    SavedState saved(fd, queue->type());
    if (saved.error() < 0) {
        result.reason = "G_FMT: " + text_of(saved.error());
        return result;
    }
    // Freeing the test's buffer frees all of the queue.
    if (has_buffers(fd, queue->type())) {
        result.reason = "the queue has buffers, which the test would free";
        return result;
    }
    const Trial tried = import(fd, *queue, buffer, saved);
    result.how = "S_FMT, REQBUFS, PREPARE_BUF";
    result.imported = tried.passed;
    result.reason = tried.reason;
    return result;
}

} // namespace simplealloc
