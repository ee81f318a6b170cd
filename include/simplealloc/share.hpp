// SPDX-License-Identifier: MIT
// Buffers sent to other processes: what they are as bytes, and their dma-bufs; docs/share.md.
#pragma once

#include <simplealloc/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace simplealloc::share {

/// The version that is written and read. New kinds of entries do not change it.
inline constexpr std::uint16_t version = 1;

/// What a message may hold at most; pack() and unpack() fail with limit above it.
/// @{
inline constexpr std::size_t max_message = std::size_t{1} << 14U; ///< bytes
inline constexpr std::size_t max_dmabufs = 4;                     ///< of a buffer, and its planes
inline constexpr std::size_t max_facts = 64;                      ///< of a buffer
inline constexpr std::size_t max_aliases = 8;                     ///< of its source
/// @}

/// A Buffer for a transport of the caller's (Wayland, D-Bus).
struct Parcel {
    std::vector<std::byte> bytes; ///< what the buffer is
    std::vector<int> fds;         ///< borrowed from the Buffer, in the order of its dma-bufs
};

/// What a process that receives the buffer needs to map, check and set it up: layout, source and
/// facts, not its uses. Fails with invalid where the buffer has no dma-bufs.
SIMPLEALLOC_API Result<Parcel> pack(const Buffer& buffer);

/// Reads what pack() wrote, here or elsewhere. `fds` are closed whatever comes of it: the Buffer
/// has the first of each dma-buf. Bytes and descriptors may come from anybody: what they say of
/// each other is checked as Buffer::import does. What they say of the memory is the sender's word,
/// and the origin of such facts begins with `peer: `.
///
/// Fails with unsupported for another version, or an entry that must be understood and is not, with
/// limit above the bounds, and with invalid for everything else that is wrong.
SIMPLEALLOC_API Result<Buffer> unpack(std::span<const std::byte> bytes, std::vector<UniqueFd> fds);

/// One end of a connected AF_UNIX socket of type SOCK_STREAM or SOCK_SEQPACKET over which Buffers
/// travel in both directions, and nothing else. Owns the socket, blocking or not: that makes no
/// difference. Move-only; one thread at a time.
class SIMPLEALLOC_API Channel {
public:
    /// Takes over `socket`, also on failure: with invalid where it is no such socket.
    static Result<Channel> open(UniqueFd socket);

    Channel(Channel&& other) noexcept;
    Channel& operator=(Channel&& other) noexcept;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();

    /// Borrowed, for poll(): POLLIN before receive(), POLLOUT while pending() or after busy.
    [[nodiscard]] int fd() const noexcept;

    /// Sends the buffer; the other end gets descriptors of its own. On success it is under way;
    /// what a full stream did not take yet is pending() and goes with flush() or the next send().
    /// Fails with busy where nothing could be sent in time, with gone where the other end is
    /// closed; then nothing of this buffer was sent.
    [[nodiscard]] Result<void> send(const Buffer& buffer, Timeout timeout = default_timeout);
    /// Bytes of a message that wait for room in the socket; only of a stream.
    [[nodiscard]] std::size_t pending() const noexcept;
    /// Sends them. Fails with busy where the time is up first.
    [[nodiscard]] Result<void> flush(Timeout timeout = default_timeout);

    /// The next buffer. `timeout` is for the whole of it, so that a peer who sends a byte now and
    /// then gains nothing; what came in time is kept for the next call. Fails with busy when the
    /// time is up, with gone where the other end is closed, with fd_limit where this process has no
    /// descriptor left, and as unpack() does. Descriptors of a buffer that fails are closed. After
    /// a broken message no more is read from a stream, as nobody knows where the next one begins:
    /// drop the Channel.
    [[nodiscard]] Result<Buffer> receive(Timeout timeout = default_timeout);

private:
    struct Data;
    explicit Channel(std::unique_ptr<Data> data) noexcept;
    std::unique_ptr<Data> data_;
};

} // namespace simplealloc::share
