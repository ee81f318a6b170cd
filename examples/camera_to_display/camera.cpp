// SPDX-License-Identifier: MIT
// A V4L2 camera that fills imported dma-bufs.
#include "camera.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace {

int retry_ioctl(int fd, unsigned long request, void* argument) {
    int result = 0;
    do
        result = ioctl(fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

void must(int fd, unsigned long request, void* argument, const char* what) {
    if (retry_ioctl(fd, request, argument) < 0)
        throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

Camera::Camera(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_ < 0)
        throw std::system_error(errno, std::generic_category(), path);
}

Camera::~Camera() {
    stop();
    close(fd_);
}

bool Camera::offers(std::uint32_t width, std::uint32_t height) const {
    for (const std::uint32_t type :
         {V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE}) {
        v4l2_format format = {};
        format.type = type;
        if (retry_ioctl(fd_, VIDIOC_G_FMT, &format) < 0)
            continue;
        // Width and height come first in both structs of the union.
        format.fmt.pix.width = width;
        format.fmt.pix.height = height;
        return retry_ioctl(fd_, VIDIOC_TRY_FMT, &format) == 0 && format.fmt.pix.width == width &&
               format.fmt.pix.height == height;
    }
    return false;
}

void Camera::start(const std::vector<simplealloc::Buffer>& buffers,
                   const simplealloc::V4l2Setup& setup) {
    queue_ = simplealloc::V4l2Import::create(setup, simplealloc::Use::capture).value();
    for (const simplealloc::Buffer& buffer : buffers)
        (void)queue_->add(buffer).value(); // the n-th has index n

    v4l2_format format;
    queue_->fill(format);
    must(fd_, VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
    queue_->check(format).value();
    v4l2_requestbuffers request;
    queue_->fill(request);
    must(fd_, VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
    for (std::size_t i = 0; i < buffers.size(); ++i)
        queue(static_cast<int>(i));
    std::uint32_t type = queue_->type();
    must(fd_, VIDIOC_STREAMON, &type, "VIDIOC_STREAMON");
    streaming_ = true;
}

void Camera::queue(int index) {
    v4l2_buffer buffer;
    queue_->fill(buffer, static_cast<std::uint32_t>(index)).value();
    must(fd_, VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

int Camera::take() {
    v4l2_buffer buffer;
    queue_->fill_dequeue(buffer);
    if (retry_ioctl(fd_, VIDIOC_DQBUF, &buffer) < 0) {
        if (errno == EAGAIN)
            return -1;
        throw std::system_error(errno, std::generic_category(), "VIDIOC_DQBUF");
    }
    const int index = static_cast<int>(queue_->index_of(buffer).value());
    if ((buffer.flags & V4L2_BUF_FLAG_ERROR) == 0)
        return index;
    queue(index);
    return -1;
}

void Camera::give_back(int index) {
    queue(index);
}

void Camera::stop() {
    if (!streaming_)
        return;
    streaming_ = false;
    std::uint32_t type = queue_->type();
    ioctl(fd_, VIDIOC_STREAMOFF, &type);
    v4l2_requestbuffers request;
    queue_->fill(request);
    request.count = 0;
    ioctl(fd_, VIDIOC_REQBUFS, &request);
}
