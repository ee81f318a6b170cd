// SPDX-License-Identifier: MIT
// Buffers as the structures of a V4L2 queue.
#include <simplealloc/v4l2_import.hpp>

#include "lib/base/failure.hpp"
#include "lib/buffer/data.hpp"
#include "lib/buffer/import.hpp"
#include "lib/kernel/dmabuf.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <optional>
#include <utility>
#include <vector>

namespace simplealloc {

namespace {

using Planes = std::array<v4l2_plane, VIDEO_MAX_PLANES>;

/// One index of the queue.
struct Slot {
    std::vector<UniqueFd> fds; ///< one for each memory plane
    Planes planes = {};
};

Error invalid(std::string object, std::string detail) {
    return failure(Stage::import_fd, Cause::invalid, 0, std::move(object), std::move(detail));
}

/// Nothing for a use that no V4L2 device has.
std::optional<bool> reads_from_memory(Use use) {
    switch (use) {
    case Use::encode:
    case Use::m2m_in:
    case Use::read:
        return true;
    case Use::capture:
    case Use::decode:
    case Use::m2m_out:
    case Use::write:
        return false;
    case Use::scanout:
    case Use::render:
    case Use::sample:
    case Use::cursor:
        break;
    }
    return std::nullopt;
}

std::uint32_t queue_type(bool output, bool multiplanar) {
    if (output)
        return multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
    return multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

bool same_planes(const V4l2Setup& setup, const v4l2_pix_format_mplane& pixels) {
    for (std::size_t i = 0; i < setup.planes.size(); ++i)
        if (pixels.plane_fmt[i].bytesperline != setup.planes[i].bytesperline ||
            pixels.plane_fmt[i].sizeimage > setup.planes[i].length)
            return false;
    return pixels.num_planes == setup.planes.size();
}

/// Width, height and pixel format come first in both structures.
template <typename Pixels>
bool same_image(const V4l2Setup& setup, const Pixels& pixels) {
    return pixels.width == setup.width && pixels.height == setup.height &&
           pixels.pixelformat == setup.pixelformat;
}

template <typename Pixels>
void fill_image(const V4l2Setup& setup, Pixels& pixels) {
    pixels.width = setup.width;
    pixels.height = setup.height;
    pixels.pixelformat = setup.pixelformat;
    pixels.field = V4L2_FIELD_NONE;
}

} // namespace

struct V4l2Import::Data {
    V4l2Setup setup;
    std::uint32_t type = 0;
    std::vector<Slot> slots;
    Planes dequeued = {};

    [[nodiscard]] bool is_output() const { return V4L2_TYPE_IS_OUTPUT(type); }

    /// An import has no start offset: each memory plane is its dma-buf from byte 0 on.
    [[nodiscard]] Result<void> check(const Buffer& buffer) const {
        for (const V4l2Setup::PlaneSetup& plane : setup.planes) {
            const auto dmabufs = buffer.dmabufs();
            if (plane.dmabuf >= dmabufs.size())
                return invalid("buffer", fmt::format("the setup is in dma-buf {}, it has {}",
                                                     plane.dmabuf, dmabufs.size()));
            if (dmabufs[plane.dmabuf].size < plane.length)
                return invalid("buffer",
                               fmt::format("dma-buf {} has {} bytes, the setup needs {}",
                                           plane.dmabuf, dmabufs[plane.dmabuf].size, plane.length));
            const auto first = std::ranges::find(buffer.planes(), plane.dmabuf, &Plane::dmabuf);
            if (first == buffer.planes().end() || first->offset != 0 ||
                first->stride != plane.bytesperline)
                return invalid("buffer",
                               fmt::format("dma-buf {} does not begin with lines of {} bytes",
                                           plane.dmabuf, plane.bytesperline));
        }
        return {};
    }

    [[nodiscard]] bool has(const Slot& slot, const Buffer& buffer) const {
        for (std::size_t i = 0; i < setup.planes.size(); ++i)
            if (!dmabuf::is_same(slot.fds[i].get(), buffer.dmabufs()[setup.planes[i].dmabuf].fd))
                return false;
        return true;
    }
};

V4l2Import::V4l2Import(std::unique_ptr<Data> data) noexcept : data_(std::move(data)) {}
V4l2Import::V4l2Import(V4l2Import&&) noexcept = default;
V4l2Import& V4l2Import::operator=(V4l2Import&&) noexcept = default;
V4l2Import::~V4l2Import() = default;

Result<V4l2Import> V4l2Import::create(const V4l2Setup& setup, Use use) {
    const auto output = reads_from_memory(use);
    if (!output)
        return invalid("use", fmt::format("no V4L2 queue is for {}", to_string(use)));
    const std::size_t most = setup.multiplanar ? VIDEO_MAX_PLANES : 1;
    if (setup.planes.empty() || setup.planes.size() > most)
        return invalid("setup", fmt::format("{} memory planes, the queue takes 1 to {}",
                                            setup.planes.size(), most));
    for (const V4l2Setup::PlaneSetup& plane : setup.planes)
        if (plane.length == 0)
            return invalid("setup", "a memory plane has no length");
    auto data = std::make_unique<Data>();
    data->setup = setup;
    data->type = queue_type(*output, setup.multiplanar);
    return V4l2Import(std::move(data));
}

std::uint32_t V4l2Import::type() const noexcept {
    return data_->type;
}

void V4l2Import::fill(v4l2_format& format) const {
    const V4l2Setup& setup = data_->setup;
    format = {};
    format.type = data_->type;
    if (!setup.multiplanar) {
        fill_image(setup, format.fmt.pix);
        format.fmt.pix.bytesperline = setup.planes[0].bytesperline;
        format.fmt.pix.sizeimage = setup.planes[0].sizeimage;
        return;
    }
    v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
    fill_image(setup, pixels);
    pixels.num_planes = static_cast<__u8>(setup.planes.size());
    for (std::size_t i = 0; i < setup.planes.size(); ++i) {
        pixels.plane_fmt[i].bytesperline = setup.planes[i].bytesperline;
        pixels.plane_fmt[i].sizeimage = setup.planes[i].sizeimage;
    }
}

Result<void> V4l2Import::check(const v4l2_format& format) const {
    const V4l2Setup& setup = data_->setup;
    const v4l2_pix_format& pixels = format.fmt.pix;
    const bool same =
        format.type == data_->type &&
        (setup.multiplanar
             ? same_image(setup, format.fmt.pix_mp) && same_planes(setup, format.fmt.pix_mp)
             : same_image(setup, pixels) && pixels.bytesperline == setup.planes[0].bytesperline &&
                   pixels.sizeimage <= setup.planes[0].length);
    if (same)
        return {};
    return failure(Stage::import_fd, Cause::mismatch, 0, "S_FMT", "the driver changes the format");
}

void V4l2Import::fill(v4l2_requestbuffers& request) const {
    request = {};
    request.count = static_cast<__u32>(data_->slots.size());
    request.type = data_->type;
    request.memory = V4L2_MEMORY_DMABUF;
}

Result<std::uint32_t> V4l2Import::add(const Buffer& buffer) {
    if (auto checked = data_->check(buffer); !checked)
        return std::move(checked).error();
    const auto known = std::ranges::find_if(
        data_->slots, [&](const Slot& slot) { return data_->has(slot, buffer); });
    const auto index = static_cast<std::uint32_t>(known - data_->slots.begin());
    if (known != data_->slots.end())
        return index;
    std::vector<int> fds;
    for (const V4l2Setup::PlaneSetup& plane : data_->setup.planes)
        fds.push_back(buffer.dmabufs()[plane.dmabuf].fd);
    auto copies = duplicate(fds);
    if (!copies)
        return std::move(copies).error();
    data_->slots.push_back({std::move(*copies), {}});
    return index;
}

Result<void> V4l2Import::fill(v4l2_buffer& buffer, std::uint32_t index) {
    if (index >= data_->slots.size())
        return invalid("buffer", fmt::format("index {} of {}", index, data_->slots.size()));
    const V4l2Setup& setup = data_->setup;
    Slot& slot = data_->slots[index];
    buffer = {};
    buffer.index = index;
    buffer.type = data_->type;
    buffer.memory = V4L2_MEMORY_DMABUF;
    buffer.field = V4L2_FIELD_NONE;
    if (!setup.multiplanar) {
        buffer.m.fd = slot.fds[0].get();
        buffer.length = setup.planes[0].length;
        buffer.bytesused = data_->is_output() ? setup.planes[0].sizeimage : 0;
        return {};
    }
    slot.planes = {};
    for (std::size_t i = 0; i < setup.planes.size(); ++i) {
        slot.planes[i].m.fd = slot.fds[i].get();
        slot.planes[i].length = setup.planes[i].length;
        slot.planes[i].bytesused = data_->is_output() ? setup.planes[i].sizeimage : 0;
    }
    buffer.m.planes = slot.planes.data();
    buffer.length = static_cast<__u32>(setup.planes.size());
    return {};
}

void V4l2Import::fill_dequeue(v4l2_buffer& buffer) {
    buffer = {};
    buffer.type = data_->type;
    buffer.memory = V4L2_MEMORY_DMABUF;
    if (!data_->setup.multiplanar)
        return;
    data_->dequeued = {};
    buffer.m.planes = data_->dequeued.data();
    buffer.length = VIDEO_MAX_PLANES;
}

Result<std::uint32_t> V4l2Import::index_of(const v4l2_buffer& buffer) const {
    if (buffer.type != data_->type || buffer.index >= data_->slots.size())
        return invalid("buffer",
                       fmt::format("index {} of a queue of type {} is none of {} of "
                                   "type {}",
                                   buffer.index, buffer.type, data_->slots.size(), data_->type));
    return buffer.index;
}

} // namespace simplealloc
