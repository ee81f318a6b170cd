// SPDX-License-Identifier: MIT
// A compositor that runs for long, among clients that lie and die and cameras that come and go.
#include "tests/kernel/census.hpp"
#include "tests/kernel/expect.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/hostile_client.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <map>
#include <optional>
#include <poll.h>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using guest::expect;
using Clock = std::chrono::steady_clock;

namespace {

/// ./dev soak sets it.
std::chrono::seconds duration() {
    const char* said = std::getenv("SIMPLEALLOC_SOAK_SECONDS");
    return std::chrono::seconds(said == nullptr ? 20 : std::stoi(said));
}

/// What the C library and the kernel give back is rounded.
constexpr std::uint64_t rss_slack = 256U << 10U;

/// A thousand signals a second to this thread, whose calls are not restarted.
class Signals {
public:
    Signals() {
        struct sigaction action = {};
        action.sa_handler = [](int) { count = count + 1; };
        sigaction(SIGUSR1, &action, &before_);
        sigevent event = {};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = SIGUSR1;
        event._sigev_un._tid = gettid();
        REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0);
        const itimerspec often = {{0, 1000000}, {0, 1000000}};
        REQUIRE(timer_settime(timer_, 0, &often, nullptr) == 0);
    }
    ~Signals() {
        timer_delete(timer_);
        sigaction(SIGUSR1, &before_, nullptr);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// fork() begins anew for as long as signals come (kernel/fork.c, copy_process()), and takes
    /// longer than a millisecond on an emulated machine.
    static pid_t fork_without() {
        sigset_t ours;
        sigset_t before;
        sigemptyset(&ours);
        sigaddset(&ours, SIGUSR1);
        pthread_sigmask(SIG_BLOCK, &ours, &before);
        const pid_t child = fork();
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return child;
    }

    static inline volatile std::sig_atomic_t count = 0;

private:
    timer_t timer_ = {};
    struct sigaction before_ = {};
};

/// Cameras and codecs come and go, by their module and under a program that has them open.
constexpr const char* come_and_go = R"(
    cd /sys/bus/platform/drivers/vivid
    while :; do
        echo vivid.0 >unbind; sleep 0.3; echo vivid.0 >bind
        modprobe --remove vim2m; modprobe vim2m; sleep 1
    done >/dev/null 2>&1)";

class Compositor {
public:
    explicit Compositor(std::uint32_t seed) : random_(seed) {}

    /// One client after the other, each with another lie.
    void serve_clients() {
        for (std::size_t lie = 0; lie < guest::lies(); ++lie)
            serve_client(lie);
    }

    /// Pictures of a camera on the display, as long as there is one.
    void show_camera() {
        // Now and then there is none, or it goes meanwhile.
        for (int i = 0; i < 20 && !attempt("camera", [&] { show(); }); ++i)
            std::this_thread::sleep_for(100ms);
    }

    /// Buffers on loan while the pool gets another size.
    void use_pool() {
        for (int i = 0; i < 6; ++i) {
            attempt("pool", [&] { slots_.push_back(expect(pool_.acquire(0ms))); });
            if (slots_.size() > any(4))
                slots_.erase(slots_.begin() + static_cast<long>(any(slots_.size())));
        }
        attempt("replan", [&] {
            expect(pool_.replan(Request::bytes(4096 * (1 + any(64))).cpu(CpuAccess::write)));
        });
    }

    /// A few: for each the machine is listed anew, while more may come than can be read.
    void read_events() {
        attempt("monitor", [&] {
            for (int i = 0; i < 4 && expect(monitor_.next()); ++i)
                ++done_["events"];
        });
    }

    /// Holds what it has held before each time that it is asked to.
    void rest() {
        slots_.clear();
        expect(pool_.replan(Request::bytes(65536).cpu(CpuAccess::write)));
        pool_.trim();
        read_events();
    }

    [[nodiscard]] std::string words() const {
        std::string all;
        for (const auto& [what, count] : done_)
            all += (all.empty() ? "" : ", ") + std::to_string(count) + " " + what;
        return all;
    }
    /// The last of each.
    [[nodiscard]] std::string failures() const {
        std::string all;
        for (const auto& [what, reason] : reasons_)
            all += what + ": " + reason + "\n";
        return all;
    }
    [[nodiscard]] std::size_t done(const std::string& what) const {
        const auto found = done_.find(what);
        return found == done_.end() ? 0 : found->second;
    }

private:
    std::size_t any(std::size_t count) { return random_() % count; }

    /// What may fail, since clients lie and cameras go; counted.
    template <typename Work>
    bool attempt(const std::string& what, Work work) {
        bool well = true;
        try {
            work();
        } catch (const std::exception& error) {
            well = false;
            reasons_[what] = error.what();
        }
        ++done_[well ? what : what + " failures"];
        return well;
    }

    void show() {
        const VideoNode node(guest::video("vivid-000-vid-cap"));
        const Device camera = expect(allocator_.device(node.fd(), QueueAccess::lent));
        RequestBuilder request = Request::image(320, 180, fourcc::xrgb8888)
                                     .use(camera, Use::capture)
                                     .use(display_, Use::scanout)
                                     .without("gbm")
                                     .without("v4l2");
        const Buffer buffer = expect(allocator_.allocate(request));
        auto import = expect(importer_.import(buffer));
        expect(import.framebuffer());
        VideoQueue queue(node, *expect(buffer.setup(0)).v4l2, Use::capture);
        queue.add(buffer);
        queue.request();
        queue.queue(0);
        queue.start();
        node.wait(POLLIN);
        queue.take();
    }

    void serve_client(std::size_t lie) {
        std::array<int, 2> ends{};
        const int type = any(2) == 0 ? SOCK_STREAM : SOCK_SEQPACKET;
        // An assertion would be kept for the report, and so be growth.
        if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::runtime_error("socketpair");
        const auto seed = static_cast<std::uint32_t>(random_());
        const pid_t child = Signals::fork_without();
        if (child < 0)
            throw std::runtime_error("fork");
        if (child == 0) {
            close(ends[0]);
            guest::lie_and_die(ends[1], lie, seed);
        }
        close(ends[1]);
        ++done_["clients"];
        attempt("conversations", [&] {
            auto channel = expect(share::Channel::open(UniqueFd::adopt(ends[0])));
            expect(channel.send(expect(allocator_.allocate(client_plan_)), 100ms));
            // Until the client has died, or said what can't be understood.
            while (attempt("messages", [&] { use(expect(channel.receive(2s))); }))
                continue;
        });
        while (waitpid(child, nullptr, 0) < 0)
            continue;
    }

    /// All that a compositor does with a buffer of a stranger.
    void use(const Buffer& buffer) {
        attempt("checks", [&] { expect(allocator_.check(buffer, {display_, Use::scanout, {}})); });
        attempt("imports", [&] {
            auto import = expect(importer_.import(buffer));
            expect(import.framebuffer());
        });
        attempt("maps", [&] {
            const auto planes = expect(buffer.map_planes(Access::write));
            expect(buffer.wait(Access::read, 0ns));
        });
        attempt("fences", [&] {
            const Fence fence = expect(buffer.export_sync_file(Access::write));
            expect(buffer.import_sync_file(fence.fd(), Access::read));
            expect(expect(pool_.acquire(0ms)).release(fence));
        });
    }

    static PoolOptions pool_options() {
        PoolOptions options;
        options.min_buffers = 2;
        options.max_buffers = 4;
        options.wait_for_devices = true;
        return options;
    }

    std::mt19937 random_;
    std::map<std::string, std::size_t> done_;
    std::map<std::string, std::string> reasons_;
    Allocator allocator_ = expect(Allocator::open());
    Monitor monitor_ = expect(allocator_.monitor());
    Device display_ = expect(allocator_.device(guest::card("vkms")));
    DrmImporter importer_ = expect(DrmImporter::open(display_));
    Plan client_plan_ = expect(allocator_.plan(Request::image(320, 180, fourcc::xrgb8888)
                                                   .use(display_, Use::scanout)
                                                   .cpu(CpuAccess::write)
                                                   .without("gbm")
                                                   .without("drm-dumb")));
    Pool pool_ = expect(
        Pool::create(allocator_, Request::bytes(65536).cpu(CpuAccess::write), pool_options()));
    std::vector<PoolSlot> slots_;
};

struct Sample {
    guest::Census census;
    std::uint64_t rss;
};

Sample sample(const std::vector<Sample>& before) {
    guest::Census census;
    if (!before.empty())
        census = guest::settle(before.front().census);
    return {census, guest::resident()};
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "a compositor does not grow among clients that lie and cameras that come and go",
                 "[soak]") {
    const guest::Background hotplug({"sh", "-c", come_and_go});
    Compositor compositor(std::random_device{}());
    const Signals signals;
    const auto begin = Clock::now();
    const auto step = duration() / 10;
    auto next = begin + step;
    std::vector<Sample> samples;
    // A busy machine takes so long for a round that no camera has failed before the first one.
    while (samples.size() < 3 || Clock::now() < begin + duration()) {
        compositor.serve_clients();
        compositor.show_camera();
        compositor.use_pool();
        compositor.read_events();
        if (Clock::now() < next)
            continue;
        compositor.rest();
        samples.push_back(sample(samples));
        next = Clock::now() + step;
        std::ostringstream line;
        line << samples.back().census << ", " << (samples.back().rss >> 10U) << " KiB; "
             << compositor.words() << ", " << Signals::count << " signals";
        const std::chrono::duration<double> elapsed = Clock::now() - begin;
        std::printf("%4.0f s: %s\n", elapsed.count(), line.str().c_str());
        std::fflush(stdout);
        CHECK(samples.back().census == samples.front().census);
    }
    CHECK(samples.back().rss <= samples[1].rss + rss_slack);
    std::printf("the last failures:\n%s", compositor.failures().c_str());
    // It has lived through what it is about.
    for (const char* what : {"messages", "checks", "imports", "maps", "camera", "replan", "events"})
        CHECK(compositor.done(what) > 0);
    CHECK(Signals::count > 100);
}
