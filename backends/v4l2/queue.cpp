// SPDX-License-Identifier: MIT
// The buffers that are made on one V4L2 queue.
#include "backends/v4l2/queue.hpp"

#include "backends/common/source.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <numeric>

namespace simplealloc::v4l2 {

namespace {

int free_buffers(int fd, std::uint32_t type) {
    v4l2_requestbuffers request = {};
    request.type = type;
    request.memory = V4L2_MEMORY_MMAP;
    return kernel::ioctl(fd, VIDIOC_REQBUFS, &request);
}

} // namespace

Queue::~Queue() {
    if (!borrowed_ || !has_buffers_)
        return;
    if (const int result = free_buffers(fd_, type_); result < 0)
        log::line(LogLevel::warning, "v4l2: {}: give the queue back: errno {}", source_.path,
                  -result);
}

Error Queue::refuse(Stage stage, int sys_errno, std::string detail) const {
    Cause cause = cause_of(sys_errno);
    if (sys_errno == EINVAL)
        cause = Cause::unsupported;
    if (sys_errno == EBUSY)
        detail += ", which somebody else uses";
    return source_failure(source_, stage, cause, sys_errno, std::move(detail));
}

std::uint32_t Queue::size_image() const {
    return is_multiplanar() ? format_.fmt.pix_mp.plane_fmt[0].sizeimage : format_.fmt.pix.sizeimage;
}

int Queue::query(std::uint32_t index, std::uint32_t& length) const {
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes = {};
    v4l2_buffer request = {};
    request.index = index;
    request.type = type_;
    request.memory = V4L2_MEMORY_MMAP;
    if (is_multiplanar()) {
        request.m.planes = planes.data();
        request.length = planes.size();
    }
    const int result = kernel::ioctl(fd_, VIDIOC_QUERYBUF, &request);
    length = is_multiplanar() ? planes[0].length : request.length;
    return result;
}

/// Freeing our buffers frees all of the queue, so a lent queue must have none of its owner's.
Result<void> Queue::check_lent() {
    std::uint32_t length = 0;
    const int result = query(0, length);
    if (result >= 0)
        return failure(Stage::allocate, Cause::unsupported, 0, source_.path,
                       "the queue that was lent has buffers already",
                       "free them with VIDIOC_REQBUFS and count 0");
    if (result != -EINVAL)
        return refuse(Stage::allocate, -result, "ask for the buffers of the queue");
    return {};
}

Result<std::uint32_t> Queue::create_buffer(std::uint32_t size) {
    v4l2_create_buffers request = {};
    request.count = 1;
    request.memory = V4L2_MEMORY_MMAP;
    request.format = format_;
    // Less than the driver's own size is EINVAL (vb2 queue_setup).
    const std::uint32_t wanted = std::max(size_image(), size);
    if (is_multiplanar())
        request.format.fmt.pix_mp.plane_fmt[0].sizeimage = wanted;
    else
        request.format.fmt.pix.sizeimage = wanted;
    const int result = kernel::ioctl(fd_, VIDIOC_CREATE_BUFS, &request);
    if (result < 0)
        return refuse(Stage::allocate, -result,
                      fmt::format("create a buffer of {} on the queue", size_text(wanted)));
    has_buffers_ = true;
    capabilities_ = request.capabilities;
    if (request.count == 0)
        return source_failure(source_, Stage::allocate, Cause::exhausted, 0,
                              fmt::format("no buffer of {} was made", size_text(wanted)));
    return request.index;
}

Result<std::vector<std::uint32_t>> Queue::request_buffers(std::uint32_t size, std::size_t count) {
    if (const std::uint32_t given = size_image(); given < size)
        return source_failure(source_, Stage::allocate, Cause::unsupported, ENOTTY,
                              fmt::format("{} wanted, without CREATE_BUFS the queue makes {}",
                                          size_text(size), size_text(given)));
    v4l2_requestbuffers request = {};
    request.count = static_cast<__u32>(count);
    request.type = type_;
    request.memory = V4L2_MEMORY_MMAP;
    const int result = kernel::ioctl(fd_, VIDIOC_REQBUFS, &request);
    if (result < 0)
        return refuse(Stage::allocate, -result, fmt::format("request {} buffers", count));
    has_buffers_ = true;
    capabilities_ = request.capabilities;
    // Fewer than asked is success for the kernel.
    if (request.count < count)
        return source_failure(source_, Stage::allocate, Cause::exhausted, 0,
                              fmt::format("{} buffers wanted, {} made", count, request.count));
    std::vector<std::uint32_t> indices(count);
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
}

Result<std::vector<std::uint32_t>> Queue::make_buffers(const std::vector<std::uint64_t>& sizes) {
    const std::uint64_t largest = *std::max_element(sizes.begin(), sizes.end());
    if (largest > std::numeric_limits<std::uint32_t>::max())
        return source_failure(source_, Stage::allocate, Cause::limit, 0,
                              fmt::format("{} do not fit into sizeimage", size_text(largest)));
    format_.type = type_;
    if (const int result = kernel::ioctl(fd_, VIDIOC_G_FMT, &format_); result < 0)
        return refuse(Stage::allocate, -result, "ask for the format of the queue");
    if (borrowed_)
        if (auto checked = check_lent(); !checked)
            return std::move(checked).error();

    std::vector<std::uint32_t> indices;
    for (const std::uint64_t size : sizes) {
        auto index = create_buffer(static_cast<std::uint32_t>(size));
        if (!index && index.error().sys_errno == ENOTTY)
            return request_buffers(static_cast<std::uint32_t>(largest), sizes.size());
        if (!index)
            return std::move(index).error();
        indices.push_back(*index);
    }
    return indices;
}

Result<UniqueFd> Queue::export_buffer(std::uint32_t index, std::uint64_t size) {
    std::uint32_t length = 0;
    if (const int result = query(index, length); result < 0)
        return refuse(Stage::allocate, -result, "ask for the length of a buffer");
    const std::uint64_t page = kernel::page_size();
    if ((length + page - 1) / page * page < size)
        return failure(
            Stage::layout, Cause::mismatch, 0, source_.input.name,
            fmt::format("{} asked, the driver gives {}", size_text(size), size_text(length)));
    v4l2_exportbuffer request = {};
    request.type = type_;
    request.index = index;
    request.flags = O_RDWR | O_CLOEXEC;
    request.fd = -1;
    if (const int result = kernel::ioctl(fd_, VIDIOC_EXPBUF, &request); result < 0)
        return refuse(Stage::export_fd, -result, "export a buffer");
    return UniqueFd::adopt(request.fd);
}

Result<void> Queue::release() {
    // A context of our own goes with its node, whatever the kernel's age.
    if (!borrowed_)
        return {};
    // Before Linux 5.0 a queue with exported buffers can't be freed: its owner could not go on.
    if ((capabilities_ & V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS) == 0)
        return source_failure(source_, Stage::export_fd, Cause::unsupported, 0,
                              "the driver can't free a queue while its memory is in use");
    if (const int result = free_buffers(fd_, type_); result < 0)
        return refuse(Stage::export_fd, -result, "give the queue back");
    has_buffers_ = false;
    return {};
}

} // namespace simplealloc::v4l2
