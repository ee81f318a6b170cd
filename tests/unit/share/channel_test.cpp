// SPDX-License-Identifier: MIT
// Channels over the machine's own sockets, and what a stranger at the other end may send.
#include "lib/share/wire/buffer_form.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/share.h>
#include <simplealloc/share.hpp>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

using namespace simplealloc;
using namespace std::chrono_literals;
using share::Channel;
using Bytes = std::vector<std::byte>;

namespace {

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

struct Pair {
    UniqueFd stranger;
    Channel channel;
};

Pair connect(int type) {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
    auto channel = Channel::open(UniqueFd::adopt(fds[1]));
    REQUIRE(channel);
    return {UniqueFd::adopt(fds[0]), *std::move(channel)};
}

UniqueFd memfd() {
    UniqueFd fd = UniqueFd::adopt(::memfd_create("stranger", MFD_CLOEXEC));
    REQUIRE(::ftruncate(fd.get(), 1 << 20) == 0);
    return fd;
}

/// A message for XRGB8888 in one dma-buf.
Bytes message() {
    wire::BufferForm form;
    form.layout.width = 64;
    form.layout.height = 64;
    form.layout.fourcc = fourcc::xrgb8888;
    form.layout.planes = {{0, 0, 256, 16384}};
    form.layout.dmabuf_sizes = {16384};
    return *wire::encode_buffer(form);
}

void send(const UniqueFd& socket, const Bytes& bytes, const std::vector<int>& fds) {
    iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, 2048> control{};
    msghdr out = {};
    out.msg_iov = &part;
    out.msg_iovlen = 1;
    if (!fds.empty()) {
        out.msg_control = control.data();
        out.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&out);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    REQUIRE(::sendmsg(socket.get(), &out, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

} // namespace

TEST_CASE("descriptors that are no dma-bufs are refused and closed, however they come") {
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    const std::size_t count = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4},
                                       std::size_t{5}, std::size_t{6}, std::size_t{100});
    CAPTURE(type, count);
    const std::size_t before = open_descriptors();
    {
        Pair pair = connect(type);
        {
            const UniqueFd file = memfd();
            send(pair.stranger, message(), std::vector<int>(count, file.get()));
        }
        const auto got = pair.channel.receive(1s);
        REQUIRE_FALSE(got);
        INFO(got.error().message());
        CHECK(got.error().cause == Cause::invalid);
        CHECK(open_descriptors() == before + 2);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a peer that sends a byte now and then gains no time") {
    Pair pair = connect(SOCK_STREAM);
    const Bytes bytes = message();
    std::jthread slow([&](const std::stop_token& stop) {
        for (std::size_t i = 0; i < bytes.size() && !stop.stop_requested(); ++i) {
            (void)::send(pair.stranger.get(), &bytes[i], 1, MSG_NOSIGNAL);
            std::this_thread::sleep_for(20ms);
        }
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK(pair.channel.receive(200ms).error().cause == Cause::busy);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("where no descriptor is left, that is said, and those that came are closed") {
    Pair pair = connect(SOCK_SEQPACKET);
    const UniqueFd file = memfd();
    Bytes two = message();
    two[6] = std::byte{2};
    send(pair.stranger, two, {file.get(), file.get()});
    const std::size_t before = open_descriptors();
    rlimit old = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    // One more than the highest that is open.
    const int next = ::dup(0);
    ::close(next);
    const rlimit few = {static_cast<rlim_t>(next) + 1, old.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    const auto got = pair.channel.receive(1s);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
    REQUIRE_FALSE(got);
    CHECK(got.error().cause == Cause::fd_limit);
    CHECK(open_descriptors() == before);
}

TEST_CASE("what the socket's owner has asked to be told of its peer is no descriptor of a buffer") {
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    const std::size_t count = GENERATE(std::size_t{1}, std::size_t{6}, std::size_t{253});
    CAPTURE(type, count);
    const std::size_t before = open_descriptors();
    {
        Pair pair = connect(type);
        for (const int option : {SO_PASSCRED, SO_PASSSEC, SO_PASSPIDFD}) {
            const int on = 1;
            // A kernel before 6.5 has no SO_PASSPIDFD.
            (void)::setsockopt(pair.channel.fd(), SOL_SOCKET, option, &on, sizeof on);
        }
        for (int i = 0; i < 3; ++i) {
            const UniqueFd file = memfd();
            send(pair.stranger, message(), std::vector<int>(count, file.get()));
            const auto got = pair.channel.receive(1s);
            REQUIRE_FALSE(got);
            INFO(got.error().message());
            CHECK(got.error().cause == Cause::invalid);
        }
        CHECK(open_descriptors() == before + 2);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("an empty packet is a broken message, and not the end") {
    Pair pair = connect(SOCK_SEQPACKET);
    const std::size_t before = open_descriptors();
    const UniqueFd file = memfd();
    send(pair.stranger, {}, GENERATE(0, 1) == 0 ? std::vector<int>{} : std::vector{file.get()});
    CHECK(pair.channel.receive(1s).error().cause == Cause::invalid);
    // The next one is read: it says what a memfd is.
    send(pair.stranger, message(), {file.get()});
    const auto got = pair.channel.receive(1s);
    REQUIRE_FALSE(got);
    CHECK(got.error().object == "descriptor");
    CHECK(open_descriptors() == before + 1);
    pair.stranger.reset();
    CHECK(pair.channel.receive(1s).error().cause == Cause::gone);
}

TEST_CASE("descriptors for C are closed whatever is wrong with them") {
    const std::size_t before = open_descriptors();
    simplealloc_buffer* buffer = nullptr;
    std::array<int, 2> fds{};
    for (int& fd : fds)
        fd = memfd().release();
    CHECK(simplealloc_share_unpack(nullptr, 12, fds.data(), fds.size(), &buffer, nullptr) ==
          -EINVAL);
    CHECK(open_descriptors() == before);

    const int kept = memfd().release();
    // No array is so long: none of it is looked at.
    const auto too_many = GENERATE(SIZE_MAX, SIZE_MAX / sizeof(int), std::size_t{INT_MAX} + 1);
    CHECK(simplealloc_share_unpack("", 0, &kept, too_many, &buffer, nullptr) == -EINVAL);
    CHECK(simplealloc_share_unpack("", 0, nullptr, 1, &buffer, nullptr) == -EINVAL);
    CHECK(open_descriptors() == before + 1);
    ::close(kept);
}

TEST_CASE("a closed peer is gone, without a signal, and other sockets are no channels") {
    Pair pair = connect(GENERATE(SOCK_STREAM, SOCK_SEQPACKET));
    pair.stranger.reset();
    CHECK(pair.channel.receive().error().cause == Cause::gone);
    CHECK(pair.channel.flush());

    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM, 0, fds.data()) == 0);
    const UniqueFd other = UniqueFd::adopt(fds[0]);
    CHECK(Channel::open(UniqueFd::adopt(fds[1])).error().cause == Cause::invalid);
    const int unconnected = ::socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(Channel::open(UniqueFd::adopt(unconnected)).error().cause == Cause::invalid);
    CHECK(Channel::open(memfd()).error().cause == Cause::invalid);
    CHECK(Channel::open(UniqueFd::adopt(::socket(AF_INET, SOCK_STREAM, 0))).error().cause ==
          Cause::invalid);
}
