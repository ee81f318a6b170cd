// SPDX-License-Identifier: MIT
// Buffers for other processes, for C.
#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/timeout.hpp"

#include <simplealloc/share.h>
#include <simplealloc/share.hpp>

#include <algorithm>
#include <limits>

using namespace simplealloc;
using namespace simplealloc::c;

static_assert(SIMPLEALLOC_SHARE_VERSION == share::version);
static_assert(SIMPLEALLOC_SHARE_MAX_MESSAGE == share::max_message);
static_assert(SIMPLEALLOC_SHARE_MAX_DMABUFS == share::max_dmabufs);
static_assert(SIMPLEALLOC_SHARE_MAX_FACTS == share::max_facts);
static_assert(SIMPLEALLOC_SHARE_MAX_ALIASES == share::max_aliases);

struct simplealloc_channel {
    share::Channel channel;
};

namespace simplealloc::c {

static simplealloc_parcel to_c(const share::Parcel& parcel, Arena& arena) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(parcel.bytes.data());
    return {arena.copy(data, parcel.bytes.size()), parcel.bytes.size(),
            arena.copy(parcel.fds.data(), parcel.fds.size()), parcel.fds.size()};
}

/// Closes them where there is no memory for their owners.
static std::vector<UniqueFd> take_over(std::span<const int> fds) {
    std::vector<UniqueFd> taken;
    try {
        taken.resize(fds.size());
    } catch (...) {
        for (const int fd : fds)
            UniqueFd::adopt(fd).reset();
        throw;
    }
    std::ranges::transform(fds, taken.begin(), UniqueFd::adopt);
    return taken;
}

} // namespace simplealloc::c

void simplealloc_parcel_free(simplealloc_parcel* parcel) {
    take_back(parcel);
}

int simplealloc_share_pack(const simplealloc_buffer* buffer, simplealloc_parcel** parcel,
                           simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(parcel, "parcel");
        return give_struct(out, share::pack(need(buffer, "buffer").buffer));
    });
}

/// Of a process, whatever fs.nr_open is set to: sysctl_nr_open_max of fs/file.c, which is less than
/// INT_MAX where pointers have 32 bits.
static constexpr std::size_t most_descriptors =
    std::min(std::size_t{std::numeric_limits<int>::max()},
             std::numeric_limits<std::size_t>::max() / sizeof(void*)) /
    std::numeric_limits<unsigned long>::digits * std::numeric_limits<unsigned long>::digits;

int simplealloc_share_unpack(const void* data, std::size_t size, const int* fds,
                             std::size_t fd_count, simplealloc_buffer** buffer,
                             simplealloc_error** error) {
    return guarded(error, [&] {
        if (fd_count > most_descriptors)
            refuse("fd_count", "is more than there are descriptors");
        // Before anything else: they are taken over, whatever is wrong with the rest.
        std::vector<UniqueFd> taken = take_over(array(fds, fd_count, "fds"));
        auto& out = emptied(buffer, "buffer");
        return give(out, share::unpack(bytes(data, size, "data"), std::move(taken)));
    });
}

int simplealloc_channel_open(int socket, simplealloc_channel** channel, simplealloc_error** error) {
    UniqueFd taken = UniqueFd::adopt(socket);
    return guarded(error, [&] {
        auto& out = emptied(channel, "channel");
        return give(out, share::Channel::open(std::move(taken)));
    });
}

void simplealloc_channel_free(simplealloc_channel* channel) {
    delete channel;
}

int simplealloc_channel_get_fd(const simplealloc_channel* channel) {
    return channel == nullptr ? -1 : channel->channel.fd();
}

int simplealloc_channel_send(simplealloc_channel* channel, const simplealloc_buffer* buffer,
                             std::int64_t timeout_ns, simplealloc_error** error) {
    return guarded(error, [&] {
        share::Channel& end = need(channel, "channel").channel;
        return end.send(need(buffer, "buffer").buffer, to_timeout(timeout_ns));
    });
}

std::size_t simplealloc_channel_get_pending(const simplealloc_channel* channel) {
    return got(channel, [](const auto& c) { return c.channel.pending(); });
}

int simplealloc_channel_flush(simplealloc_channel* channel, std::int64_t timeout_ns,
                              simplealloc_error** error) {
    return guarded(error,
                   [&] { return need(channel, "channel").channel.flush(to_timeout(timeout_ns)); });
}

int simplealloc_channel_receive(simplealloc_channel* channel, std::int64_t timeout_ns,
                                simplealloc_buffer** buffer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        share::Channel& end = need(channel, "channel").channel;
        return give(out, end.receive(to_timeout(timeout_ns)));
    });
}
