// SPDX-License-Identifier: MIT
// Two processes work on one buffer. The second is in a sandbox without device nodes, as a renderer
// or decoder of strangers' data should be: what it needs comes over a socket.
#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace {

using namespace simplealloc;
using namespace std::chrono_literals;

constexpr auto patience = 20s;

void must(int result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
}

/// A user and mount namespace of its own, whose /dev is empty.
void enter_sandbox() {
    const std::string map = "0 " + std::to_string(getuid()) + " 1";
    must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
    std::ofstream("/proc/self/uid_map") << map;
    must(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount /");
    must(mount("none", "/dev", "tmpfs", 0, nullptr), "mount /dev");
    if (!std::filesystem::is_empty("/dev"))
        throw std::runtime_error("/dev is not empty");
}

/// Turns every byte over.
void work(const Buffer& buffer) {
    auto pixels = buffer.map(Access::read_write).value();
    for (std::byte& byte : pixels.bytes())
        byte = ~byte;
    pixels.finish().value();
}

int run_worker(UniqueFd socket) {
    enter_sandbox();
    auto channel = share::Channel::open(std::move(socket)).value();
    const Buffer buffer = channel.receive(patience).value();
    std::cout << "worker: no device nodes; received " << buffer.width() << 'x' << buffer.height()
              << ' ' << to_string(buffer.fourcc()) << " from " << buffer.source() << std::endl;
    work(buffer);
    channel.send(buffer, patience).value(); // says that it is done
    return 0;
}

int run_owner(UniqueFd socket) {
    const auto allocator = Allocator::open().value();
    const Buffer buffer = allocator
                              .allocate(Request::image(640, 480, fourcc::xrgb8888)
                                            .cpu(CpuAccess::read_often)
                                            .name("shared"))
                              .value();
    {
        auto pixels = buffer.map(Access::write).value();
        std::ranges::fill(pixels.bytes(), std::byte{0x5a});
        pixels.finish().value();
    }
    auto channel = share::Channel::open(std::move(socket)).value();
    channel.send(buffer, patience).value();
    const Buffer back = channel.receive(patience).value();
    const auto pixels = buffer.map(Access::read).value();
    const bool worked =
        std::ranges::all_of(pixels.bytes(), [](std::byte byte) { return byte == std::byte{0xa5}; });
    const bool same = back.is_same(buffer);
    std::cout << "owner: " << (same ? "the same dma-buf" : "another dma-buf")
              << " came back, its pixels are " << (worked ? "" : "not ") << "the worker's"
              << std::endl;
    return worked && same ? 0 : 1;
}

int run() {
    std::array<int, 2> ends{};
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    UniqueFd owner = UniqueFd::adopt(ends[0]);
    UniqueFd worker = UniqueFd::adopt(ends[1]);
    const pid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        owner.reset();
        return run_worker(std::move(worker));
    }
    worker.reset();
    const int result = run_owner(std::move(owner));
    int status = 0;
    must(waitpid(child, &status, 0), "waitpid");
    return status == 0 ? result : 1;
}

} // namespace

int main() {
    try {
        return run();
    } catch (const std::exception& problem) {
        std::cerr << "share_between_processes: " << problem.what() << '\n';
        return 1;
    }
}
