// SPDX-License-Identifier: MIT
// The system calls of kernel.hpp that are for sockets; replaced in tests with the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace simplealloc::kernel {

/// SOCK_STREAM, SOCK_SEQPACKET… of a connected AF_UNIX socket; -ENOTCONN for one that is not
/// connected, -EAFNOSUPPORT for one of another family.
int unix_socket_type(int socket);

/// How many bytes were taken. Never waits (EAGAIN), raises no SIGPIPE (EPIPE). The descriptors go
/// with the first byte.
std::int64_t send(int socket, std::span<const std::byte> bytes, std::span<const int> fds);

struct Received {
    std::size_t bytes = 0; ///< 0: the other end is closed
    std::vector<int> fds;  ///< new ones, close-on-exec, also with `fds_cut`
    bool cut = false;      ///< a packet was longer than the room for it
    bool fds_cut = false;  ///< there were more descriptors than room or than this process may have
};
/// Zero or a negative errno. Never waits (EAGAIN). `most_fds` at most.
int receive(int socket, std::span<std::byte> room, std::size_t most_fds, Received& out);

} // namespace simplealloc::kernel
