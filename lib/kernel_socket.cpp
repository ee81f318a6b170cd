// SPDX-License-Identifier: MIT
// The system calls that are for sockets; errno is read on the line after the call.
#include "lib/kernel_socket.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace simplealloc::kernel {

namespace {

/// Other ancillary data may come before the descriptors, where the socket's owner asked for it.
constexpr std::size_t room_for_others = CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(256);

int option(int socket, int name, int& value) {
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? 0 : -errno;
}

void take_fds(msghdr& message, std::vector<int>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const std::size_t old = fds.size();
        fds.resize(old + count);
        std::memcpy(fds.data() + old, CMSG_DATA(part), count * sizeof(int));
    }
}

} // namespace

int unix_socket_type(int socket) {
    int family = 0;
    int type = 0;
    if (const int result = option(socket, SO_DOMAIN, family); result < 0)
        return result;
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    if (const int result = option(socket, SO_TYPE, type); result < 0)
        return result;
    sockaddr_un peer = {};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
        return -errno;
    return type;
}

std::int64_t send(int socket, std::span<const std::byte> bytes, std::span<const int> fds) {
    iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    std::vector<std::max_align_t> control(
        (CMSG_SPACE(fds.size_bytes()) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    for (;;) {
        const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0)
            return sent;
        if (errno != EINTR)
            return -errno;
    }
}

int receive(int socket, std::span<std::byte> room, std::size_t most_fds, Received& out) {
    out = {};
    iovec part = {room.data(), room.size()};
    const std::size_t bytes = CMSG_SPACE(most_fds * sizeof(int)) + room_for_others;
    std::vector<std::max_align_t> control((bytes + sizeof(std::max_align_t) - 1) /
                                          sizeof(std::max_align_t));
    for (;;) {
        msghdr message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = bytes;
        const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        out.bytes = static_cast<std::size_t>(got);
        out.cut = (message.msg_flags & MSG_TRUNC) != 0;
        out.fds_cut = (message.msg_flags & MSG_CTRUNC) != 0;
        take_fds(message, out.fds);
        return 0;
    }
}

} // namespace simplealloc::kernel
