// SPDX-License-Identifier: MIT
#include "tests/kernel/hostile_client.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <poll.h>
#include <random>
#include <span>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

namespace guest {

namespace {

using Bytes = std::vector<std::byte>;
using Descriptors = std::vector<int>;

/// SCM_MAX_FD of include/net/scm.h.
constexpr std::size_t most_descriptors = 253;

/// A client that got a buffer, of which it has the message.
struct Client {
    int socket;
    std::mt19937 random;
    Bytes bytes = {};
    Descriptors fds = {};

    void receive() {
        bytes.resize(1U << 14U);
        alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
        iovec part = {bytes.data(), bytes.size()};
        msghdr message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = recvmsg(socket, &message, 0);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
            return;
        fds.resize((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(fds.data(), CMSG_DATA(header), fds.size() * sizeof(int));
    }

    void send(std::span<const std::byte> what, const Descriptors& with) const {
        iovec part = {const_cast<std::byte*>(what.data()), what.size()};
        msghdr message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> control{};
        if (!with.empty()) {
            const std::size_t size = with.size() * sizeof(int);
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(size);
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(size);
            std::memcpy(CMSG_DATA(header), with.data(), size);
        }
        sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }

    /// One of `count`.
    std::size_t any(std::size_t count) { return count == 0 ? 0 : random() % count; }
};

int memfd(std::size_t size) {
    const int fd = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return ftruncate(fd, static_cast<off_t>(size)) == 0 ? fd : -1;
}

int small_dmabuf() {
    const int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
    dma_heap_allocation_data request = {};
    request.len = 4096;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    const int result = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request);
    close(heap);
    return result == 0 ? static_cast<int>(request.fd) : memfd(4096);
}

/// What is no dma-buf, of every kind that is easily made.
int odd_descriptor(Client& client) {
    std::array<int, 2> pipes{};
    sigset_t none;
    sigemptyset(&none);
    const int kind = static_cast<int>(client.any(13));
    switch (kind) {
    case 0:
        return pipe2(pipes.data(), O_CLOEXEC) == 0 ? pipes[client.any(2)] : -1;
    case 1:
        return eventfd(0, EFD_CLOEXEC);
    case 2:
        return epoll_create1(EPOLL_CLOEXEC);
    case 3:
        return signalfd(-1, &none, SFD_CLOEXEC);
    case 4:
        return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    case 5:
        return static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
    case 6:
        return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    case 7:
        return open("/dev/null", O_PATH | O_CLOEXEC);
    case 8:
        return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case 9:
        return open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
    case 10:
        return open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
    case 11:
        return open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    default:
        return memfd(1U << 20U);
    }
}

void honest(Client& client) {
    client.send(client.bytes, client.fds);
}

void other_memory(Client& client) {
    client.send(client.bytes, {memfd(1U << 20U)});
}

void too_little_memory(Client& client) {
    client.send(client.bytes, {small_dmabuf()});
}

void no_dmabuf(Client& client) {
    client.send(client.bytes, {odd_descriptor(client)});
}

void none(Client& client) {
    client.send(client.bytes, {});
}

void too_many(Client& client) {
    client.send(client.bytes, Descriptors(5, client.fds.at(0)));
    client.send(client.bytes, Descriptors(most_descriptors, client.fds.at(0)));
}

void damaged(Client& client) {
    for (std::size_t i = 0; i <= client.any(8); ++i)
        client.bytes[client.any(client.bytes.size())] = static_cast<std::byte>(client.random());
    honest(client);
}

void cut(Client& client) {
    client.bytes.resize(client.any(client.bytes.size()));
    honest(client);
}

void too_long(Client& client) {
    client.bytes.resize(client.bytes.size() + 1 + client.any(3000));
    honest(client);
}

void noise(Client& client) {
    for (int i = 0; i < 8; ++i) {
        client.bytes.resize(client.any(1U << 15U));
        for (std::byte& byte : client.bytes)
            byte = static_cast<std::byte>(client.random());
        client.send(client.bytes, {odd_descriptor(client)});
    }
}

/// Descriptors with every byte.
void in_pieces(Client& client) {
    for (std::size_t i = 0; i < std::min<std::size_t>(client.bytes.size(), 12); ++i)
        client.send(std::span(client.bytes).subspan(i, 1), client.fds);
}

void nothing_but_descriptors(Client& client) {
    client.send({}, client.fds);
    client.send({}, {odd_descriptor(client)});
    client.send(client.bytes, client.fds);
}

void silence(Client& /*client*/) {}

void half_closed(Client& client) {
    client.send(std::span(client.bytes).first(client.bytes.size() / 2), client.fds);
    shutdown(client.socket, SHUT_WR);
}

void many(Client& client) {
    for (int i = 0; i < 5; ++i)
        honest(client);
}

/// Sockets that are on their way in each other, and a dma-buf with them: for the kernel to find.
void knotted(Client& client) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return;
    const Client first{ends[0], client.random};
    const Client second{ends[1], client.random};
    first.send(client.bytes, {ends[0], client.fds.at(0)});
    second.send(client.bytes, {ends[1], client.fds.at(0)});
    client.send(client.bytes, {ends[0], ends[1]});
}

/// Does not read what the other end sends.
void deaf(Client& client) {
    const pollfd wait = {-1, 0, 0};
    poll(const_cast<pollfd*>(&wait), 1, static_cast<int>(client.any(30)));
}

constexpr std::array ways{honest,    other_memory, too_little_memory,
                          no_dmabuf, none,         too_many,
                          damaged,   cut,          too_long,
                          noise,     in_pieces,    nothing_but_descriptors,
                          silence,   half_closed,  many,
                          knotted,   deaf};

} // namespace

std::size_t lies() {
    return ways.size();
}

void lie_and_die(int socket, std::size_t lie, std::uint32_t seed) {
    Client client{socket, std::mt19937(seed)};
    if (ways.at(lie) != deaf)
        client.receive();
    if (ways.at(lie) == deaf || !client.fds.empty())
        ways.at(lie)(client);
    // One in two is killed, the other closes what it has.
    if (client.any(2) == 0)
        kill(getpid(), SIGKILL);
    _exit(0);
}

} // namespace guest
