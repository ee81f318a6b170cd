// SPDX-License-Identifier: MIT
// A dma-buf in the CPU's address space, and whose turn it is.
#include "lib/buffer/cpu_memory.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/size_text.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <linux/dma-buf.h>
#include <sys/mman.h>
#include <utility>

namespace simplealloc {

namespace {

constexpr std::array directions{std::uint32_t{DMA_BUF_SYNC_READ},
                                std::uint32_t{DMA_BUF_SYNC_WRITE}};

int protection(Access access) {
    return access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
}

Error map_failure(int sys_errno, int fd, std::size_t size) {
    const auto fail = [&](Cause cause, std::string detail, std::string remedy = {}) {
        return failure(Stage::map, cause, sys_errno, "dma-buf", std::move(detail),
                       std::move(remedy));
    };
    switch (sys_errno) {
    case EACCES: {
        const int flags = kernel::status_flags(fd);
        if (flags < 0 || (flags & O_ACCMODE) == O_RDWR)
            return fail(Cause::denied, "map");
        return fail(Cause::denied,
                    (flags & O_ACCMODE) == O_RDONLY ? "map for writing: the descriptor is read-only"
                                                    : "map: the descriptor is write-only",
                    "export it with O_RDWR (DRM_RDWR, of PRIME)");
    }
    case EINVAL:
        // What is left over of a page can't be mapped (drivers/dma-buf/dma-buf.c).
        if (size % kernel::page_size() != 0)
            return fail(Cause::unsupported,
                        fmt::format("map: its {} bytes are no whole pages", size));
        return fail(Cause::unsupported, "map: its exporter has no mmap",
                    "request CPU access, so that another source is chosen");
    case ENOMEM:
        return fail(Cause::exhausted, fmt::format("map {} of address space", size_text(size)),
                    "free other buffers, or raise the limits of address space (ulimit -v) or of "
                    "mappings (vm.max_map_count)");
    case EAGAIN:
        return fail(Cause::limit,
                    fmt::format("map {}, which mlockall() wants locked", size_text(size)),
                    "raise the limit of locked memory (ulimit -l)");
    default:
        return fail(cause_of(sys_errno), "map");
    }
}

} // namespace

Result<std::shared_ptr<CpuMemory>> CpuMemory::create(int fd, std::uint64_t size, Access access,
                                                     std::shared_ptr<const CacheFlush> flush) {
    if (size == 0)
        return failure(Stage::map, Cause::invalid, 0, "dma-buf", "it has no bytes");
    if (size > std::numeric_limits<std::size_t>::max())
        return failure(Stage::map, Cause::limit, 0, "dma-buf",
                       fmt::format("{} don't fit into the address space", size_text(size)),
                       "map it in a 64-bit program");
    auto own = UniqueFd::dup(fd);
    if (!own)
        return std::move(own).error();
    const auto length = static_cast<std::size_t>(size);
    // Before there is a mapping that could be lost.
    std::shared_ptr<CpuMemory> made(new CpuMemory(std::move(*own), std::move(flush)));
    void* address = nullptr;
    const int mapped = kernel::map(fd, length, protection(access), &address);
    if (mapped < 0)
        return map_failure(-mapped, fd, length);
    made->bytes_ = {static_cast<std::byte*>(address), length};
    made->writable_ = access != Access::read;
    return made;
}

CpuMemory::~CpuMemory() {
    if (bytes_.empty())
        return;
    if (const int unmapped = kernel::unmap(bytes_.data(), bytes_.size()); unmapped < 0)
        log::line(LogLevel::error, "mapping: unmap {} bytes: errno {}", bytes_.size(), -unmapped);
}

/// In place, because others may hold spans of it.
Result<void> CpuMemory::widen(Access access) {
    if (writable_ || access == Access::read)
        return {};
    const int widened = kernel::protect(bytes_.data(), bytes_.size(), protection(access));
    if (widened < 0)
        return map_failure(-widened, fd_.get(), bytes_.size());
    writable_ = true;
    return {};
}

/// START may wait for a device for long. Meanwhile other turns end, and begin where they need
/// nothing new.
Result<std::span<std::byte>> CpuMemory::begin(Access access) {
    std::unique_lock lock(mutex_);
    if (auto widened = widen(access); !widened)
        return std::move(widened).error();
    const std::uint32_t wanted = dmabuf::direction(access);
    started_.wait(lock, [&] { return (starting_ & wanted) == 0; });
    // Counted at once, so that a direction which is open already stays so.
    if (const std::uint32_t fresh = count(wanted); fresh != 0) {
        starting_ |= fresh;
        lock.unlock();
        const int started = dmabuf::sync(fd_.get(), DMA_BUF_SYNC_START | fresh);
        lock.lock();
        starting_ &= ~fresh;
        started_.notify_all();
        if (started < 0) {
            // There must be no END without a START: udmabuf refuses it with EINVAL.
            log::quietly("mapping", [&] { return end_turns(discount(wanted) & ~fresh); });
            return dmabuf::sync_failure(-started, DMA_BUF_SYNC_START);
        }
    }
    return bytes_;
}

Result<void> CpuMemory::end(Access access) {
    const std::lock_guard lock(mutex_);
    return end_turns(discount(dmabuf::direction(access)));
}

Result<void> CpuMemory::end_turns(std::uint32_t last) {
    if (last == 0)
        return {};
    const int ended = dmabuf::sync(fd_.get(), DMA_BUF_SYNC_END | last);
    // Also when END failed: what was written must reach the device all the same.
    Result<void> flushed;
    if (flush_ && (last & DMA_BUF_SYNC_WRITE) != 0)
        flushed = flush_->run(flush_->node.get(), fd_.get());
    if (ended < 0)
        return dmabuf::sync_failure(-ended, DMA_BUF_SYNC_END);
    return flushed;
}

/// The directions of which this is the only turn.
std::uint32_t CpuMemory::count(std::uint32_t wanted) {
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < directions.size(); ++i)
        if ((wanted & directions[i]) != 0 && turns_[i]++ == 0)
            first |= directions[i];
    return first;
}

/// The directions of which this was the last turn.
std::uint32_t CpuMemory::discount(std::uint32_t unwanted) {
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < directions.size(); ++i)
        if ((unwanted & directions[i]) != 0 && --turns_[i] == 0)
            last |= directions[i];
    return last;
}

Result<std::shared_ptr<CpuMemory>>
CpuMemories::get(std::size_t dmabuf, int fd, std::uint64_t size, Access access,
                 const std::shared_ptr<const CacheFlush>& flush) {
    const std::lock_guard lock(mutex_);
    if (memories_.size() <= dmabuf)
        memories_.resize(dmabuf + 1);
    std::shared_ptr<CpuMemory>& kept = memories_[dmabuf];
    if (kept)
        return kept;
    auto made = CpuMemory::create(fd, size, access, flush);
    if (made)
        kept = *made;
    return made;
}

void CpuMemories::clear() {
    const std::lock_guard lock(mutex_);
    memories_.clear();
}

} // namespace simplealloc
