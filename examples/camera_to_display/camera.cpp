// SPDX-License-Identifier: MIT
// A V4L2 camera that fills imported dma-bufs.
#include "camera.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdexcept>
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
    setup_ = setup;
    buffers_ = &buffers;
    type_ = setup.multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;

    v4l2_format format = {};
    format.type = type_;
    if (setup.multiplanar) {
        format.fmt.pix_mp.width = setup.width;
        format.fmt.pix_mp.height = setup.height;
        format.fmt.pix_mp.pixelformat = setup.pixelformat;
        format.fmt.pix_mp.field = V4L2_FIELD_NONE;
        format.fmt.pix_mp.num_planes = static_cast<__u8>(setup.planes.size());
        for (std::size_t i = 0; i < setup.planes.size(); ++i) {
            format.fmt.pix_mp.plane_fmt[i].bytesperline = setup.planes[i].bytesperline;
            format.fmt.pix_mp.plane_fmt[i].sizeimage = setup.planes[i].sizeimage;
        }
    } else {
        format.fmt.pix.width = setup.width;
        format.fmt.pix.height = setup.height;
        format.fmt.pix.pixelformat = setup.pixelformat;
        format.fmt.pix.field = V4L2_FIELD_NONE;
        format.fmt.pix.bytesperline = setup.planes.front().bytesperline;
        format.fmt.pix.sizeimage = setup.planes.front().sizeimage;
    }
    must(fd_, VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
    const std::uint32_t stride = setup.multiplanar ? format.fmt.pix_mp.plane_fmt[0].bytesperline
                                                   : format.fmt.pix.bytesperline;
    if (stride != setup.planes.front().bytesperline)
        throw std::runtime_error("the camera changed the stride that it had agreed to");

    v4l2_requestbuffers request = {};
    request.count = static_cast<__u32>(buffers.size());
    request.type = type_;
    request.memory = V4L2_MEMORY_DMABUF;
    must(fd_, VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
    for (std::size_t i = 0; i < buffers.size(); ++i)
        queue(static_cast<int>(i));
    must(fd_, VIDIOC_STREAMON, &type_, "VIDIOC_STREAMON");
    streaming_ = true;
}

void Camera::queue(int index) {
    const simplealloc::Buffer& source = (*buffers_)[static_cast<std::size_t>(index)];
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes = {};
    v4l2_buffer buffer = {};
    buffer.index = static_cast<__u32>(index);
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_DMABUF;
    if (setup_.multiplanar) {
        for (std::size_t i = 0; i < setup_.planes.size(); ++i) {
            planes[i].m.fd = source.dmabufs()[setup_.planes[i].dmabuf].fd;
            planes[i].length = setup_.planes[i].length;
        }
        buffer.m.planes = planes.data();
        buffer.length = static_cast<__u32>(setup_.planes.size());
    } else {
        buffer.m.fd = source.dmabufs()[setup_.planes.front().dmabuf].fd;
        buffer.length = setup_.planes.front().length;
    }
    must(fd_, VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

int Camera::take() {
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes = {};
    v4l2_buffer buffer = {};
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_DMABUF;
    if (setup_.multiplanar) {
        buffer.m.planes = planes.data();
        buffer.length = VIDEO_MAX_PLANES;
    }
    if (retry_ioctl(fd_, VIDIOC_DQBUF, &buffer) < 0) {
        if (errno == EAGAIN)
            return -1;
        throw std::system_error(errno, std::generic_category(), "VIDIOC_DQBUF");
    }
    if ((buffer.flags & V4L2_BUF_FLAG_ERROR) != 0) {
        queue(static_cast<int>(buffer.index));
        return -1;
    }
    return static_cast<int>(buffer.index);
}

void Camera::give_back(int index) {
    queue(index);
}

void Camera::stop() {
    if (!streaming_)
        return;
    streaming_ = false;
    ioctl(fd_, VIDIOC_STREAMOFF, &type_);
    v4l2_requestbuffers request = {};
    request.type = type_;
    request.memory = V4L2_MEMORY_DMABUF;
    ioctl(fd_, VIDIOC_REQBUFS, &request);
}
