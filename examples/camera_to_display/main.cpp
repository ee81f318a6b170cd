// SPDX-License-Identifier: MIT
// Shows camera frames on a display without a copy: the camera writes into the memory that the
// display scans out.
#include "camera.hpp"
#include "display.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using simplealloc::Allocator;
using simplealloc::Buffer;
using simplealloc::Fourcc;
using simplealloc::Plan;
using simplealloc::Use;
namespace fourcc = simplealloc::fourcc;

struct Options {
    std::string camera;      ///< empty: the first that works
    std::string display;     ///< empty: the first that works
    std::uint32_t width = 0; ///< 0: the display's preferred mode, or the largest that both can do
    std::uint32_t height = 0;
    int frames = 60;
    simplealloc::AllocatorOptions allocator;
    std::string command; ///< run while the last frame is shown
    bool probe = false;
};

/// Everything that was found to fit together.
struct Pipeline {
    std::unique_ptr<Camera> camera;
    std::unique_ptr<Display> display;
    drmModeModeInfo mode = {};
    std::optional<Plan> plan;
};

constexpr int buffer_count = 4;
constexpr int frame_timeout_ms = 20000;
constexpr std::size_t camera_use = 0;
constexpr std::size_t display_use = 1;

template <typename T>
T expect(simplealloc::Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
    return *std::move(result);
}

/// The display's preferred mode when the camera offers it, else the largest that both can do; or
/// just the wanted one.
std::optional<drmModeModeInfo> common_mode(const Camera& camera, const Display& display,
                                           const Options& options) {
    for (const drmModeModeInfo& mode : display.modes())
        if ((options.width == 0 ||
             (mode.hdisplay == options.width && mode.vdisplay == options.height)) &&
            camera.offers(mode.hdisplay, mode.vdisplay))
            return mode;
    return std::nullopt;
}

/// Fills in the plan when some format suits both devices. Prints why when none does.
bool plan_pipeline(const Allocator& allocator, Pipeline& pipeline, const Options& options) {
    const auto mode = common_mode(*pipeline.camera, *pipeline.display, options);
    if (!mode)
        return false;
    pipeline.mode = *mode;
    const auto camera = allocator.device(pipeline.camera->fd(), simplealloc::QueueAccess::lent);
    const auto display = allocator.device(pipeline.display->fd());
    if (!camera || !display)
        return false;
    for (const Fourcc format : {fourcc::xrgb8888, fourcc::nv12, fourcc::yuyv, fourcc::rgb565}) {
        auto plan =
            allocator.plan(simplealloc::Request::image(mode->hdisplay, mode->vdisplay, format)
                               .use(*camera, Use::capture)
                               .use(*display, Use::scanout)
                               .name("camera-to-display"));
        if (!plan || plan->candidates().empty())
            continue;
        // SETCRTC shows what a primary plane takes.
        const auto shown = plan->setup(display_use);
        if (!shown || shown->drm->overlay_only)
            continue;
        pipeline.plan = *std::move(plan);
        return true;
    }
    return false;
}

std::vector<std::string> nodes(const Allocator& allocator, const std::string& chosen, Use use) {
    if (!chosen.empty())
        return {chosen};
    std::vector<std::string> paths;
    for (const auto& device : expect(allocator.devices()))
        if (std::find(device.uses().begin(), device.uses().end(), use) != device.uses().end())
            paths.push_back(device.path());
    return paths;
}

std::optional<Pipeline> find_pipeline(const Allocator& allocator, const Options& options) {
    for (const std::string& display_path : nodes(allocator, options.display, Use::scanout)) {
        for (const std::string& camera_path : nodes(allocator, options.camera, Use::capture)) {
            try {
                Pipeline pipeline;
                pipeline.display = std::make_unique<Display>(display_path);
                pipeline.camera = std::make_unique<Camera>(camera_path);
                if (plan_pipeline(allocator, pipeline, options))
                    return pipeline;
                std::cerr << camera_path << " and " << display_path << ": nothing in common\n";
            } catch (const std::exception& problem) {
                std::cerr << problem.what() << '\n';
            }
        }
    }
    return std::nullopt;
}

/// Waits until the camera has a frame or the display has flipped.
void wait(Camera& camera, Display& display) {
    // A frame that waits for the flip under way must not wake us up again and again.
    const short camera_events = display.flipping() ? 0 : POLLIN;
    pollfd waits[] = {{camera.fd(), camera_events, 0}, {display.fd(), POLLIN, 0}};
    const int ready = poll(waits, 2, frame_timeout_ms);
    if (ready == 0)
        throw std::runtime_error("no frame and no flip for 20 seconds");
    if (ready > 0 && (waits[0].revents & (POLLERR | POLLHUP)) != 0)
        throw std::runtime_error("the camera is gone");
    if (ready > 0 && (waits[1].revents & POLLIN) != 0)
        display.handle_events();
}

int stream(Pipeline& pipeline, const std::vector<Buffer>& buffers, int frames) {
    Camera& camera = *pipeline.camera;
    Display& display = *pipeline.display;
    for (const Buffer& buffer : buffers)
        display.add(buffer);
    camera.start(buffers, *expect(buffers.front().setup(camera_use)).v4l2);

    int shown = -1;    ///< on the screen, or about to be
    int replaced = -1; ///< leaves the screen with the flip that is under way
    int count = 0;
    while (count < frames || display.flipping()) {
        wait(camera, display);
        if (display.flipping())
            continue;
        if (replaced >= 0) {
            camera.give_back(replaced);
            replaced = -1;
        }
        const int filled = count < frames ? camera.take() : -1;
        if (filled < 0)
            continue;
        ++count;
        if (shown < 0) {
            display.show(pipeline.mode, filled);
        } else {
            display.flip(filled);
            replaced = shown;
        }
        shown = filled;
    }
    return count;
}

void parse_size(const std::string& text, Options& options) {
    const std::size_t cross = text.find('x');
    if (cross == std::string::npos)
        throw std::invalid_argument("--size wants WIDTHxHEIGHT");
    options.width = static_cast<std::uint32_t>(std::stoul(text.substr(0, cross)));
    options.height = static_cast<std::uint32_t>(std::stoul(text.substr(cross + 1)));
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&]() -> std::string {
            if (i + 1 >= argc)
                throw std::invalid_argument(word + " wants a value");
            return argv[++i];
        };
        if (word == "--camera")
            options.camera = value();
        else if (word == "--display")
            options.display = value();
        else if (word == "--size")
            parse_size(value(), options);
        else if (word == "--frames")
            options.frames = std::stoi(value());
        else if (word == "--without")
            options.allocator.without.push_back(value());
        else if (word == "--exec")
            options.command = value();
        else if (word == "--probe")
            options.probe = true;
        else
            throw std::invalid_argument(
                "usage: camera_to_display [--camera PATH] [--display PATH] [--size WxH] "
                "[--frames N] [--without SOURCE]... [--exec COMMAND] [--probe]");
    }
    if (options.frames < 1)
        throw std::invalid_argument("--frames wants a number above 0");
    return options;
}

int run(const Options& options) {
    const auto allocator = expect(Allocator::open(options.allocator));
    auto pipeline = find_pipeline(allocator, options);
    if (!pipeline) {
        std::cerr << "no camera and display here that can share memory\n";
        return 1;
    }
    std::cout << pipeline->camera->path() << " to " << pipeline->display->path() << ", "
              << pipeline->mode.hdisplay << 'x' << pipeline->mode.vdisplay << ' '
              << to_string(pipeline->plan->candidates().front().layout.fourcc) << '\n';
    if (options.probe)
        return 0;
    print_plan(std::cout, *pipeline->plan);

    std::vector<Buffer> buffers;
    for (int i = 0; i < buffer_count; ++i)
        buffers.push_back(expect(allocator.allocate(*pipeline->plan)));
    for (const auto& verified : buffers.front().verified())
        std::cout << "import into " << verified.device << ": "
                  << (!verified.imported   ? "not tested, " + verified.reason
                      : *verified.imported ? "works (" + verified.how + ")"
                                           : "refused, " + verified.reason)
                  << '\n';
    const int frames = stream(*pipeline, buffers, options.frames);
    std::cout << frames << " frames, 0 copies, memory from " << buffers.front().source()
              << std::endl;
    if (!options.command.empty() && std::system(options.command.c_str()) != 0)
        throw std::runtime_error(options.command + ": failed");
    pipeline->camera->stop();
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(parse(argc, argv));
    } catch (const std::invalid_argument& problem) {
        std::cerr << problem.what() << '\n';
        return 2;
    } catch (const std::exception& problem) {
        std::cerr << "camera_to_display: " << problem.what() << '\n';
        return 1;
    }
}
