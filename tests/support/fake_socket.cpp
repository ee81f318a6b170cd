// SPDX-License-Identifier: MIT
// The functions of lib/kernel/socket.hpp for the fake kernel.
#include "tests/support/fake_socket.hpp"

#include "lib/kernel/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace simplealloc::test {

namespace {

/// Answered by a socket alone: hands out its state.
constexpr unsigned long get_socket = 0xfa4e;

FakeSocket* socket_of(int fd) {
    FakeSocket* found = nullptr;
    return kernel::ioctl(fd, get_socket, &found) < 0 ? nullptr : found;
}

std::size_t used(const FakePipe& pipe) {
    std::size_t bytes = 0;
    for (const FakePiece& piece : pipe.pieces)
        bytes += piece.bytes.size();
    return bytes;
}

UniqueFd install(FakeKernel& kernel, FakeSocket state) {
    const auto socket =
        std::shared_ptr<FakeSocket>(new FakeSocket(std::move(state)), [](FakeSocket* closed) {
            closed->out->closed = true;
            delete closed;
        });
    const auto answer = [socket](int, unsigned long request, void* argument) {
        if (request != get_socket)
            return -ENOTTY;
        *static_cast<FakeSocket**>(argument) = socket.get();
        return 0;
    };
    const auto poll = [socket](int events) {
        const bool in = !socket->in->pieces.empty() || socket->in->closed;
        const bool out = used(*socket->out) < socket->out->room || socket->in->closed;
        return events & ((in ? POLLIN : 0) | (out ? POLLOUT : 0));
    };
    return UniqueFd::adopt(kernel.install("socket", answer, poll));
}

/// Takes bytes and descriptors of the first piece.
void take(FakePipe& pipe, std::span<std::byte>& room, bool stream, kernel::Received& out) {
    FakePiece& piece = pipe.pieces.front();
    const std::size_t count = std::min(room.size(), piece.bytes.size());
    std::copy_n(piece.bytes.begin(), count, room.begin());
    room = room.subspan(count);
    out.bytes += count;
    for (UniqueFd& fd : piece.fds)
        if (out.fds.size() < out.fds.capacity())
            out.fds.push_back(std::move(fd));
    piece.fds.clear();
    piece.bytes.erase(piece.bytes.begin(),
                      piece.bytes.begin() + static_cast<std::ptrdiff_t>(count));
    out.cut = !stream && !piece.bytes.empty();
    if (piece.bytes.empty() || !stream)
        pipe.pieces.pop_front();
}

} // namespace

FakeSocketPair make_socket_pair(FakeKernel& kernel, int type) {
    FakeSocketPair pair;
    pair.to_first = std::make_shared<FakePipe>();
    pair.to_second = std::make_shared<FakePipe>();
    pair.first = install(kernel, {type, pair.to_first, pair.to_second});
    pair.second = install(kernel, {type, pair.to_second, pair.to_first});
    return pair;
}

} // namespace simplealloc::test

namespace simplealloc::kernel {

using test::FakePiece;
using test::FakeSocket;

int unix_socket_type(int socket) {
    const FakeSocket* found = test::socket_of(socket);
    return found != nullptr ? found->type : -ENOTSOCK;
}

std::int64_t send(int socket, std::span<const std::byte> bytes, std::span<const int> fds) {
    const FakeSocket* found = test::socket_of(socket);
    if (found == nullptr)
        return -ENOTSOCK;
    if (found->in->closed)
        return -EPIPE;
    const std::size_t free = found->out->room - std::min(found->out->room, test::used(*found->out));
    const bool stream = found->type == SOCK_STREAM;
    if (!stream && bytes.size() > found->out->room)
        return -EMSGSIZE;
    if (free == 0 || (!stream && bytes.size() > free))
        return -EAGAIN;
    const std::size_t count =
        stream ? std::min({bytes.size(), free, found->out->most}) : bytes.size();
    FakePiece piece;
    piece.bytes.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    for (const int fd : fds) {
        auto copy = UniqueFd::dup(fd);
        if (!copy)
            return -copy.error().sys_errno;
        piece.fds.push_back(std::move(*copy));
    }
    found->out->pieces.push_back(std::move(piece));
    return static_cast<std::int64_t>(count);
}

int receive(int socket, std::span<std::byte> room, Received& out) {
    const FakeSocket* found = test::socket_of(socket);
    if (found == nullptr)
        return -ENOTSOCK;
    test::FakePipe& pipe = *found->in;
    if (pipe.pieces.empty()) {
        out.end = pipe.closed;
        return pipe.closed ? 0 : -EAGAIN;
    }
    const bool stream = found->type == SOCK_STREAM;
    do
        test::take(pipe, room, stream, out);
    while (stream && !room.empty() && out.fds.empty() && !pipe.pieces.empty());
    return 0;
}

} // namespace simplealloc::kernel
