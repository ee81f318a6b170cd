// SPDX-License-Identifier: MIT
// V4L2 nodes for the fake kernel: memory-to-memory ones and cameras.
#include "tests/support/fake_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>

#include <sys/sysmacros.h>

namespace simplealloc::test {

namespace {

using Queue = FakeVideo::Queue;

bool is_multiplanar(std::uint32_t type) {
    return V4L2_TYPE_IS_MULTIPLANAR(type);
}

std::uint32_t size_image(const v4l2_format& format) {
    return is_multiplanar(format.type) ? format.fmt.pix_mp.plane_fmt[0].sizeimage
                                       : format.fmt.pix.sizeimage;
}

class VideoFile {
public:
    VideoFile(FakeKernel& kernel, std::shared_ptr<FakeVideo> video)
        : kernel_(kernel), video_(std::move(video)) {
        if (video_->m2m)
            queues_ = &own_;
        else
            queues_ = &video_->shared;
        for (const std::uint32_t type : types()) {
            Queue& queue = (*queues_)[type];
            if (queue.format.type == 0) {
                queue.format.type = type;
                fill(queue.format);
            }
        }
    }
    VideoFile(const VideoFile&) = delete;
    VideoFile& operator=(const VideoFile&) = delete;
    ~VideoFile() {
        for (auto& [type, queue] : *queues_)
            if (queue.owner == this)
                release(queue);
    }

    int ioctl(unsigned long request, void* argument) {
        if (video_->override)
            if (const auto answer = video_->override(request, argument))
                return *answer;
        switch (request) {
        case VIDIOC_QUERYCAP:
            return query_cap(*static_cast<v4l2_capability*>(argument));
        case VIDIOC_ENUM_FMT:
            return enum_format(*static_cast<v4l2_fmtdesc*>(argument));
        case VIDIOC_G_FMT:
            return with_queue(*static_cast<v4l2_format*>(argument),
                              [](Queue& queue, v4l2_format& format) {
                                  format = queue.format;
                                  return 0;
                              });
        case VIDIOC_TRY_FMT:
            return with_queue(*static_cast<v4l2_format*>(argument),
                              [this](Queue&, v4l2_format& format) {
                                  fill(format);
                                  return 0;
                              });
        case VIDIOC_S_FMT:
            return with_queue(*static_cast<v4l2_format*>(argument),
                              [this](Queue& queue, v4l2_format& format) {
                                  if (!queue.buffers.empty())
                                      return -EBUSY;
                                  fill(format);
                                  queue.format = format;
                                  return 0;
                              });
        case VIDIOC_REQBUFS:
            return with_queue(*static_cast<v4l2_requestbuffers*>(argument),
                              [this](Queue& queue, v4l2_requestbuffers& buffers) {
                                  return request_buffers(queue, buffers);
                              });
        case VIDIOC_CREATE_BUFS:
            return create_buffers(*static_cast<v4l2_create_buffers*>(argument));
        case VIDIOC_QUERYBUF:
            return with_queue(
                *static_cast<v4l2_buffer*>(argument),
                [](Queue& queue, v4l2_buffer& buffer) { return query(queue, buffer); });
        case VIDIOC_EXPBUF:
            return with_queue(*static_cast<v4l2_exportbuffer*>(argument),
                              [this](Queue& queue, v4l2_exportbuffer& buffer) {
                                  return export_buffer(queue, buffer);
                              });
        case VIDIOC_PREPARE_BUF:
            return with_queue(
                *static_cast<v4l2_buffer*>(argument),
                [this](Queue& queue, v4l2_buffer& buffer) { return prepare(queue, buffer); });
        default:
            return -ENOTTY;
        }
    }

private:
    [[nodiscard]] std::vector<std::uint32_t> types() const {
        std::vector<std::uint32_t> out{video_->multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
                                                           : V4L2_BUF_TYPE_VIDEO_CAPTURE};
        if (video_->m2m)
            out.push_back(video_->multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
                                              : V4L2_BUF_TYPE_VIDEO_OUTPUT);
        return out;
    }

    template <typename Argument, typename Work>
    int with_queue(Argument& argument, Work&& work) {
        const auto found = queues_->find(argument.type);
        return found == queues_->end() ? -EINVAL : work(found->second, argument);
    }

    int query_cap(v4l2_capability& out) const {
        std::memset(&out, 0, sizeof out);
        std::strncpy(reinterpret_cast<char*>(out.driver), video_->driver.c_str(),
                     sizeof out.driver - 1);
        std::strncpy(reinterpret_cast<char*>(out.card), video_->driver.c_str(),
                     sizeof out.card - 1);
        const bool planes = video_->multiplanar;
        const std::uint32_t what =
            video_->m2m ? (planes ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M)
                        : (planes ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE);
        out.device_caps = what | V4L2_CAP_STREAMING;
        out.capabilities = out.device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }

    int enum_format(v4l2_fmtdesc& out) const {
        if (!queues_->contains(out.type) || out.index > 0)
            return -EINVAL;
        out.pixelformat = video_->pixelformat;
        return 0;
    }

    /// What TRY_FMT and S_FMT make of a format: one size and pixel format, any longer stride.
    void fill(v4l2_format& format) const {
        const std::uint32_t least = video_->width * video_->bytes_per_pixel;
        if (is_multiplanar(format.type)) {
            v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
            pixels.width = video_->width;
            pixels.height = video_->height;
            pixels.pixelformat = video_->pixelformat;
            pixels.num_planes = 1;
            auto& plane = pixels.plane_fmt[0];
            plane.bytesperline = std::max<std::uint32_t>(plane.bytesperline, least);
            plane.sizeimage = plane.bytesperline * video_->height;
        } else {
            v4l2_pix_format& pixels = format.fmt.pix;
            pixels.width = video_->width;
            pixels.height = video_->height;
            pixels.pixelformat = video_->pixelformat;
            pixels.bytesperline = std::max<std::uint32_t>(pixels.bytesperline, least);
            pixels.sizeimage = pixels.bytesperline * video_->height;
        }
    }

    [[nodiscard]] bool is_foreign(const Queue& queue) const {
        return queue.owner != nullptr && queue.owner != this;
    }

    static void release(Queue& queue) {
        queue.buffers.clear();
        queue.owner = nullptr;
        queue.memory = 0;
    }

    /// As many as the memory holds; a negative errno when that is none.
    int add_buffers(Queue& queue, std::uint32_t count, std::uint32_t length, std::uint32_t memory) {
        for (std::uint32_t i = 0; i < count; ++i) {
            Queue::Buffer buffer{nullptr, kernel_.count_queue_buffer()};
            if (memory == V4L2_MEMORY_MMAP) {
                const std::uint32_t given = std::min(length, video_->max_length);
                auto charge = FakePool::take(video_->pool, given);
                if (!charge)
                    return i == 0 ? -ENOMEM : static_cast<int>(i);
                buffer.memory = std::make_shared<FakeDmaBuf>();
                buffer.memory->size = given;
                buffer.memory->backing = std::move(charge);
            }
            queue.buffers.push_back(std::move(buffer));
        }
        queue.owner = this;
        queue.memory = memory;
        return static_cast<int>(count);
    }

    int request_buffers(Queue& queue, v4l2_requestbuffers& request) {
        if (is_foreign(queue))
            return -EBUSY;
        request.capabilities = video_->capabilities;
        const bool exported = std::any_of(queue.buffers.begin(), queue.buffers.end(),
                                          [](const Queue::Buffer& buffer) {
                                              return buffer.memory && buffer.memory.use_count() > 1;
                                          });
        if (exported && (video_->capabilities & V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS) == 0)
            return -EBUSY;
        release(queue);
        if (request.count == 0)
            return 0;
        const int made =
            add_buffers(queue, request.count, size_image(queue.format), request.memory);
        if (made < 0)
            return made;
        request.count = static_cast<std::uint32_t>(made);
        return 0;
    }

    int create_buffers(v4l2_create_buffers& request) {
        if (!video_->create_bufs)
            return -ENOTTY;
        const auto found = queues_->find(request.format.type);
        if (found == queues_->end())
            return -EINVAL;
        Queue& queue = found->second;
        request.capabilities = video_->capabilities;
        request.index = static_cast<std::uint32_t>(queue.buffers.size());
        if (request.memory == V4L2_MEMORY_USERPTR &&
            (video_->capabilities & V4L2_BUF_CAP_SUPPORTS_USERPTR) == 0) {
            return -EINVAL;
        }
        // Count 0 asks only: no buffer, no owner.
        if (request.count == 0)
            return 0;
        if (is_foreign(queue))
            return -EBUSY;
        if (size_image(request.format) < size_image(queue.format))
            return -EINVAL;
        const int made =
            add_buffers(queue, request.count, size_image(request.format), request.memory);
        if (made < 0)
            return made;
        request.count = static_cast<std::uint32_t>(made);
        return 0;
    }

    static int query(Queue& queue, v4l2_buffer& request) {
        if (request.index >= queue.buffers.size())
            return -EINVAL;
        const auto& memory = queue.buffers[request.index].memory;
        const auto length = static_cast<std::uint32_t>(memory ? memory->size : 0);
        request.memory = queue.memory;
        if (is_multiplanar(request.type)) {
            if (request.m.planes == nullptr || request.length == 0)
                return -EINVAL;
            request.m.planes[0].length = length;
            request.length = 1;
        } else {
            request.length = length;
        }
        return 0;
    }

    int export_buffer(Queue& queue, v4l2_exportbuffer& request) {
        if (request.index >= queue.buffers.size() || queue.memory != V4L2_MEMORY_MMAP ||
            request.plane != 0 || (request.flags & ~std::uint32_t{O_CLOEXEC | O_ACCMODE}) != 0) {
            return -EINVAL;
        }
        const auto& memory = queue.buffers[request.index].memory;
        request.fd = kernel_.install(kernel_.make_dmabuf(memory->size, video_->exporter,
                                                         static_cast<int>(request.flags), memory));
        return 0;
    }

    int prepare(Queue& queue, const v4l2_buffer& request) const {
        if (request.index >= queue.buffers.size() || queue.memory != V4L2_MEMORY_DMABUF)
            return -EINVAL;
        const bool planes = is_multiplanar(request.type);
        const auto dmabuf = kernel_.dmabuf(planes ? request.m.planes[0].m.fd : request.m.fd);
        const std::uint32_t length = planes ? request.m.planes[0].length : request.length;
        if (!dmabuf || dmabuf->size < size_image(queue.format) || length > dmabuf->size)
            return -EINVAL;
        return video_->contiguous_only && !dmabuf->contiguous ? -EFAULT : 0;
    }

    FakeKernel& kernel_;
    std::shared_ptr<FakeVideo> video_;
    std::map<std::uint32_t, Queue> own_;
    std::map<std::uint32_t, Queue>* queues_ = nullptr;
};

} // namespace

std::shared_ptr<FakeVideo> add_v4l2(FakeKernel& kernel, FakeVideo video) {
    auto shared = std::make_shared<FakeVideo>(std::move(video));
    FakeNode node;
    node.path = shared->path();
    node.devnum = makedev(81, shared->index);
    node.mode = 0660;
    node.group = 44;
    node.open = [&kernel, shared](int) -> IoctlHandler {
        const auto file = std::make_shared<VideoFile>(kernel, shared);
        return [file](int, unsigned long request, void* argument) {
            return file->ioctl(request, argument);
        };
    };
    udev::Node known;
    known.sysname = "video" + std::to_string(shared->index);
    known.parent_syspath = "/sys/devices/" + shared->parent + "/" + shared->driver + ".0";
    known.syspath = known.parent_syspath + "/video4linux/" + known.sysname;
    known.devnode = node.path;
    known.subsystem = "video4linux";
    known.devnum = node.devnum;
    known.parent_subsystem = shared->parent;
    known.driver = shared->kernel_driver.empty() ? shared->driver : shared->kernel_driver;
    if (!shared->udev_capabilities.empty())
        known.properties["ID_V4L_CAPABILITIES"] = shared->udev_capabilities;
    kernel.add_file(known.syspath + "/name", shared->driver + "\n");
    kernel.add_file(known.syspath + "/index", "0\n");
    kernel.add_link(known.syspath + "/device", known.parent_syspath);
    kernel.add_link("/sys/class/video4linux/" + known.sysname, known.syspath);
    kernel.add_udev(std::move(known));
    kernel.add_node(std::move(node));
    return shared;
}

} // namespace simplealloc::test
