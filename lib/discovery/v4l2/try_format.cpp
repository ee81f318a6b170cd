// SPDX-License-Identifier: MIT
// A driver's stride rule is a function that only TRY_FMT evaluates.
#include "lib/discovery/v4l2/try_format.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/ini.hpp"
#include "lib/discovery/limits/capabilities.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/discovery/quirks/keys.hpp"
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/model/formats.hpp"
#include "lib/model/merge.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>

namespace simplealloc {

namespace {

/// A descriptor to ask on: the caller's where its queue is ours, as its context counts then, else
/// one of our own, else the caller's, since asking disturbs nobody.
class AskingFd {
public:
    explicit AskingFd(const DeviceRecord& device) {
        const bool ours = device.queue_access == QueueAccess::lent;
        if (device.caller_fd && ours) {
            fd_ = device.caller_fd.get();
            return;
        }
        if (auto opened = open_device_node(device.path, O_RDWR, device.devnum))
            own_ = std::move(*opened);
        fd_ = own_ ? own_.get() : device.caller_fd.get();
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_ = -1;
    UniqueFd own_;
};

/// Values beyond 32 bits are the driver's to refuse: it answers with its largest.
std::uint32_t clamped(std::uint64_t value) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

/// The strides that are asked for: of each memory plane's first image plane. The size too of what
/// may have any, a bitstream.
void fill(v4l2_format& request, const V4l2Choice& choice, const Layout& layout) {
    request.type = choice.queue->buf_type;
    const bool opaque = solver::is_opaque(layout.fourcc);
    if (!is_multiplanar(*choice.queue)) {
        v4l2_pix_format& pixels = request.fmt.pix;
        pixels.width = layout.width;
        pixels.height = layout.height;
        pixels.pixelformat = choice.format.pixelformat;
        pixels.field = V4L2_FIELD_NONE;
        pixels.bytesperline = clamped(layout.planes.front().stride);
        if (opaque)
            pixels.sizeimage = clamped(layout.planes.front().size);
        // Without the magic number the kernel takes the fields behind it for rubbish.
        pixels.priv = V4L2_PIX_FMT_PRIV_MAGIC;
        return;
    }
    v4l2_pix_format_mplane& pixels = request.fmt.pix_mp;
    pixels.width = layout.width;
    pixels.height = layout.height;
    pixels.pixelformat = choice.format.pixelformat;
    pixels.field = V4L2_FIELD_NONE;
    const std::size_t count = choice.format.per_plane ? layout.planes.size() : 1;
    pixels.num_planes = static_cast<__u8>(std::min<std::size_t>(count, VIDEO_MAX_PLANES));
    for (std::size_t i = 0; i < pixels.num_planes; ++i) {
        pixels.plane_fmt[i].bytesperline = clamped(layout.planes[i].stride);
        if (opaque)
            pixels.plane_fmt[i].sizeimage = clamped(layout.planes[i].size);
    }
}

TriedFormat read_answer(const v4l2_format& answer, bool multiplanar) {
    if (!multiplanar) {
        const v4l2_pix_format& pixels = answer.fmt.pix;
        return {pixels.width,
                pixels.height,
                pixels.pixelformat,
                {{pixels.bytesperline, pixels.sizeimage}}};
    }
    const v4l2_pix_format_mplane& pixels = answer.fmt.pix_mp;
    TriedFormat tried{pixels.width, pixels.height, pixels.pixelformat, {}};
    for (std::size_t i = 0; i < std::min<std::size_t>(pixels.num_planes, VIDEO_MAX_PLANES); ++i)
        tried.planes.push_back({pixels.plane_fmt[i].bytesperline, pixels.plane_fmt[i].sizeimage});
    return tried;
}

std::string other_count(const TriedFormat& tried, const V4l2Choice& choice, const Layout& layout) {
    const std::size_t planes = choice.format.per_plane ? layout.planes.size() : 1;
    if (tried.planes.size() == planes)
        return {};
    return fmt::format("wants {} memory planes instead of {}", tried.planes.size(), planes);
}

/// What the driver changes that a buffer can't make up for; empty when nothing.
std::string difference(const TriedFormat& tried, const V4l2Choice& choice, Use use,
                       const Layout& layout) {
    if (tried.pixelformat != choice.format.pixelformat)
        return fmt::format("offers {} instead of {}", pixelformat_name(tried.pixelformat),
                           pixelformat_name(choice.format.pixelformat));
    const bool same_size = tried.width == layout.width && tried.height == layout.height;
    if (!same_size && !is_coded_size(tried, use, layout))
        return fmt::format("offers {}x{} instead of {}x{}", tried.width, tried.height, layout.width,
                           layout.height);
    // Of an opaque image the driver says how many there are.
    if (!solver::is_opaque(layout.fourcc))
        return other_count(tried, choice, layout);
    return {};
}

/// What to ask for instead of what the driver does not make.
std::string remedy_for(const TriedFormat& tried, const V4l2Choice& choice, const Layout& layout) {
    const bool same_size = tried.width == layout.width && tried.height == layout.height;
    if (tried.pixelformat != choice.format.pixelformat || same_size)
        return "another format";
    return fmt::format("an image of {}x{}", tried.width, tried.height);
}

/// What there is to ask about the layout; nothing for other devices and for plain bytes.
std::optional<V4l2Choice> askable(const DeviceRecord& device, const DeviceUse& use,
                                  const Layout& layout) {
    if (!device.v4l2 || !device.v4l2->opened || layout.planes.empty() ||
        layout.fourcc == fourcc::bytes)
        return std::nullopt;
    return choose_format(*device.v4l2, use.use, layout);
}

/// What the driver would program instead of the layout's numbers; empty when it takes them.
std::string deviation(const TriedFormat& tried, const V4l2Choice& choice, const Layout& layout) {
    for (std::size_t i = 0; i < tried.planes.size(); ++i) {
        const TriedPlane& wanted = tried.planes[i];
        const Plane& plane = layout.planes[i];
        if (wanted.stride != 0 && wanted.stride != plane.stride)
            return fmt::format("makes a stride of {} bytes out of {}", wanted.stride, plane.stride);
        if (wanted.size > layout.dmabuf_sizes[plane.dmabuf])
            return fmt::format("wants {} bytes, the dma-buf has {}", wanted.size,
                               layout.dmabuf_sizes[plane.dmabuf]);
    }
    // In one buffer, the second plane follows the last line of the first (pixfmt-yuv-planar.rst).
    const std::uint64_t second = tried.planes.front().stride * tried.height;
    if (!choice.format.per_plane && layout.planes.size() > 1 && layout.modifier.is_linear() &&
        second != 0 && second != layout.planes[1].offset)
        return fmt::format("looks for plane 1 at byte {}, it begins at {}", second,
                           layout.planes[1].offset);
    return {};
}

/// By a row, which says what each memory plane has behind its lines.
bool add_sizes_of_row(const DeviceRecord& device, Use use, const Layout& layout,
                      TriedFormat& tried) {
    const auto row = use_quirk(device, use, layout.fourcc, "plane-padding");
    // An opaque image has no lines to count from.
    if (!row || solver::is_opaque(layout.fourcc))
        return false;
    const std::vector<std::string> padding = ini::words(row->text);
    // Another number of planes is for the caller to refuse.
    for (std::size_t i = 0; i < std::min(tried.planes.size(), layout.planes.size()); ++i) {
        const std::string& behind = padding[std::min(i, padding.size() - 1)];
        std::uint64_t end = 0;
        for (const Plane& plane : layout.planes)
            if (plane.dmabuf == layout.planes[i].dmabuf)
                end = std::max(end, plane.offset + plane.size);
        tried.planes[i].size = end + number_of(behind);
    }
    tried.evidence = {row->confidence, row->origin};
    return true;
}

/// S_FMT in a context that is nobody else's: each opener of a memory-to-memory node has one, and it
/// ends with the descriptor. A decoder's pictures follow from a stream that it has not, and setting
/// what a codec writes may start it (s5p_mfc_enc.c vidioc_s_fmt()).
std::optional<TriedFormat> ask_own_context(const DeviceRecord& device, Use use,
                                           const V4l2Choice& choice, const Layout& layout) {
    const bool starts = solver::is_opaque(layout.fourcc) && !is_output(use);
    if (!device.v4l2->m2m || use == Use::decode || starts)
        return std::nullopt;
    const auto own = open_device_node(device.path, O_RDWR, device.devnum);
    if (!own)
        return std::nullopt;
    v4l2_format request = {};
    fill(request, choice, layout);
    if (kernel::ioctl(own->get(), VIDIOC_S_FMT, &request) < 0)
        return std::nullopt;
    TriedFormat set = read_answer(request, is_multiplanar(*choice.queue));
    set.evidence.origin = "VIDIOC_S_FMT in a context of our own";
    return set.is_sized() ? std::optional(std::move(set)) : std::nullopt;
}

/// An answer without sizes is the question once more (s5p_mfc_enc.c vidioc_try_fmt()): strides in
/// it are no agreement.
TriedFormat instead_of_echo(const DeviceRecord& device, Use use, const V4l2Choice& choice,
                            const Layout& layout, TriedFormat echo) {
    for (TriedPlane& plane : echo.planes)
        plane = {};
    if (add_sizes_of_row(device, use, layout, echo))
        return echo;
    return ask_own_context(device, use, choice, layout).value_or(std::move(echo));
}

} // namespace

bool TriedFormat::is_sized() const {
    return std::all_of(planes.begin(), planes.end(),
                       [](const TriedPlane& plane) { return plane.size != 0; });
}

bool is_coded_size(const TriedFormat& tried, Use use, const Layout& layout) {
    constexpr std::uint32_t largest_block = 128; // superblocks of AV1
    const auto rounded_up = [](std::uint32_t coded, std::uint32_t wanted) {
        return coded >= wanted && coded - wanted < largest_block;
    };
    const bool codec = use == Use::decode || use == Use::encode || solver::is_opaque(layout.fourcc);
    return codec && rounded_up(tried.width, layout.width) &&
           rounded_up(tried.height, layout.height);
}

std::optional<TriedFormat> ask_try_format(const DeviceRecord& device, Use use,
                                          const V4l2Choice& choice, const Layout& layout) {
    const AskingFd fd(device);
    if (fd.get() < 0)
        return std::nullopt;
    v4l2_format request = {};
    fill(request, choice, layout);
    // ENOTTY: some drivers lack it. Every other error leaves the question as open.
    if (questions::ioctl(fd.get(), VIDIOC_TRY_FMT, &request) < 0)
        return std::nullopt;
    TriedFormat tried = read_answer(request, is_multiplanar(*choice.queue));
    if (!tried.is_sized())
        tried = instead_of_echo(device, use, choice, layout, std::move(tried));
    // A decoder's pictures are as large as its stream says: in a context without one it answers
    // with a size of its own, whatever it is asked (e.g. hantro_try_fmt()).
    const bool streamless = use == Use::decode && device.queue_access != QueueAccess::lent;
    if (streamless && !is_coded_size(tried, use, layout))
        return std::nullopt;
    return tried;
}

Result<std::optional<FormatAnswer>> try_format(const DeviceRecord& device, const DeviceUse& use,
                                               const Layout& layout) {
    const std::optional<FormatAnswer> no_answer;
    const auto choice = askable(device, use, layout);
    if (!choice)
        return no_answer;
    const auto tried = ask_try_format(device, use.use, *choice, layout);
    if (!tried)
        return no_answer;
    if (std::string what = difference(*tried, *choice, use.use, layout); !what.empty())
        return unsupported_use(device, use.use, std::move(what),
                               remedy_for(*tried, *choice, layout));

    Constraints answer;
    for (std::size_t i = 0; i < std::min(tried->planes.size(), max_planes); ++i) {
        PlaneLimits& limits = answer.planes[i];
        // Tiled formats and some drivers leave it 0: no rule then.
        if (const std::uint64_t stride = tried->planes[i].stride; stride != 0)
            limits.min_stride = limits.max_stride = stride;
        limits.min_size = tried->planes[i].size;
    }
    if (tried->height != layout.height)
        answer.height_align = tried->height;
    return std::optional(
        FormatAnswer{solver::normal(std::move(answer)), tried->evidence, tried->is_sized()});
}

Result<void> check_format(const DeviceRecord& device, const DeviceUse& use, const Layout& layout) {
    const auto choice = askable(device, use, layout);
    const auto tried = choice ? ask_try_format(device, use.use, *choice, layout) : std::nullopt;
    if (!tried)
        return {};
    std::string what = difference(*tried, *choice, use.use, layout);
    if (what.empty())
        what = other_count(*tried, *choice, layout);
    if (what.empty())
        what = deviation(*tried, *choice, layout);
    if (what.empty())
        return {};
    return failure(Stage::layout, Cause::mismatch, 0, party_name(device, use.use), std::move(what));
}

} // namespace simplealloc
