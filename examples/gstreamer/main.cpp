// SPDX-License-Identifier: MIT
// v4l2src ! kmssink on frames of libsimplealloc: the pool is offered to the camera in place of the
// display's own, so that the memory is one that both can reach, whatever hardware they are.
#include "memory.hpp"
#include "pool.hpp"

#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <gst/video/video.h>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace {

using simplealloc::Allocator;
using simplealloc::Fourcc;
using simplealloc::Use;
namespace fourcc = simplealloc::fourcc;

constexpr guint least_frames = 4;

template <typename T>
T expect(simplealloc::Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
    return *std::move(result);
}

/// The same pixels in GStreamer's words.
struct Format {
    GstVideoFormat video;
    Fourcc fourcc;
};
constexpr Format formats[] = {
    {GST_VIDEO_FORMAT_BGRx, fourcc::xrgb8888},
    {GST_VIDEO_FORMAT_RGB16, fourcc::rgb565},
    {GST_VIDEO_FORMAT_NV12, fourcc::nv12},
    {GST_VIDEO_FORMAT_YUY2, fourcc::yuyv},
};

std::optional<Fourcc> fourcc_of(GstVideoFormat video) {
    for (const Format& format : formats)
        if (format.video == video)
            return format.fourcc;
    return std::nullopt;
}

/// What the display's pad sees, in the thread of the camera.
struct Link {
    const Allocator& allocator;
    std::string camera;
    std::string display;
    GstAllocator* memories = nullptr;

    int frames = 0;
    int others = 0; ///< frames in memory that is not ours
    std::string source = {};
    std::string problem = {};
};

simplealloc::Plan plan(const Link& link, const GstVideoInfo& video) {
    const auto format = fourcc_of(GST_VIDEO_INFO_FORMAT(&video));
    if (!format)
        throw std::runtime_error("no fourcc is known for these caps");
    return expect(
        link.allocator.plan(simplealloc::Request::image(GST_VIDEO_INFO_WIDTH(&video),
                                                        GST_VIDEO_INFO_HEIGHT(&video), *format)
                                .use(expect(link.allocator.device(link.camera)), Use::capture)
                                .use(expect(link.allocator.device(link.display)), Use::scanout)
                                .name("gstreamer")));
}

void answer_allocation(Link& link, GstQuery* query) {
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(query, &caps, nullptr);
    GstVideoInfo video;
    if (caps == nullptr || gst_video_info_from_caps(&video, caps) == FALSE)
        throw std::runtime_error("the camera asks for frames without saying which");
    const simplealloc::Plan made = plan(link, video);
    if (made.candidates().empty())
        throw std::runtime_error(link.allocator.allocate(made).error().message());
    GstBufferPool* pool = simple_pool_new(link.allocator, made, link.memories);
    GstStructure* config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, static_cast<guint>(video.size), least_frames,
                                      0);
    if (gst_buffer_pool_set_config(pool, config) == FALSE) {
        gst_object_unref(pool);
        throw std::runtime_error("camera and display want other strides than their caps have");
    }
    gst_query_add_allocation_pool(query, pool, static_cast<guint>(video.size), least_frames, 0);
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
    gst_object_unref(pool);
}

/// Answers for the display, which would offer memory of its own.
GstPadProbeReturn on_query(GstPad*, GstPadProbeInfo* info, gpointer data) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
        return GST_PAD_PROBE_OK;
    Link& link = *static_cast<Link*>(data);
    try {
        answer_allocation(link, query);
        return GST_PAD_PROBE_HANDLED;
    } catch (const std::exception& problem) {
        link.problem = problem.what();
        return GST_PAD_PROBE_DROP; // the camera can't stream then
    }
}

GstPadProbeReturn on_frame(GstPad*, GstPadProbeInfo* info, gpointer data) {
    Link& link = *static_cast<Link*>(data);
    ++link.frames;
    const simplealloc::Buffer* buffer =
        simple_memory_buffer(gst_buffer_peek_memory(GST_PAD_PROBE_INFO_BUFFER(info), 0));
    if (buffer == nullptr)
        ++link.others;
    else
        link.source = buffer->source();
    return GST_PAD_PROBE_OK;
}

/// Until the stream ends.
void run(GstElement* pipeline) {
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    GstMessage* last = gst_bus_timed_pop_filtered(
        bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
    std::string problem;
    if (GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gchar* details = nullptr;
        gst_message_parse_error(last, &error, &details);
        problem = std::string(error->message) + (details == nullptr ? "" : details);
        g_error_free(error);
        g_free(details);
    }
    gst_message_unref(last);
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (!problem.empty())
        throw std::runtime_error(problem);
}

int show(const std::string& camera, const std::string& display, const std::string& caps,
         int frames) {
    const auto allocator = std::make_shared<const Allocator>(expect(Allocator::open()));
    GError* error = nullptr;
    GstElement* pipeline =
        gst_parse_launch("v4l2src name=camera io-mode=dmabuf-import ! capsfilter name=caps ! "
                         "kmssink name=display force-modesetting=true",
                         &error);
    if (error != nullptr)
        throw std::runtime_error(error->message);
    const int screen = open(display.c_str(), O_RDWR | O_CLOEXEC);
    if (screen < 0)
        throw std::system_error(errno, std::generic_category(), display);

    Link link{*allocator, camera, display, simple_allocator_new(allocator)};
    GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "camera");
    GstElement* filter = gst_bin_get_by_name(GST_BIN(pipeline), "caps");
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "display");
    g_object_set(source, "device", camera.c_str(), "num-buffers", frames, nullptr);
    gst_util_set_object_arg(G_OBJECT(filter), "caps", caps.c_str());
    g_object_set(sink, "fd", screen, nullptr);
    GstPad* pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(
        pad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PUSH),
        on_query, &link, nullptr);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, &link, nullptr);
    const auto release = [&] {
        for (GstObject* object :
             {GST_OBJECT(pad), GST_OBJECT(source), GST_OBJECT(filter), GST_OBJECT(sink),
              GST_OBJECT(pipeline), GST_OBJECT(link.memories)})
            gst_object_unref(object);
        close(screen);
    };
    try {
        run(pipeline);
    } catch (const std::runtime_error& problem) {
        release();
        throw std::runtime_error(link.problem.empty() ? problem.what() : link.problem);
    }
    release();
    std::cout << link.frames << " frames, " << link.others << " in other memory than "
              << link.source << std::endl;
    return link.others == 0 && link.frames == frames ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    gst_init(&argc, &argv);
    if (argc != 5) {
        std::cerr << "usage: gstreamer_camera CAMERA DISPLAY CAPS FRAMES\n"
                     "e.g. gstreamer_camera /dev/video0 /dev/dri/card0 "
                     "video/x-raw,format=BGRx,width=640,height=480 100\n";
        return 2;
    }
    try {
        return show(argv[1], argv[2], argv[3], std::atoi(argv[4]));
    } catch (const std::exception& problem) {
        std::cerr << "gstreamer_camera: " << problem.what() << '\n';
        return 1;
    }
}
