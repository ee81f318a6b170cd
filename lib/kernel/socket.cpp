// SPDX-License-Identifier: MIT
// The system calls that are for sockets; errno is read on the line after the call.
#include "lib/kernel/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace simplealloc::kernel {

namespace {

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/// As many as a message may have (SCM_MAX_FD of the kernel's include/net/scm.h).
constexpr std::size_t fds_of_message = 253;

/// What may come before the descriptors, where the socket's owner asked for it, must not take their
/// room. A security label has a page at most: it is written to /proc/PID/attr at once.
constexpr std::size_t label_bytes = 4096;

/// Room for all that a message can bring: SO_PASSCRED, SO_PASSSEC, descriptors, SO_PASSPIDFD.
struct Control {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(label_bytes) +
                                               CMSG_SPACE(fds_of_message * sizeof(int)) +
                                               CMSG_SPACE(sizeof(int))> bytes;
};

int option(int socket, int name, int& value) {
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? 0 : -errno;
}

/// Every descriptor gets an owner; those of the message stay.
void take_fds(msghdr& message, std::vector<UniqueFd>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        const bool pidfd = part->cmsg_type == SCM_PIDFD;
        if (part->cmsg_level != SOL_SOCKET || (part->cmsg_type != SCM_RIGHTS && !pidfd))
            continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
            // In the place of a pidfd that could not be made there is an errno.
            UniqueFd fd = UniqueFd::adopt(std::max(number, -1));
            if (!pidfd && fds.size() < fds.capacity())
                fds.push_back(std::move(fd));
        }
    }
}

/// No bytes are the end of a stream; from a socket of packets, an empty one as well.
bool is_shut(int socket) {
    pollfd target = {socket, POLLRDHUP, 0};
    return ::poll(&target, 1, 0) == 1 && (target.revents & POLLRDHUP) != 0;
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
    if (fds.size() > fds_of_message)
        return -EINVAL;
    Control control = {};
    if (!fds.empty()) {
        message.msg_control = control.bytes.data();
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

int receive(int socket, std::span<std::byte> room, Received& out) {
    iovec part = {room.data(), room.size()};
    Control control;
    for (;;) {
        msghdr message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        take_fds(message, out.fds);
        out.bytes = static_cast<std::size_t>(got);
        out.end = got == 0 && out.fds.empty() && is_shut(socket);
        out.cut = (message.msg_flags & MSG_TRUNC) != 0;
        out.fds_cut = (message.msg_flags & MSG_CTRUNC) != 0;
        return 0;
    }
}

} // namespace simplealloc::kernel
