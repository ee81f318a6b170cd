// SPDX-License-Identifier: MIT
// What strangers hand over, against the machine's own kernel: descriptors of anything, files that
// wait, names that lead elsewhere by now; a pool's descriptor; and a program that ends.
#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/pool/signal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fuse_file.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <poll.h>
#include <span>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace simplealloc;
using namespace simplealloc::test;
using namespace std::chrono_literals;

namespace {

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

/// A program's global: it dies after whatever the library has made since.
struct LastWords {
    std::function<void()> say;
    ~LastWords() {
        if (say) {
            say();
            ::_exit(0);
        }
    }
};
LastWords last_words;

/// What becomes of a child that runs this: its exit status, or minus the signal; -1000 when it does
/// not end.
int fate(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        // Catch2 may have led them to its own strings, which die before they are flushed at exit.
        for (std::ostream* stream : {&std::cout, &std::cerr, &std::clog})
            stream->rdbuf(nullptr);
        body();
        ::_exit(0);
    }
    for (int i = 0; i < 500; ++i) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        std::this_thread::sleep_for(10ms);
    }
    ::kill(child, SIGKILL);
    return -1000;
}

UniqueFd pipe_end() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    ::close(ends[1]);
    return UniqueFd::adopt(ends[0]);
}

UniqueFd socket_end() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    ::close(ends[1]);
    return UniqueFd::adopt(ends[0]);
}

UniqueFd terminal() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    return UniqueFd::adopt(master);
}

/// Of every kind that a process can have without being asked who it is.
std::vector<UniqueFd> descriptors_of_anything() {
    std::vector<UniqueFd> all;
    all.push_back(pipe_end());
    all.push_back(socket_end());
    all.push_back(terminal());
    all.push_back(UniqueFd::adopt(::eventfd(0, EFD_CLOEXEC)));
    all.push_back(UniqueFd::adopt(::epoll_create1(EPOLL_CLOEXEC)));
    all.push_back(UniqueFd::adopt(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)));
    all.push_back(UniqueFd::adopt(::memfd_create("anything", MFD_CLOEXEC)));
    for (const char* path : {"/dev/null", "/dev/zero", "/proc/self/mem", "/proc/kmsg", "/tmp"})
        all.push_back(UniqueFd::adopt(::open(path, O_RDONLY | O_CLOEXEC)));
    all.push_back(UniqueFd::adopt(::open("/dev/null", O_PATH | O_CLOEXEC)));
    all.push_back(UniqueFd());
    return all;
}

Layout small_layout() {
    Layout layout;
    layout.width = layout.height = 16;
    layout.fourcc = fourcc::xrgb8888;
    layout.planes = {{0, 0, 64, 1024}};
    layout.dmabuf_sizes = {4096};
    return layout;
}

/// Hands a descriptor to every function that takes one, and returns what each says.
std::vector<Error> hand_to_everyone(int fd) {
    const auto copy = [&] {
        return UniqueFd::adopt(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    };
    std::vector<Error> errors;
    const auto take = [&](const auto& result) {
        errors.push_back(result ? Error() : result.error());
    };
    take(Fence::adopt(copy()));
    const std::array fds{fd};
    take(Buffer::import(fds, small_layout()));
    take(share::Channel::open(copy()));
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    take(allocator->device(fd));
    take(allocator->device(fd, QueueAccess::lent));
    take(DrmImporter::open(fd));
    return errors;
}

} // namespace

TEST_CASE("whatever is handed over in the place of a descriptor is invalid, and is not kept") {
    const std::vector<UniqueFd> all = descriptors_of_anything();
    const std::size_t before = open_descriptors();
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO("descriptor " << i);
        for (const Error& error : hand_to_everyone(all[i].get())) {
            INFO(error.message());
            CHECK(error.cause == Cause::invalid);
        }
        CHECK(open_descriptors() == before);
    }
}

TEST_CASE("a file whose daemon answers nothing is refused without asking it") {
    auto file = FuseFile::mount();
    if (!file) {
        WARN("skipped: this process may not mount a FUSE file");
        return;
    }
    REQUIRE(file->fd() >= 0);
    auto said = std::async(std::launch::async, [fd = file->fd()] { return hand_to_everyone(fd); });
    // Until it is done, or waits for the daemon.
    while (said.wait_for(10ms) != std::future_status::ready && file->unanswered() == 0)
        continue;
    CHECK(file->unanswered() == 0);
    // Whoever waits for the daemon is released with it.
    file.reset();
    for (const Error& error : said.get()) {
        INFO(error.message());
        CHECK(error.cause == Cause::invalid);
    }
}

TEST_CASE("a file that is named and could be waited for is not read") {
    const std::string folder = "/tmp/system-test-" + std::to_string(::getpid());
    const std::string fifo = folder + "/rows.quirks";
    REQUIRE(::mkdir(folder.c_str(), 0700) == 0);
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    // Each ends with 42 where it was refused.
    const auto refused = [](const auto& result) {
        ::_exit(!result && result.error().cause == Cause::unsupported ? 42 : 1);
    };
    for (const std::string& path : {fifo, std::string("/dev/zero"), std::string("/dev/ptmx")}) {
        CAPTURE(path);
        CHECK(fate([&] { refused(check_policy_file(path)); }) == 42);
        CHECK(fate([&] { refused(check_quirk_file(path)); }) == 42);
        for (const std::string& named : {path, path == fifo ? folder : path})
            CHECK(fate([&] {
                      ::setenv("SIMPLEALLOC_QUIRKS", named.c_str(), 1);
                      refused(Allocator::open());
                  }) == 42);
        CHECK(fate([&] {
                  AllocatorOptions options;
                  options.policy_path = path;
                  refused(Allocator::open(options));
              }) == 42);
    }
    std::filesystem::remove_all(folder);
}

TEST_CASE(
    "what is opened by name is the device that was looked up, and never this one's terminal") {
    const UniqueFd master = terminal();
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    const std::string name = ::ptsname(master.get());
    struct stat slave = {};
    REQUIRE(::stat(name.c_str(), &slave) == 0);

    CHECK(fate([&] {
              ::setsid(); // a leader without a terminal gets the first that it opens
              const auto opened = open_device_node(name, O_RDWR, slave.st_rdev);
              const int terminal_of_session = ::open("/dev/tty", O_RDWR);
              ::_exit(opened && terminal_of_session < 0 ? 0 : 1);
          }) == 0);

    const std::size_t before = open_descriptors();
    const auto is_gone = [](const Result<UniqueFd>& opened) {
        return !opened && opened.error().cause == Cause::gone;
    };
    CHECK(is_gone(open_device_node(name, O_RDWR, slave.st_rdev + 1)));
    CHECK(is_gone(open_device_node("/etc/passwd", O_RDONLY, 0)));
    CHECK(open_device_node("/dev/null", O_RDWR, 0));
    CHECK(open_descriptors() == before);
}

TEST_CASE("a pool's descriptor is readable as it is raised and lowered, in poll and in epoll") {
    const std::size_t before = open_descriptors();
    {
        const bool devices = GENERATE(false, true);
        auto signal = PoolSignal::create(devices);
        REQUIRE(signal);
        const UniqueFd loop = UniqueFd::adopt(kernel::watcher());
        REQUIRE(kernel::watch(loop.get(), signal->pollable().fd, signal->pollable().events) == 0);
        const auto is_readable = [&] {
            pollfd target = {signal->pollable().fd, signal->pollable().events, 0};
            const bool readable = kernel::poll(std::span(&target, 1), 0ns) == 1;
            epoll_event event = {};
            CHECK(::epoll_wait(loop.get(), &event, 1, 0) == (readable ? 1 : 0));
            return readable;
        };
        CHECK(is_readable());
        CHECK(is_readable());
        REQUIRE(signal->lower({}));
        CHECK_FALSE(is_readable());
        signal->raise();
        CHECK(is_readable());
        if (devices) {
            const UniqueFd work = UniqueFd::adopt(kernel::counter());
            const UniqueFd elsewhere = UniqueFd::dup(work.get()).value();
            const std::array pending{pollfd{work.get(), POLLIN, 0}};
            REQUIRE(signal->lower(pending));
            CHECK_FALSE(is_readable());
            REQUIRE(kernel::add(work.get(), 1) >= 0);
            CHECK(is_readable());
            REQUIRE(signal->lower(pending));
            CHECK(is_readable());
            // What is not watched any more wakes nobody.
            REQUIRE(signal->lower({}));
            CHECK_FALSE(is_readable());
            const std::array wrong{pending[0], pollfd{-1, POLLIN, 0}};
            CHECK(signal->lower(wrong).error().sys_errno == EBADF);
            CHECK(is_readable());
        }
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a program may plan until its very end, with its own log sink") {
    CHECK(fate([] {
              static std::atomic<int> lines = 0;
              last_words.say = [] {
                  const auto allocator = Allocator::open();
                  if (!allocator || !allocator->plan(Request::bytes(4096)) || lines == 0)
                      ::_exit(3);
              };
              set_log(LogLevel::trace, [](LogLevel, std::string_view) { ++lines; });
              (void)Allocator::open()->plan(Request::bytes(4096));
              std::exit(2);
          }) == 0);
}

TEST_CASE("what a log sink throws stays in the library") {
    CHECK(fate([] {
              set_log(LogLevel::trace, [](LogLevel, std::string_view) { throw 7; });
              const auto allocator = Allocator::open();
              ::_exit(allocator && allocator->plan(Request::bytes(4096)) ? 42 : 1);
          }) == 42);
}
