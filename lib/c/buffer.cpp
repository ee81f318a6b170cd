// SPDX-License-Identifier: MIT
// Buffers for C.
#include "lib/c/buffer.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/error.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/fence.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/layout.hpp"
#include "lib/c/mapping.hpp"
#include "lib/c/request.hpp"
#include "lib/c/setup.hpp"
#include "lib/c/timeout.hpp"

#include <algorithm>
#include <iterator>

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static simplealloc_dmabuf_info to_c(const DmaBufInfo& info, Arena& arena) {
    return {arena.text(info.exporter), info.inode};
}

simplealloc_verification to_c(const Verification& verification, Arena& arena) {
    auto outcome = SIMPLEALLOC_IMPORT_UNTESTED;
    if (verification.imported)
        outcome = *verification.imported ? SIMPLEALLOC_IMPORT_PASSED : SIMPLEALLOC_IMPORT_REFUSED;
    return {arena.text(verification.device), outcome, arena.text(verification.how),
            arena.text(verification.reason)};
}

} // namespace simplealloc::c

const simplealloc_buffer::Shape& simplealloc_buffer::shape() const noexcept {
    std::call_once(laid_out_, [this] {
        shape_.layout = to_c(buffer.layout());
        const auto dmabufs = buffer.dmabufs();
        const std::size_t count = std::min(dmabufs.size(), std::size(shape_.dmabufs));
        for (std::size_t i = 0; i < count; ++i) {
            shape_.dmabufs[i] = {dmabufs[i].fd, dmabufs[i].size};
            shape_.list[i] = &shape_.dmabufs[i];
        }
        shape_.list[count] = nullptr;
    });
    return shape_;
}

std::vector<UniqueFd> simplealloc_buffer::release() {
    shape(); // the layout stays
    shape_.list[0] = nullptr;
    return own->release();
}

simplealloc_buffer::Lists::Lists(const Buffer& buffer)
    : facts(arena.list(buffer.facts())), verified(arena.list(buffer.verified())),
      attempts(arena.list(buffer.attempts())) {}

/// Empty where there is no memory for it.
template <typename T>
static T list_of(const simplealloc_buffer* buffer, T simplealloc_buffer::Lists::*list) {
    const auto* const lists = buffer == nullptr ? nullptr : buffer->lists.of(buffer->buffer);
    return got(lists, [&](const auto& made) { return made.*list; });
}

bool simplealloc_dmabuf_is_same(const simplealloc_dmabuf* a, const simplealloc_dmabuf* b) {
    return guarded(nullptr, [&]() -> int {
               return a != nullptr && b != nullptr &&
                      DmaBuf{a->fd, a->size}.is_same({b->fd, b->size});
           }) == 1;
}

void simplealloc_dmabuf_info_free(simplealloc_dmabuf_info* info) {
    take_back(info);
}

int simplealloc_buffer_import(const int* fds, std::size_t count, const simplealloc_layout* layout,
                              simplealloc_buffer** buffer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        return give(out, Buffer::import(array(fds, count, "fds"), read_layout(layout)));
    });
}

void simplealloc_buffer_free(simplealloc_buffer* buffer) {
    delete buffer;
}

bool simplealloc_buffer_is_same(const simplealloc_buffer* a, const simplealloc_buffer* b) {
    return guarded(nullptr, [&]() -> int {
               return a != nullptr && b != nullptr && a->buffer.is_same(b->buffer);
           }) == 1;
}

const simplealloc_dmabuf* const* simplealloc_buffer_get_dmabufs(const simplealloc_buffer* buffer) {
    return got(buffer, [](const auto& b) {
        return static_cast<const simplealloc_dmabuf* const*>(b.shape().list);
    });
}

const simplealloc_layout* simplealloc_buffer_get_layout(const simplealloc_buffer* buffer) {
    return got(buffer, [](const auto& b) { return &b.shape().layout; });
}

const char* simplealloc_buffer_get_source(const simplealloc_buffer* buffer) {
    return got(buffer, [](const auto& b) { return b.buffer.source().c_str(); });
}

const simplealloc_fact* const* simplealloc_buffer_get_facts(const simplealloc_buffer* buffer) {
    return list_of(buffer, &simplealloc_buffer::Lists::facts);
}

const simplealloc_verification* const*
simplealloc_buffer_get_verified(const simplealloc_buffer* buffer) {
    return list_of(buffer, &simplealloc_buffer::Lists::verified);
}

const simplealloc_attempt* const*
simplealloc_buffer_get_attempts(const simplealloc_buffer* buffer) {
    return list_of(buffer, &simplealloc_buffer::Lists::attempts);
}

int simplealloc_buffer_info(const simplealloc_buffer* buffer, std::size_t dmabuf,
                            simplealloc_dmabuf_info** info, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(info, "info");
        return give_struct(out, need(buffer, "buffer").buffer.info(dmabuf));
    });
}

int simplealloc_buffer_setup(const simplealloc_buffer* buffer, std::size_t use_index,
                             simplealloc_setup** setup, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(setup, "setup");
        return give_struct(out, need(buffer, "buffer").buffer.setup(use_index));
    });
}

int simplealloc_buffer_setup_for(const simplealloc_buffer* buffer,
                                 const simplealloc_device_use* use, simplealloc_setup** setup,
                                 simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(setup, "setup");
        const Buffer& asked = need(buffer, "buffer").buffer;
        return give_struct(out, asked.setup(read_device_use(use)));
    });
}

int simplealloc_buffer_map(const simplealloc_buffer* buffer, simplealloc_access access,
                           std::size_t dmabuf, simplealloc_mapping** mapping,
                           simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(mapping, "mapping");
        const Buffer& mapped = need(buffer, "buffer").buffer;
        return give(out, mapped.map(read_access(access), dmabuf));
    });
}

int simplealloc_buffer_map_planes(const simplealloc_buffer* buffer, simplealloc_access access,
                                  simplealloc_mapped_planes** planes, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(planes, "planes");
        const Buffer& mapped = need(buffer, "buffer").buffer;
        return give(out, mapped.map_planes(read_access(access)));
    });
}

int simplealloc_buffer_wait(const simplealloc_buffer* buffer, simplealloc_access access,
                            std::int64_t timeout_ns, simplealloc_error** error) {
    return guarded(error, [&] {
        const Buffer& awaited = need(buffer, "buffer").buffer;
        return awaited.wait(read_access(access), to_timeout(timeout_ns));
    });
}

int simplealloc_buffer_pollable(const simplealloc_buffer* buffer, simplealloc_access access,
                                std::size_t dmabuf, simplealloc_pollable* pollable,
                                simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(pollable, "pollable");
        const Buffer& awaited = need(buffer, "buffer").buffer;
        return store(out, awaited.pollable(read_access(access), dmabuf));
    });
}

int simplealloc_buffer_export_sync_file(const simplealloc_buffer* buffer, simplealloc_access access,
                                        std::size_t dmabuf, simplealloc_fence** fence,
                                        simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(fence, "fence");
        const Buffer& asked = need(buffer, "buffer").buffer;
        return give(out, asked.export_sync_file(read_access(access), dmabuf));
    });
}

int simplealloc_buffer_import_sync_file(const simplealloc_buffer* buffer, int sync_file,
                                        simplealloc_access access, simplealloc_error** error) {
    return guarded(error, [&] {
        const Buffer& told = need(buffer, "buffer").buffer;
        return told.import_sync_file(sync_file, read_access(access));
    });
}

int simplealloc_buffer_dup_fd(const simplealloc_buffer* buffer, std::size_t dmabuf,
                              simplealloc_error** error) {
    return guarded(error, [&] { return need(buffer, "buffer").buffer.dup_fd(dmabuf); });
}

int simplealloc_buffer_release(simplealloc_buffer* buffer, int* fds, std::size_t room,
                               simplealloc_error** error) {
    return guarded(error, [&]() -> int {
        simplealloc_buffer& released = need(buffer, "buffer");
        if (!released.own)
            refuse("buffer", "is borrowed");
        const std::size_t count = released.buffer.dmabufs().size();
        if (count > room)
            refuse("room", "is too small for the buffer's descriptors");
        if (count != 0)
            need(fds, "fds");
        for (UniqueFd& fd : released.release())
            *fds++ = fd.release();
        return static_cast<int>(count);
    });
}
