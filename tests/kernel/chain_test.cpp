// SPDX-License-Identifier: MIT
// Camera to memory-to-memory device to display: a plan and a pool for each edge, and no copy.
#include "tests/kernel/expect.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/kernel/virtual_screen.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <utility>
#include <vector>

using namespace simplealloc;
using guest::expect;

namespace {

constexpr std::size_t depth = 4;
constexpr int frames_to_show = 100;
constexpr const char* bars = "white yellow cyan green magenta red blue black";

/// What the CPU has mapped of dma-bufs: a copy would need that.
std::size_t mapped_dmabufs() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        count += line.find("dmabuf") != std::string::npos;
    return count;
}

/// The buffers between two devices; all are lent, each to one of them.
class Edge {
public:
    Edge(const Allocator& allocator, const Request& request)
        : pool_(expect(Pool::create(allocator, request, options()))) {
        lend_all();
    }

    [[nodiscard]] const PoolSlot& slot(std::size_t index) const { return slots_.at(index); }
    [[nodiscard]] std::size_t size() const { return slots_.size(); }
    [[nodiscard]] PoolStats stats() const { return pool_.stats(); }
    /// The buffer comes back, and one goes out again; its index.
    std::uint32_t recycle(std::uint32_t index) {
        slots_.at(index).release();
        PoolSlot slot = expect(pool_.try_acquire());
        const std::uint32_t next = slot.index();
        slots_.at(next) = std::move(slot);
        return next;
    }
    /// For another size. The buffer of that index stays on loan, and is handed out here.
    PoolSlot replan(const Request& request, std::uint32_t kept) {
        PoolSlot old = std::move(slots_.at(kept));
        slots_.clear();
        const auto replanned = pool_.replan(request);
        if (!replanned)
            FAIL(replanned.error().message());
        lend_all();
        return old;
    }
    void replan(const Request& request) {
        slots_.clear();
        const auto replanned = pool_.replan(request);
        if (!replanned)
            FAIL(replanned.error().message());
        lend_all();
    }

private:
    static PoolOptions options() {
        PoolOptions options;
        options.min_buffers = depth;
        options.max_buffers = depth;
        return options;
    }
    void lend_all() {
        slots_.resize(depth);
        for (std::size_t i = 0; i < depth; ++i) {
            PoolSlot slot = expect(pool_.try_acquire());
            const std::uint32_t index = slot.index();
            slots_.at(index) = std::move(slot);
        }
    }

    Pool pool_;
    std::vector<PoolSlot> slots_; ///< by index
};

void add_all(VideoQueue& queue, const Edge& edge) {
    for (std::size_t i = 0; i < edge.size(); ++i)
        REQUIRE(queue.add(edge.slot(i).buffer()) == i);
    queue.request();
}

void queue_all(VideoQueue& queue, const Edge& edge) {
    for (std::size_t i = 0; i < edge.size(); ++i)
        queue.queue(static_cast<std::uint32_t>(i));
}

V4l2Setup v4l2_setup(const Edge& edge, std::size_t use) {
    return *expect(edge.slot(0)->setup(use)).v4l2;
}

/// Shows the buffers of an edge; the one on the screen is on loan to it.
class Viewer {
public:
    Viewer(VirtualScreen& screen, const Device& display, const Edge& edge)
        : screen_(screen), importer_(expect(DrmImporter::open(display))) {
        import_all(edge);
    }

    void import_all(const Edge& edge) {
        imports_.clear();
        for (std::size_t i = 0; i < edge.size(); ++i)
            imports_.push_back(expect(importer_.import(edge.slot(i).buffer())));
        shown_.reset();
    }
    /// The index of the buffer that was on the screen before.
    std::optional<std::uint32_t> show(std::uint32_t index, const Buffer& buffer) {
        screen_.show(expect(imports_.at(index).framebuffer()), buffer.width(), buffer.height());
        return std::exchange(shown_, index);
    }
    [[nodiscard]] std::uint32_t shown() const { return shown_.value(); }
    /// Keeps what is on the screen there while the rest is replaced.
    DrmImport take_shown() { return std::move(imports_.at(shown_.value())); }

private:
    VirtualScreen& screen_;
    DrmImporter importer_;
    std::vector<DrmImport> imports_;
    std::optional<std::uint32_t> shown_;
};

/// Waits until one of the nodes has something to do.
void wait_for_any(std::initializer_list<const VideoNode*> nodes) {
    std::vector<pollfd> targets;
    for (const VideoNode* node : nodes)
        targets.push_back({node->fd(), POLLIN | POLLOUT, 0});
    REQUIRE(poll(targets.data(), targets.size(), 20000) > 0);
}

/// One size of the first chain, from STREAMON to STREAMOFF.
void run_through_vim2m(const VideoNode& camera, const VideoNode& converter, Edge& raw,
                       Edge& converted, Viewer& viewer, int frames) {
    VideoQueue captured(camera, v4l2_setup(raw, 0), Use::capture);
    VideoQueue in(converter, v4l2_setup(raw, 1), Use::m2m_in);
    VideoQueue out(converter, v4l2_setup(converted, 0), Use::m2m_out);
    add_all(captured, raw);
    add_all(in, raw);
    add_all(out, converted);
    queue_all(captured, raw);
    queue_all(out, converted);
    in.start();
    out.start();
    captured.start();
    for (int shown = 0; shown < frames;) {
        wait_for_any({&camera, &converter});
        if (const auto filled = captured.take())
            in.queue(*filled);
        if (const auto read = in.take())
            captured.queue(raw.recycle(*read));
        if (const auto done = out.take()) {
            if (const auto before = viewer.show(*done, converted.slot(*done).buffer()))
                out.queue(converted.recycle(*before));
            ++shown;
        }
        CHECK(mapped_dmabufs() == 0);
    }
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "frames go from a camera through vim2m to a display without a copy, also after "
                 "the size has changed in mid-stream",
                 "[full]") {
    const Allocator allocator = expect(Allocator::open());
    VirtualScreen screen;
    const VideoNode camera_node(guest::video("vivid-001-vid-cap"));
    const VideoNode converter_node(guest::video("vim2m"));
    const Device camera = expect(allocator.device(camera_node.fd(), QueueAccess::lent));
    const Device converter = expect(allocator.device(converter_node.fd(), QueueAccess::lent));
    const Device display = expect(allocator.device(screen.path()));
    const auto raw_request = [&](std::uint32_t width, std::uint32_t height) {
        return Request::image(width, height, fourcc::rgb565)
            .use(camera, Use::capture)
            .use(converter, Use::m2m_in);
    };
    const auto converted_request = [&](std::uint32_t width, std::uint32_t height) {
        return Request::image(width, height, fourcc::rgb565)
            .use(converter, Use::m2m_out)
            .use(display, Use::scanout);
    };

    Edge raw(allocator, raw_request(640, 480));
    Edge converted(allocator, converted_request(640, 480));
    Viewer viewer(screen, display, converted);
    run_through_vim2m(camera_node, converter_node, raw, converted, viewer, frames_to_show);
    CHECK(colour_bars(screen.look(allocator), 360) == bars);
    CHECK(raw.stats().allocated == depth);
    CHECK(converted.stats().allocated == depth);
    CHECK(converted.stats().recycled >= frames_to_show);

    {
        // The frame on the screen outlives the plan that it came from.
        const DrmImport still_shown = viewer.take_shown();
        raw.replan(raw_request(320, 180));
        const PoolSlot on_screen = converted.replan(converted_request(320, 180), viewer.shown());
        viewer.import_all(converted);
        CHECK(on_screen->width() == 640);
        CHECK(colour_bars(screen.look(allocator), 360) == bars);
        run_through_vim2m(camera_node, converter_node, raw, converted, viewer, 20);
        CHECK(on_screen.generation() != converted.slot(0).generation());
    }
    const Picture small = screen.look(allocator);
    CHECK(small.width == 320);
    CHECK(colour_bars(small, 175) == bars); // below the text
    CHECK(converted.stats().allocated == 2 * depth);
}

namespace {

/// A queue of compressed data, whose length differs from frame to frame.
class CompressedQueue {
public:
    CompressedQueue(const VideoNode& node, v4l2_buf_type type, std::uint32_t width,
                    std::uint32_t height)
        : node_(node), type_(type) {
        v4l2_format format = {};
        format.type = type;
        format.fmt.pix.width = width;
        format.fmt.pix.height = height;
        format.fmt.pix.pixelformat = V4L2_PIX_FMT_FWHT;
        node_.call(VIDIOC_S_FMT, &format, "VIDIOC_S_FMT of compressed data");
        size_ = format.fmt.pix.sizeimage;
    }
    CompressedQueue(const CompressedQueue&) = delete;
    CompressedQueue& operator=(const CompressedQueue&) = delete;
    ~CompressedQueue() {
        ioctl(node_.fd(), VIDIOC_STREAMOFF, &type_);
        v4l2_requestbuffers none = request_of(0);
        ioctl(node_.fd(), VIDIOC_REQBUFS, &none);
    }

    [[nodiscard]] std::uint32_t size() const { return size_; }
    void request(std::size_t count) {
        v4l2_requestbuffers request = request_of(count);
        node_.call(VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
    }
    void start() { node_.call(VIDIOC_STREAMON, &type_, "VIDIOC_STREAMON"); }
    void queue(std::uint32_t index, const Buffer& buffer, std::uint32_t used) {
        v4l2_buffer request = {};
        request.type = type_;
        request.memory = V4L2_MEMORY_DMABUF;
        request.index = index;
        request.m.fd = buffer.dmabufs()[0].fd;
        request.length = size_;
        request.bytesused = used;
        node_.call(VIDIOC_QBUF, &request, "VIDIOC_QBUF");
    }
    /// False while there is none.
    bool take(std::uint32_t& index, std::uint32_t& used) {
        v4l2_buffer answer = {};
        answer.type = type_;
        answer.memory = V4L2_MEMORY_DMABUF;
        if (ioctl(node_.fd(), VIDIOC_DQBUF, &answer) < 0) {
            REQUIRE(errno == EAGAIN);
            return false;
        }
        REQUIRE((answer.flags & V4L2_BUF_FLAG_ERROR) == 0);
        index = answer.index;
        used = answer.bytesused;
        return true;
    }

private:
    [[nodiscard]] v4l2_requestbuffers request_of(std::size_t count) const {
        v4l2_requestbuffers request = {};
        request.count = static_cast<__u32>(count);
        request.type = static_cast<__u32>(type_);
        request.memory = V4L2_MEMORY_DMABUF;
        return request;
    }

    const VideoNode& node_;
    v4l2_buf_type type_;
    std::uint32_t size_ = 0;
};

void subscribe_to_source_changes(const VideoNode& node) {
    v4l2_event_subscription subscription = {};
    subscription.type = V4L2_EVENT_SOURCE_CHANGE;
    node.call(VIDIOC_SUBSCRIBE_EVENT, &subscription, "VIDIOC_SUBSCRIBE_EVENT");
}

void await_source_change(const VideoNode& node) {
    node.wait(POLLPRI);
    v4l2_event event = {};
    node.call(VIDIOC_DQEVENT, &event, "VIDIOC_DQEVENT");
    REQUIRE(event.type == V4L2_EVENT_SOURCE_CHANGE);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "frames go from a camera through an encoder and a decoder to a display without a "
                 "copy",
                 "[full]") {
    constexpr std::uint32_t width = 640;
    constexpr std::uint32_t height = 480;
    const Allocator allocator = expect(Allocator::open());
    VirtualScreen screen;
    const VideoNode camera_node(guest::video("vivid-000-vid-cap"));
    const VideoNode encoder_node(guest::video("stateful-encoder"));
    const VideoNode decoder_node(guest::video("stateful-decoder"));
    const Device camera = expect(allocator.device(camera_node.fd(), QueueAccess::lent));
    const Device encoder = expect(allocator.device(encoder_node.fd(), QueueAccess::lent));
    const Device decoder = expect(allocator.device(decoder_node.fd(), QueueAccess::lent));
    const Device display = expect(allocator.device(screen.path()));

    Edge raw(allocator, Request::image(width, height, fourcc::xrgb8888)
                            .use(camera, Use::capture)
                            .use(encoder, Use::encode));
    CHECK(raw.slot(0)->source() == "dma-heap:reserved");
    VideoQueue captured(camera_node, v4l2_setup(raw, 0), Use::capture);
    VideoQueue to_encode(encoder_node, v4l2_setup(raw, 1), Use::encode);
    CompressedQueue encoded(encoder_node, V4L2_BUF_TYPE_VIDEO_CAPTURE, width, height);
    CompressedQueue to_decode(decoder_node, V4L2_BUF_TYPE_VIDEO_OUTPUT, width, height);
    REQUIRE(to_decode.size() >= encoded.size());
    Edge compressed(allocator, Request::bytes(to_decode.size()));
    add_all(captured, raw);
    add_all(to_encode, raw);
    encoded.request(depth);
    to_decode.request(depth);
    queue_all(captured, raw);
    for (std::uint32_t i = 0; i < depth; ++i)
        encoded.queue(i, compressed.slot(i).buffer(), 0);
    subscribe_to_source_changes(decoder_node);
    to_encode.start();
    encoded.start();
    captured.start();

    // The decoder tells its format once it has seen a frame.
    std::uint32_t index = 0;
    std::uint32_t used = 0;
    while (!encoded.take(index, used)) {
        wait_for_any({&camera_node, &encoder_node});
        if (const auto filled = captured.take())
            to_encode.queue(*filled);
        if (const auto read = to_encode.take())
            captured.queue(raw.recycle(*read));
    }
    to_decode.queue(index, compressed.slot(index).buffer(), used);
    to_decode.start();
    await_source_change(decoder_node);

    Edge decoded(allocator, Request::image(width, height, fourcc::xrgb8888)
                                .use(decoder, Use::decode)
                                .use(display, Use::scanout));
    Viewer viewer(screen, display, decoded);
    VideoQueue decoding(decoder_node, v4l2_setup(decoded, 0), Use::decode);
    add_all(decoding, decoded);
    queue_all(decoding, decoded);
    decoding.start();
    for (int shown = 0; shown < frames_to_show;) {
        wait_for_any({&camera_node, &encoder_node, &decoder_node});
        if (const auto filled = captured.take())
            to_encode.queue(*filled);
        if (const auto read = to_encode.take())
            captured.queue(raw.recycle(*read));
        if (encoded.take(index, used))
            to_decode.queue(index, compressed.slot(index).buffer(), used);
        if (to_decode.take(index, used)) {
            const std::uint32_t next = compressed.recycle(index);
            encoded.queue(next, compressed.slot(next).buffer(), 0);
        }
        if (const auto done = decoding.take()) {
            if (const auto before = viewer.show(*done, decoded.slot(*done).buffer()))
                decoding.queue(decoded.recycle(*before));
            ++shown;
        }
        CHECK(mapped_dmabufs() == 0);
    }
    CHECK(colour_bars(screen.look(allocator), height * 3 / 4) == bars);
    for (const Edge* edge : {&raw, &compressed, &decoded})
        CHECK(edge->stats().allocated == depth);
}
