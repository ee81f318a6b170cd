// SPDX-License-Identifier: MIT
// V4L2 nodes: capabilities, queues with their formats, kind of memory.
#include "lib/discovery/v4l2/v4l2.hpp"

#include "lib/discovery/v4l2/choice.hpp"
#include "lib/discovery/v4l2/min_buffers.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/model/v4l2_formats.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/videodev2.h>

namespace simplealloc {

namespace {

/// Ends an enumeration that a broken driver never ends.
constexpr std::uint32_t max_formats = 1024;

template <std::size_t Size>
std::string text_of(const __u8 (&field)[Size]) {
    const auto* text = reinterpret_cast<const char*>(field);
    return {text, strnlen(text, Size)};
}

struct QueueKind {
    std::uint32_t capability;
    std::uint32_t m2m_capability;
    std::uint32_t buf_type;
    const char* name;
};

constexpr QueueKind queue_kinds[] = {
    {V4L2_CAP_VIDEO_CAPTURE, V4L2_CAP_VIDEO_M2M, V4L2_BUF_TYPE_VIDEO_CAPTURE, "capture"},
    {V4L2_CAP_VIDEO_CAPTURE_MPLANE, V4L2_CAP_VIDEO_M2M_MPLANE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE,
     "capture-mplane"},
    {V4L2_CAP_VIDEO_OUTPUT, V4L2_CAP_VIDEO_M2M, V4L2_BUF_TYPE_VIDEO_OUTPUT, "output"},
    {V4L2_CAP_VIDEO_OUTPUT_MPLANE, V4L2_CAP_VIDEO_M2M_MPLANE, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE,
     "output-mplane"},
    // What is no picture: they take memory of a size that their format tells.
    {V4L2_CAP_META_CAPTURE, 0, V4L2_BUF_TYPE_META_CAPTURE, "meta-capture"},
    {V4L2_CAP_META_OUTPUT, 0, V4L2_BUF_TYPE_META_OUTPUT, "meta-output"},
    {V4L2_CAP_VBI_CAPTURE, 0, V4L2_BUF_TYPE_VBI_CAPTURE, "vbi-capture"},
    {V4L2_CAP_VBI_OUTPUT, 0, V4L2_BUF_TYPE_VBI_OUTPUT, "vbi-output"},
    {V4L2_CAP_SLICED_VBI_CAPTURE, 0, V4L2_BUF_TYPE_SLICED_VBI_CAPTURE, "sliced-vbi-capture"},
    {V4L2_CAP_SLICED_VBI_OUTPUT, 0, V4L2_BUF_TYPE_SLICED_VBI_OUTPUT, "sliced-vbi-output"},
    {V4L2_CAP_SDR_CAPTURE, 0, V4L2_BUF_TYPE_SDR_CAPTURE, "sdr-capture"},
    {V4L2_CAP_SDR_OUTPUT, 0, V4L2_BUF_TYPE_SDR_OUTPUT, "sdr-output"},
};

/// `capabilities` is the union over all nodes of the device.
std::uint32_t caps_of(const v4l2_capability& answer) {
    return (answer.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? answer.device_caps
                                                             : answer.capabilities;
}

/// Before V4L2_CAP_VIDEO_M2M such drivers set both directions.
bool is_m2m(std::uint32_t caps) {
    const bool captures = (caps & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)) != 0;
    const bool outputs = (caps & (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_OUTPUT_MPLANE)) != 0;
    return (caps & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE)) != 0 || (captures && outputs);
}

void ask_formats(int fd, V4l2Queue& queue) {
    for (std::uint32_t index = 0; index < max_formats; ++index) {
        v4l2_fmtdesc request = {};
        request.index = index;
        request.type = queue.buf_type;
        if (questions::ioctl(fd, VIDIOC_ENUM_FMT, &request) < 0)
            return;
        queue.pixelformats.push_back(request.pixelformat);
        if ((request.flags & V4L2_FMT_FLAG_COMPRESSED) != 0)
            queue.any_compressed = true;
        else
            queue.any_raw = true;
    }
}

/// Linux 6.8 has V4L2_BUF_CAP_SUPPORTS_MAX_NUM_BUFFERS, and max_num_buffers behind the flags; older
/// headers call that place reserved.
void read_max_buffers(const v4l2_create_buffers& answer, V4l2Queue& queue) {
    constexpr std::uint32_t tells_most = 0x80;
    constexpr std::size_t place = offsetof(v4l2_create_buffers, flags) + sizeof(answer.flags);
    std::uint32_t most = 0;
    std::memcpy(&most, reinterpret_cast<const char*>(&answer) + place, sizeof(most));
    if ((answer.capabilities & tells_most) == 0 || most == 0)
        return;
    queue.max_buffers = most;
    queue.max_buffers_origin = "VIDIOC_CREATE_BUFS max_num_buffers";
}

/// CREATE_BUFS of 0 buffers creates none and takes no ownership, and answers beside an owner
/// (vb2_ioctl_create_bufs()); REQBUFS of 0 would free the owner's.
void ask_buffer_kinds(int fd, bool m2m, V4l2Queue& queue) {
    v4l2_create_buffers request = {};
    request.memory = V4L2_MEMORY_MMAP;
    request.format.type = queue.buf_type;
    // For 0 buffers the type is enough: a decoder's queue may have no format yet, and its driver
    // may wait for one (s5p_mfc_dec.c vidioc_g_fmt()).
    const bool may_wait = m2m && !V4L2_TYPE_IS_OUTPUT(queue.buf_type);
    if (may_wait || questions::ioctl(fd, VIDIOC_G_FMT, &request.format) < 0) {
        request.format = {};
        request.format.type = queue.buf_type;
    }
    // Before 4.20 the field stayed zero: unknown, not none.
    if (questions::ioctl(fd, VIDIOC_CREATE_BUFS, &request) < 0 || request.capabilities == 0)
        return;
    queue.capabilities_known = true;
    queue.mmap = (request.capabilities & V4L2_BUF_CAP_SUPPORTS_MMAP) != 0;
    queue.userptr = (request.capabilities & V4L2_BUF_CAP_SUPPORTS_USERPTR) != 0;
    queue.dmabuf = (request.capabilities & V4L2_BUF_CAP_SUPPORTS_DMABUF) != 0;
    read_max_buffers(request, queue);
}

std::string names(const std::vector<std::uint32_t>& pixelformats) {
    std::string text;
    for (const std::uint32_t pixelformat : pixelformats)
        text += fmt::format("{}{}", text.empty() ? "" : " ", pixelformat_name(pixelformat));
    return text;
}

std::string buffer_kinds(const V4l2Queue& queue) {
    if (!queue.capabilities_known)
        return "unknown";
    return fmt::format("{}{}{}", queue.mmap ? "mmap " : "", queue.userptr ? "userptr " : "",
                       queue.dmabuf ? "dmabuf" : "no dmabuf");
}

void ask_queue(int fd, const QueueKind& kind, DeviceRecord& record) {
    V4l2Queue queue;
    queue.buf_type = kind.buf_type;
    ask_formats(fd, queue);
    ask_buffer_kinds(fd, record.v4l2->m2m, queue);
    record.facts.push_back({fmt::format("{}-formats", kind.name), names(queue.pixelformats),
                            Confidence::known, "VIDIOC_ENUM_FMT"});
    record.facts.push_back({fmt::format("{}-buffers", kind.name), buffer_kinds(queue),
                            queue.capabilities_known ? Confidence::known : Confidence::unknown,
                            "VIDIOC_CREATE_BUFS with count 0"});
    record.v4l2->queues.push_back(std::move(queue));
}

std::optional<unsigned> number_after(std::string_view text, const std::string& prefix) {
    const auto at = text.find(prefix);
    if (at == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(at + prefix.size());
    unsigned number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
        return std::nullopt;
    return number;
}

bool has_queue(const V4l2Info& v4l2, bool output, bool V4l2Queue::*quality) {
    return std::any_of(v4l2.queues.begin(), v4l2.queues.end(), [&](const V4l2Queue& queue) {
        return V4L2_TYPE_IS_OUTPUT(queue.buf_type) == output && queue.*quality;
    });
}

/// A queue of pictures that lists no format holds none; other data needs no list (VBI has none).
bool holds_data(const V4l2Info& v4l2, bool output) {
    return std::any_of(v4l2.queues.begin(), v4l2.queues.end(), [&](const V4l2Queue& queue) {
        return V4L2_TYPE_IS_OUTPUT(queue.buf_type) == output &&
               (queue.any_raw || queue.any_compressed || !is_of_pictures(queue));
    });
}

std::vector<Use> uses_by_udev(const udev::Node& node) {
    const auto found = node.properties.find("ID_V4L_CAPABILITIES");
    std::vector<Use> uses;
    if (found != node.properties.end() && found->second.find(":capture:") != std::string::npos)
        uses.push_back(Use::capture);
    if (found != node.properties.end() && found->second.find(":video_output:") != std::string::npos)
        uses.push_back(Use::read);
    return uses;
}

/// What a memory-to-memory device codes is known by its formats alone.
std::vector<Use> uses_by_capabilities(std::uint32_t caps) {
    if (is_m2m(caps))
        return {Use::m2m_in, Use::m2m_out};
    std::vector<Use> uses;
    for (const QueueKind& kind : queue_kinds) {
        const Use use = V4L2_TYPE_IS_OUTPUT(kind.buf_type) ? Use::read : Use::capture;
        if ((caps & kind.capability) != 0 && std::find(uses.begin(), uses.end(), use) == uses.end())
            uses.push_back(use);
    }
    return uses;
}

} // namespace

void find_v4l2_node(const udev::Node& node, DeviceRecord& record) {
    V4l2Info& v4l2 = record.v4l2.emplace();
    const std::string path = node.syspath + "/name";
    if (questions::read_file(path, v4l2.name) < 0)
        return;
    while (!v4l2.name.empty() && v4l2.name.back() == '\n')
        v4l2.name.pop_back();
    record.facts.push_back({"name", v4l2.name, Confidence::known, path});
}

int ask_v4l2(int fd, DeviceRecord& record) {
    v4l2_capability answer = {};
    if (const int result = kernel::ioctl(fd, VIDIOC_QUERYCAP, &answer); result < 0)
        return result;
    V4l2Info& v4l2 = *record.v4l2;
    v4l2.opened = true;
    v4l2.card = text_of(answer.card);
    v4l2.bus_info = text_of(answer.bus_info);
    v4l2.device_caps = caps_of(answer);
    v4l2.m2m = is_m2m(v4l2.device_caps);
    record.driver = text_of(answer.driver);
    const auto fact = [&](const char* name, std::string value) {
        record.facts.push_back({name, std::move(value), Confidence::known, "VIDIOC_QUERYCAP"});
    };
    fact("driver", record.driver);
    fact("card", v4l2.card);
    fact("device-caps", fmt::format("0x{:08x}", v4l2.device_caps));
    for (const QueueKind& kind : queue_kinds)
        if ((v4l2.device_caps & (kind.capability | kind.m2m_capability)) != 0)
            ask_queue(fd, kind, record);
    ask_min_buffers(fd, record);
    return 0;
}

void ask_uses(DeviceRecord& record) {
    if (!record.v4l2 || !record.uses.empty() || !record.readable)
        return;
    const auto fact = [&](std::string value, Confidence confidence) {
        record.facts.push_back({"device-caps", std::move(value), confidence, "VIDIOC_QUERYCAP"});
    };
    v4l2_capability answer = {};
    const auto fd = open_device_node(record.path, O_RDWR, record.devnum);
    if (!fd || questions::ioctl(fd->get(), VIDIOC_QUERYCAP, &answer) < 0)
        return fact("not told", Confidence::unknown);
    const std::uint32_t caps = caps_of(answer);
    fact(fmt::format("0x{:08x}", caps), Confidence::known);
    record.uses = uses_by_capabilities(caps);
}

void number_instance(DeviceRecord& record) {
    V4l2Info& v4l2 = *record.v4l2;
    const std::string prefix = record.driver + "-";
    auto number = number_after(v4l2.bus_info, prefix);
    if (!number)
        number = number_after(v4l2.name, prefix);
    v4l2.index = number.value_or(0);
}

void assume_memory(DeviceRecord& record) {
    V4l2Info& v4l2 = *record.v4l2;
    const bool userptr =
        std::any_of(v4l2.queues.begin(), v4l2.queues.end(),
                    [](const V4l2Queue& queue) { return queue.userptr && queue.dmabuf; });
    // Drivers of PCI that offer both scatter and gather, those of systems on chip are dma-contig;
    // elsewhere there is no rule (video-i2c is vmalloc).
    const bool pci = record.reach.bus == "pci";
    if (v4l2.memory == V4l2Memory::unknown && userptr && (pci || record.reach.bus == "platform")) {
        v4l2.memory = pci ? V4l2Memory::dma_sg : V4l2Memory::dma_contig;
        v4l2.memory_confidence = Confidence::assumed;
        v4l2.memory_origin =
            fmt::format("USERPTR of VIDIOC_CREATE_BUFS with count 0, on bus {}", record.reach.bus);
    }
    constexpr const char* memory_names[] = {"unknown", "dma-contig", "dma-sg", "vmalloc"};
    record.facts.push_back({"memory-kind", memory_names[static_cast<std::size_t>(v4l2.memory)],
                            v4l2.memory_confidence,
                            v4l2.memory_origin.empty() ? "nobody says" : v4l2.memory_origin});
}

std::vector<Use> v4l2_uses(const V4l2Info& v4l2, const udev::Node& node) {
    if (!v4l2.opened)
        return uses_by_udev(node);
    const auto offers = [&](bool output, bool V4l2Queue::*quality) {
        return has_queue(v4l2, output, quality);
    };
    std::vector<Use> uses;
    if (!v4l2.m2m) {
        if (holds_data(v4l2, false))
            uses.push_back(Use::capture);
        if (holds_data(v4l2, true))
            uses.push_back(Use::read);
        return uses;
    }
    if (offers(true, &V4l2Queue::any_raw) && offers(false, &V4l2Queue::any_compressed))
        uses.push_back(Use::encode);
    if (offers(true, &V4l2Queue::any_compressed) && offers(false, &V4l2Queue::any_raw))
        uses.push_back(Use::decode);
    uses.push_back(Use::m2m_in);
    uses.push_back(Use::m2m_out);
    return uses;
}

} // namespace simplealloc
