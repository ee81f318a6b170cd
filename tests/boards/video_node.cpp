// SPDX-License-Identifier: MIT
// A V4L2 node with the queues of a board file.
#include "tests/boards/nodes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/videodev2.h>
#include <string_view>

namespace simplealloc::boards {

namespace {

/// A memory plane as a share of the first image plane.
struct Share {
    std::uint32_t stride_divisor;
    std::uint32_t size_numerator;
    std::uint32_t size_divisor;
};

/// By include/uapi/linux/videodev2.h and Documentation/userspace-api/media/v4l/pixfmt-*.rst.
struct Shape {
    std::string_view code;
    std::uint32_t bytes; ///< of a pixel of the first plane
    std::vector<Share> planes;
};

const std::vector<Shape>& shapes() {
    static const std::vector<Shape> all{
        {"YUYV", 2, {{1, 1, 1}}},
        {"UYVY", 2, {{1, 1, 1}}},
        {"XR24", 4, {{1, 1, 1}}},
        {"AR24", 4, {{1, 1, 1}}},
        {"BGR4", 4, {{1, 1, 1}}},
        {"RGB3", 3, {{1, 1, 1}}},
        {"BGR3", 3, {{1, 1, 1}}},
        {"RGBP", 2, {{1, 1, 1}}},
        {"GREY", 1, {{1, 1, 1}}},
        {"NV12", 1, {{1, 3, 2}}},
        {"NV21", 1, {{1, 3, 2}}},
        {"NV16", 1, {{1, 2, 1}}},
        {"YU12", 1, {{1, 3, 2}}},
        {"YV12", 1, {{1, 3, 2}}},
        {"422P", 1, {{1, 2, 1}}},
        {"NM12", 1, {{1, 1, 1}, {1, 1, 2}}},
        {"YM12", 1, {{1, 1, 1}, {2, 1, 4}, {2, 1, 4}}},
    };
    return all;
}

const Shape* shape_of(std::uint32_t pixelformat) {
    const auto found = std::find_if(shapes().begin(), shapes().end(), [&](const Shape& shape) {
        return Fourcc::parse(shape.code)->value == pixelformat;
    });
    return found == shapes().end() ? nullptr : &*found;
}

bool has(const std::vector<std::uint32_t>& list, std::uint32_t code) {
    return std::find(list.begin(), list.end(), code) != list.end();
}

std::uint32_t round_up(std::uint32_t value, std::uint32_t step) {
    return (value + step - 1) / step * step;
}

/// Compressed data has no lines; what a driver reserves for it is its own business.
constexpr std::uint32_t compressed_size = 2U << 20U;

/// The part of v4l2_pix_format and v4l2_pix_format_mplane that a driver decides on.
struct Image {
    std::uint32_t width;
    std::uint32_t height;
    std::uint32_t pixelformat;
    std::vector<v4l2_plane_pix_format> planes;
};

void adjust_size(const Queue& queue, Image& image) {
    if (queue.sizes.empty()) {
        image.width = round_up(std::clamp(image.width, 1U, queue.max_width), queue.width_step);
        image.height = round_up(std::clamp(image.height, 1U, queue.max_height), queue.height_step);
        return;
    }
    // v4l2_find_nearest_size()
    const auto distance = [&](const std::array<std::uint32_t, 2>& size) {
        return std::abs(static_cast<std::int64_t>(size[0]) - image.width) +
               std::abs(static_cast<std::int64_t>(size[1]) - image.height);
    };
    const auto nearest =
        *std::min_element(queue.sizes.begin(), queue.sizes.end(),
                          [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    image.width = nearest[0];
    image.height = nearest[1];
}

std::uint32_t stride_of(const Queue& queue, std::uint32_t least, std::uint32_t wished) {
    const std::uint32_t kept = std::min(std::max(least, wished), queue.max_stride);
    return round_up(queue.padding ? kept : least, queue.stride_align);
}

int adjust(const Queue& queue, Image& image) {
    if (!has(queue.raw, image.pixelformat) && !has(queue.compressed, image.pixelformat))
        image.pixelformat = queue.raw.empty() ? queue.compressed.front() : queue.raw.front();
    adjust_size(queue, image);
    if (has(queue.compressed, image.pixelformat)) {
        image.planes.assign(1, {});
        image.planes[0].sizeimage = compressed_size;
        return 0;
    }
    const Shape* shape = shape_of(image.pixelformat);
    if (shape == nullptr)
        return -EINVAL;
    const std::vector<v4l2_plane_pix_format> wishes = std::move(image.planes);
    image.planes.clear();
    for (std::size_t i = 0; i < shape->planes.size(); ++i) {
        const Share& share = shape->planes[i];
        v4l2_plane_pix_format plane = {};
        plane.bytesperline =
            queue.own_strides || i == 0
                ? stride_of(queue, image.width * shape->bytes / share.stride_divisor,
                            i < wishes.size() ? wishes[i].bytesperline : 0)
                : image.planes[0].bytesperline / share.stride_divisor;
        plane.sizeimage = plane.bytesperline * share.stride_divisor * image.height *
                          share.size_numerator / share.size_divisor;
        if (i < queue.extra_lines.size())
            plane.sizeimage +=
                plane.bytesperline * static_cast<std::uint32_t>(queue.extra_lines[i]);
        image.planes.push_back(plane);
    }
    image.planes[0].sizeimage += queue.macroblock_bytes * (round_up(image.width, 16) / 16) *
                                 (round_up(image.height, 16) / 16);
    return 0;
}

int try_format(const Queue& queue, v4l2_pix_format& pixels) {
    v4l2_plane_pix_format first = {};
    first.bytesperline = pixels.bytesperline;
    Image image{pixels.width, pixels.height, pixels.pixelformat, {first}};
    if (const int error = adjust(queue, image); error < 0)
        return error;
    pixels.width = image.width;
    pixels.height = image.height;
    pixels.pixelformat = image.pixelformat;
    pixels.bytesperline = image.planes[0].bytesperline;
    pixels.sizeimage = image.planes[0].sizeimage;
    return 0;
}

int try_format(const Queue& queue, v4l2_pix_format_mplane& pixels) {
    Image image{pixels.width, pixels.height, pixels.pixelformat, {}};
    image.planes.assign(std::begin(pixels.plane_fmt),
                        std::begin(pixels.plane_fmt) +
                            std::min<std::size_t>(pixels.num_planes, VIDEO_MAX_PLANES));
    if (const int error = adjust(queue, image); error < 0)
        return error;
    pixels.width = image.width;
    pixels.height = image.height;
    pixels.pixelformat = image.pixelformat;
    pixels.num_planes = static_cast<__u8>(image.planes.size());
    std::copy(image.planes.begin(), image.planes.end(), std::begin(pixels.plane_fmt));
    return 0;
}

class VideoNode {
public:
    VideoNode(Video video, std::string bus) : video_(std::move(video)), bus_(std::move(bus)) {}

    int ioctl(unsigned long request, void* argument) {
        switch (request) {
        case VIDIOC_QUERYCAP:
            return query(*static_cast<v4l2_capability*>(argument));
        case VIDIOC_ENUM_FMT:
            return enumerate(*static_cast<v4l2_fmtdesc*>(argument));
        case VIDIOC_G_FMT:
        case VIDIOC_TRY_FMT:
            return try_one(*static_cast<v4l2_format*>(argument));
        case VIDIOC_CREATE_BUFS:
            return create(*static_cast<v4l2_create_buffers*>(argument));
        default:
            return -ENOTTY;
        }
    }

private:
    const Queue* queue(std::uint32_t type) const {
        const bool metadata =
            type == V4L2_BUF_TYPE_META_CAPTURE || type == V4L2_BUF_TYPE_META_OUTPUT;
        if (V4L2_TYPE_IS_MULTIPLANAR(type) != video_.multiplanar || metadata != video_.metadata)
            return nullptr;
        const auto& found = V4L2_TYPE_IS_OUTPUT(type) ? video_.output : video_.capture;
        return found ? &*found : nullptr;
    }

    int query(v4l2_capability& out) const {
        out = {};
        std::strncpy(reinterpret_cast<char*>(out.driver), video_.driver.c_str(),
                     sizeof out.driver - 1);
        std::strncpy(reinterpret_cast<char*>(out.card), video_.name.c_str(), sizeof out.card - 1);
        std::strncpy(reinterpret_cast<char*>(out.bus_info), bus_.c_str(), sizeof out.bus_info - 1);
        const bool planes = video_.multiplanar;
        std::uint32_t caps = V4L2_CAP_STREAMING;
        if (video_.metadata)
            caps |= video_.capture ? V4L2_CAP_META_CAPTURE : V4L2_CAP_META_OUTPUT;
        else if (video_.capture && video_.output)
            caps |= planes ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M;
        else if (video_.capture)
            caps |= planes ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE;
        else
            caps |= planes ? V4L2_CAP_VIDEO_OUTPUT_MPLANE : V4L2_CAP_VIDEO_OUTPUT;
        out.device_caps = caps;
        out.capabilities = caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }

    int enumerate(v4l2_fmtdesc& out) const {
        const Queue* from = queue(out.type);
        if (from == nullptr || out.index >= from->raw.size() + from->compressed.size())
            return -EINVAL;
        const bool raw = out.index < from->raw.size();
        out.pixelformat =
            raw ? from->raw[out.index] : from->compressed[out.index - from->raw.size()];
        out.flags = raw ? 0 : V4L2_FMT_FLAG_COMPRESSED;
        return 0;
    }

    int try_one(v4l2_format& format) const {
        const Queue* from = queue(format.type);
        if (from == nullptr || video_.metadata)
            return -EINVAL;
        return video_.multiplanar ? try_format(*from, format.fmt.pix_mp)
                                  : try_format(*from, format.fmt.pix);
    }

    int create(v4l2_create_buffers& out) const {
        const Queue* from = queue(out.format.type);
        if (from == nullptr || out.count != 0)
            return -EINVAL;
        const auto bit = [&](const char* kind, std::uint32_t value) {
            return from->buffers.contains(kind) ? value : 0;
        };
        out.capabilities = bit("mmap", V4L2_BUF_CAP_SUPPORTS_MMAP) |
                           bit("userptr", V4L2_BUF_CAP_SUPPORTS_USERPTR) |
                           bit("dmabuf", V4L2_BUF_CAP_SUPPORTS_DMABUF);
        return 0;
    }

    Video video_;
    std::string bus_;
};

} // namespace

test::IoctlHandler video_answers(const Video& video, const std::string& bus) {
    const auto node = std::make_shared<VideoNode>(video, bus);
    return [node](int, unsigned long request, void* argument) {
        return node->ioctl(request, argument);
    };
}

} // namespace simplealloc::boards
