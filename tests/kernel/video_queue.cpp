// SPDX-License-Identifier: MIT
// One streaming queue of a V4L2 node that is filled from Buffers of the library.
#include "tests/kernel/video_queue.hpp"

#include "tests/kernel/expect.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

using guest::expect;

namespace {

constexpr int patience_ms = 20000;

} // namespace

VideoNode::VideoNode(const std::string& path)
    : fd_(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_ < 0)
        throw std::system_error(errno, std::generic_category(), path);
}

VideoNode::~VideoNode() {
    close(fd_);
}

void VideoNode::call(unsigned long request, void* argument, const char* what) const {
    if (ioctl(fd_, request, argument) < 0)
        throw std::system_error(errno, std::generic_category(), what);
}

void VideoNode::wait(short events) const {
    pollfd target = {fd_, events, 0};
    if (poll(&target, 1, patience_ms) <= 0 || (target.revents & events) == 0)
        throw std::runtime_error("a video node has nothing for twenty seconds");
}

VideoQueue::VideoQueue(const VideoNode& node, const simplealloc::V4l2Setup& setup,
                       simplealloc::Use use)
    : node_(node), import_(expect(simplealloc::V4l2Import::create(setup, use))),
      type_(import_.type()) {
    v4l2_format format = {};
    import_.fill(format);
    node_.call(VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
    expect(import_.check(format));
}

VideoQueue::~VideoQueue() {
    ioctl(node_.fd(), VIDIOC_STREAMOFF, &type_);
    v4l2_requestbuffers none = {};
    none.type = type_;
    none.memory = V4L2_MEMORY_DMABUF;
    ioctl(node_.fd(), VIDIOC_REQBUFS, &none);
}

std::uint32_t VideoQueue::add(const simplealloc::Buffer& buffer) {
    return expect(import_.add(buffer));
}

void VideoQueue::request() {
    v4l2_requestbuffers request = {};
    import_.fill(request);
    node_.call(VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
}

void VideoQueue::start() {
    node_.call(VIDIOC_STREAMON, &type_, "VIDIOC_STREAMON");
}

void VideoQueue::queue(std::uint32_t index) {
    v4l2_buffer buffer = {};
    expect(import_.fill(buffer, index));
    node_.call(VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

std::optional<std::uint32_t> VideoQueue::take() {
    v4l2_buffer buffer = {};
    import_.fill_dequeue(buffer);
    if (ioctl(node_.fd(), VIDIOC_DQBUF, &buffer) < 0) {
        if (errno == EAGAIN)
            return std::nullopt;
        throw std::system_error(errno, std::generic_category(), "VIDIOC_DQBUF");
    }
    if ((buffer.flags & V4L2_BUF_FLAG_ERROR) != 0)
        throw std::runtime_error("the driver marks a buffer as broken");
    return expect(import_.index_of(buffer));
}
