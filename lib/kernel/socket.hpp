// SPDX-License-Identifier: MIT
// The system calls of kernel.hpp that are for sockets; replaced in tests with the others.
#pragma once

#include <simplealloc/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace simplealloc::kernel {

/// SOCK_STREAM, SOCK_SEQPACKET… of a connected AF_UNIX socket; -ENOTCONN for one that is not
/// connected, -EAFNOSUPPORT for one of another family.
int unix_socket_type(int socket);

/// How many bytes were taken. Never waits (EAGAIN), raises no SIGPIPE (EPIPE). The descriptors go
/// with the first byte; EINVAL for more than a message can have.
std::int64_t send(int socket, std::span<const std::byte> bytes, std::span<const int> fds);

/// What receive() fills: made before a message is taken, as it must not be lost for want of memory.
struct Received {
    explicit Received(std::size_t most_fds) { fds.reserve(most_fds); }
    std::size_t bytes = 0;     ///< 0: the end, or an empty packet
    std::vector<UniqueFd> fds; ///< close-on-exec, also with `fds_cut`; what is above most is closed
    bool end = false;          ///< the other end is closed, and nothing is left to read
    bool cut = false;          ///< a packet was longer than the room for it
    bool fds_cut = false;      ///< there were more descriptors than this process may have
};
/// Zero or a negative errno. Never waits (EAGAIN).
int receive(int socket, std::span<std::byte> room, Received& out);

} // namespace simplealloc::kernel
