// SPDX-License-Identifier: MIT
// Buffers over a Unix socket. The other end is a stranger: it may send anything, or nothing.
#include <simplealloc/share.hpp>

#include "lib/base/failure.hpp"
#include "lib/kernel/socket.hpp"
#include "lib/kernel/wait.hpp"
#include "lib/share/wire/buffer_form.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <iterator>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace simplealloc::share {

namespace {

/// Room for one descriptor too many, so that too many are told from too few to be had.
constexpr std::size_t fds_room = max_dmabufs + 1;

Error socket_error(Cause cause, int sys_errno, std::string detail) {
    return failure(Stage::share, cause, sys_errno, "socket", std::move(detail));
}

Error invalid(std::string detail) {
    return socket_error(Cause::invalid, 0, std::move(detail));
}

Error call_failed(int sys_errno, const char* what) {
    switch (sys_errno) {
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return socket_error(Cause::gone, sys_errno, what);
    case EMSGSIZE:
        return socket_error(Cause::limit, sys_errno, what);
    // So many descriptors are under way that nobody takes.
    case ETOOMANYREFS:
        return socket_error(Cause::fd_limit, sys_errno, what);
    default:
        return socket_error(cause_of(sys_errno), sys_errno, what);
    }
}

/// Fails with busy when the time is up.
Result<void> wait_until(int fd, short events, const Countdown& countdown) {
    pollfd target = {fd, events, 0};
    const int ready = poll_until(std::span(&target, 1), countdown);
    if (ready < 0)
        return call_failed(-ready, "poll");
    if (ready == 0)
        return socket_error(Cause::busy, 0, "the time is up");
    return {};
}

} // namespace

struct Channel::Data {
    UniqueFd socket;
    bool stream = true;
    std::vector<std::byte> out; ///< of a message whose beginning is sent
    std::vector<std::byte> in;  ///< of a message that is under way
    std::vector<UniqueFd> in_fds;
    bool broken = false;

    /// How many bytes are still missing; a stream is never read beyond its message.
    [[nodiscard]] Result<std::size_t> missing() const {
        if (!stream)
            return in.empty() ? max_message : 0;
        if (in.size() < wire::buffer_header)
            return wire::buffer_header - in.size();
        auto header = wire::read_buffer_header(in);
        if (!header)
            return std::move(header).error();
        return header->size - in.size();
    }

    /// What is wrong with what came, before its bytes are looked at.
    [[nodiscard]] Result<void> judge(const kernel::Received& received) const {
        if (in_fds.size() > max_dmabufs)
            return invalid(fmt::format("more than {} descriptors with a message", max_dmabufs));
        if (received.fds_cut)
            return failure(Stage::share, Cause::fd_limit, 0, "socket",
                           "not all descriptors of a message could be received",
                           "raise the limit of open files (ulimit -n) or close some");
        if (received.cut)
            return socket_error(Cause::limit, 0,
                                fmt::format("a message of more than {} bytes", max_message));
        if (received.end)
            return socket_error(Cause::gone, 0,
                                in.empty() ? "the other end is closed"
                                           : "the other end is closed in the middle of a message");
        if (received.bytes == 0)
            return invalid("an empty message");
        return {};
    }

    /// Reads up to `count` bytes; whether there were any. Once something is taken from the socket,
    /// no memory is needed to keep it.
    Result<bool> read(std::size_t count) {
        kernel::Received received(fds_room);
        in_fds.reserve(in_fds.size() + fds_room);
        const std::size_t old = in.size();
        in.resize(old + count);
        const int result = kernel::receive(socket.get(), std::span(in).subspan(old), received);
        in.resize(old + received.bytes);
        std::ranges::move(received.fds, std::back_inserter(in_fds));
        if (result == -EAGAIN)
            return false;
        if (result < 0)
            return call_failed(-result, "receive");
        if (auto right = judge(received); !right)
            return std::move(right).error();
        return true;
    }

    Result<void> read_message(const Countdown& countdown) {
        for (;;) {
            auto count = missing();
            if (!count)
                return std::move(count).error();
            if (*count == 0)
                return {};
            auto some = read(*count);
            if (!some)
                return std::move(some).error();
            if (*some)
                continue;
            if (auto ready = wait_until(socket.get(), POLLIN, countdown); !ready)
                return ready;
        }
    }

    /// What could be sent at once; 0 only for an empty message.
    Result<std::size_t> write(std::span<const std::byte> bytes, std::span<const int> fds,
                              const Countdown& countdown) {
        for (;;) {
            const std::int64_t sent = kernel::send(socket.get(), bytes, fds);
            if (sent >= 0)
                return static_cast<std::size_t>(sent);
            if (sent != -EAGAIN)
                return call_failed(static_cast<int>(-sent), "send");
            if (auto ready = wait_until(socket.get(), POLLOUT, countdown); !ready)
                return std::move(ready).error();
        }
    }

    Result<void> flush(const Countdown& countdown) {
        while (!out.empty()) {
            auto sent = write(out, {}, countdown);
            if (!sent)
                return std::move(sent).error();
            out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*sent));
        }
        return {};
    }
};

Channel::Channel(std::unique_ptr<Data> data) noexcept : data_(std::move(data)) {}
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

Result<Channel> Channel::open(UniqueFd socket) {
    const int type = kernel::unix_socket_type(socket.get());
    if (type < 0)
        return socket_error(Cause::invalid, -type, "it is no connected Unix socket");
    if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
        return invalid("it is neither SOCK_STREAM nor SOCK_SEQPACKET");
    auto data = std::make_unique<Data>();
    data->socket = std::move(socket);
    data->stream = type == SOCK_STREAM;
    return Channel(std::move(data));
}

int Channel::fd() const noexcept {
    return data_->socket.get();
}

std::size_t Channel::pending() const noexcept {
    return data_->out.size();
}

Result<void> Channel::flush(Timeout timeout) {
    return data_->flush(Countdown(timeout));
}

Result<void> Channel::send(const Buffer& buffer, Timeout timeout) {
    const Countdown countdown(timeout);
    auto parcel = pack(buffer);
    if (!parcel)
        return std::move(parcel).error();
    if (auto flushed = data_->flush(countdown); !flushed)
        return flushed;
    // Before anything is sent, as its rest must not be lost.
    data_->out.reserve(parcel->bytes.size());
    auto sent = data_->write(parcel->bytes, parcel->fds, countdown);
    if (!sent)
        return std::move(sent).error();
    data_->out.assign(parcel->bytes.begin() + static_cast<std::ptrdiff_t>(*sent),
                      parcel->bytes.end());
    auto flushed = data_->flush(countdown);
    // Its beginning and its descriptors are sent: it is under way.
    if (!flushed && flushed.error().cause == Cause::busy)
        return {};
    return flushed;
}

Result<Buffer> Channel::receive(Timeout timeout) {
    if (data_->broken)
        return invalid("a message before was broken: nobody knows where the next one begins");
    auto read = data_->read_message(Countdown(timeout));
    if (!read && read.error().cause == Cause::busy)
        return std::move(read).error();
    const std::vector<std::byte> message = std::exchange(data_->in, {});
    std::vector<UniqueFd> fds = std::exchange(data_->in_fds, {});
    if (read)
        return unpack(message, std::move(fds));
    data_->broken = data_->stream;
    read.error().stage = Stage::share;
    return std::move(read).error();
}

} // namespace simplealloc::share
