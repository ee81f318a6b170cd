// SPDX-License-Identifier: MIT
// Buffers sent to other processes: what they are as bytes, and their dma-bufs; docs/share.md.
#pragma once

#include <simplealloc/buffer.h>

SIMPLEALLOC_BEGIN_C

/// The version that is written and read. New kinds of entries do not change it.
#define SIMPLEALLOC_SHARE_VERSION 1

/// What a message may hold at most; both functions fail with SIMPLEALLOC_CAUSE_LIMIT above it.
/// @{
#define SIMPLEALLOC_SHARE_MAX_MESSAGE ((size_t)1 << 14) ///< bytes
#define SIMPLEALLOC_SHARE_MAX_DMABUFS 4                 ///< of a buffer, and its planes
#define SIMPLEALLOC_SHARE_MAX_FACTS 64                  ///< of a buffer
#define SIMPLEALLOC_SHARE_MAX_ALIASES 8                 ///< of its source
/// @}

/// A buffer for a transport of the caller's (Wayland, D-Bus).
struct simplealloc_parcel {
    const uint8_t* data; ///< what the buffer is
    size_t size;         ///< bytes of it
    const int* fds;      ///< borrowed from the buffer, in the order of its dma-bufs
    size_t fd_count;     ///< how many
};

/// Frees a parcel, not its descriptors; NULL is fine.
SIMPLEALLOC_API void simplealloc_parcel_free(struct simplealloc_parcel* parcel);

/// What a process that receives the buffer needs to map, check and set it up: layout, source and
/// facts, not its uses. Fails with invalid where the buffer has no dma-bufs.
SIMPLEALLOC_API int simplealloc_share_pack(const struct simplealloc_buffer* buffer,
                                           struct simplealloc_parcel** parcel,
                                           struct simplealloc_error** error);

/// Reads what simplealloc_share_pack() wrote, here or elsewhere. `fds` are taken over and closed
/// whatever comes of it (but for a `fd_count` above INT_MAX, which no array has): the buffer has
/// the first of each dma-buf. Bytes and descriptors may come from anybody: what they say of each
/// other is checked; what they say of the memory is the sender's word, and the origin of such facts
/// begins with `peer: `.
///
/// Fails with unsupported for another version, or an entry that must be understood and is not, with
/// limit above the bounds, and with invalid for everything else that is wrong.
SIMPLEALLOC_API int simplealloc_share_unpack(const void* data, size_t size, const int* fds,
                                             size_t fd_count, struct simplealloc_buffer** buffer,
                                             struct simplealloc_error** error);

/// One end of a connected AF_UNIX socket of type SOCK_STREAM or SOCK_SEQPACKET over which buffers
/// travel in both directions, and nothing else. One thread at a time.
struct simplealloc_channel;

/// Takes over `socket`, also on failure: with invalid where it is no such socket.
SIMPLEALLOC_API int simplealloc_channel_open(int socket, struct simplealloc_channel** channel,
                                             struct simplealloc_error** error);
/// Closes the socket; NULL is fine.
SIMPLEALLOC_API void simplealloc_channel_free(struct simplealloc_channel* channel);
/// Borrowed, for poll(): POLLIN before a receive, POLLOUT while something is pending or after busy.
SIMPLEALLOC_API int simplealloc_channel_get_fd(const struct simplealloc_channel* channel);

/// Sends the buffer; the other end gets descriptors of its own. What a full stream did not take yet
/// is pending and goes with the next send or flush. Fails with busy where nothing could be sent in
/// time, with gone where the other end is closed; then nothing of this buffer was sent.
/// Milliseconds count: what is less is rounded up.
SIMPLEALLOC_API int simplealloc_channel_send(struct simplealloc_channel* channel,
                                             const struct simplealloc_buffer* buffer,
                                             int64_t timeout_ns, struct simplealloc_error** error);
/// Bytes of a message that wait for room in the socket; only of a stream.
SIMPLEALLOC_API size_t simplealloc_channel_get_pending(const struct simplealloc_channel* channel);
/// Sends them. Fails with busy where the time is up first.
SIMPLEALLOC_API int simplealloc_channel_flush(struct simplealloc_channel* channel,
                                              int64_t timeout_ns, struct simplealloc_error** error);
/// The next buffer; the timeout is for the whole of it, and what came in time is kept for the next
/// call. Fails with busy when the time is up, with gone where the other end is closed, with
/// fd-limit where this process has no descriptor left, and as simplealloc_share_unpack() does.
/// After a broken message no more is read from a stream: free the channel.
SIMPLEALLOC_API int simplealloc_channel_receive(struct simplealloc_channel* channel,
                                                int64_t timeout_ns,
                                                struct simplealloc_buffer** buffer,
                                                struct simplealloc_error** error);

SIMPLEALLOC_END_C
