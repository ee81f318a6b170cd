// SPDX-License-Identifier: MIT
// mmap of a dma-buf between SYNC_START and SYNC_END.
#include <simplealloc/mapping.hpp>

#include "lib/cache_flush.hpp"
#include "lib/dmabuf.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/log.hpp"

#include <cerrno>
#include <limits>
#include <linux/dma-buf.h>
#include <simplealloc/unique_fd.hpp>
#include <sys/mman.h>
#include <utility>

namespace simplealloc {

namespace {

std::uint64_t sync_direction(Access access) {
    switch (access) {
    case Access::read:
        return DMA_BUF_SYNC_READ;
    case Access::write:
        return DMA_BUF_SYNC_WRITE;
    case Access::read_write:
        return DMA_BUF_SYNC_RW;
    }
    return DMA_BUF_SYNC_RW;
}

int protection(Access access) {
    switch (access) {
    case Access::read:
        return PROT_READ;
    case Access::write:
    case Access::read_write:
        return PROT_READ | PROT_WRITE;
    }
    return PROT_READ;
}

} // namespace

Result<Mapping> Mapping::create(int fd, std::uint64_t size, Access access,
                                std::shared_ptr<const CacheFlush> flush) {
    if (size == 0 || size > std::numeric_limits<std::size_t>::max())
        return failure(Stage::map, Cause::invalid, 0, "dma-buf", "size does not fit this process");
    auto own = UniqueFd::dup(fd);
    if (!own)
        return own.error();
    void* address = nullptr;
    const int mapped =
        kernel::map(own->get(), static_cast<std::size_t>(size), protection(access), &address);
    if (mapped < 0) {
        // An exporter without mmap answers EINVAL (drivers/dma-buf/dma-buf.c).
        const Cause cause = mapped == -EINVAL ? Cause::unsupported : cause_of(-mapped);
        return failure(Stage::map, cause, -mapped, "dma-buf", "map");
    }
    Mapping mapping;
    mapping.data_ = static_cast<std::byte*>(address);
    mapping.size_ = static_cast<std::size_t>(size);
    mapping.fd_ = own->release();
    // Without a successful START there must be no END: udmabuf refuses an unbalanced one with
    // EINVAL.
    auto begun = dmabuf::sync(mapping.fd_, DMA_BUF_SYNC_START | sync_direction(access));
    if (!begun)
        return begun.error();
    mapping.sync_flags_ = DMA_BUF_SYNC_END | sync_direction(access);
    if (access != Access::read)
        mapping.flush_ = std::move(flush);
    return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
      fd_(std::exchange(other.fd_, -1)), sync_flags_(std::exchange(other.sync_flags_, 0)),
      flush_(std::move(other.flush_)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        const Mapping ended(std::move(*this));
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        fd_ = std::exchange(other.fd_, -1);
        sync_flags_ = std::exchange(other.sync_flags_, 0);
        flush_ = std::move(other.flush_);
    }
    return *this;
}

Mapping::~Mapping() {
    const auto ended = finish();
    if (!ended)
        log::line(LogLevel::error, "mapping: {}", ended.error().message());
}

Result<void> Mapping::finish() {
    Result<void> result;
    if (sync_flags_ != 0)
        result = dmabuf::sync(fd_, std::exchange(sync_flags_, 0));
    // Also when END failed: what was written must reach the device all the same.
    if (const auto flush = std::exchange(flush_, nullptr)) {
        const auto flushed = flush->run(flush->node.get(), fd_);
        if (!flushed && result)
            result = flushed.error();
    }
    if (data_ != nullptr) {
        const int unmapped = kernel::unmap(std::exchange(data_, nullptr), std::exchange(size_, 0));
        if (unmapped < 0 && result)
            result = failure(Stage::map, Cause::our_bug, -unmapped, "dma-buf", "unmap");
    }
    UniqueFd::adopt(std::exchange(fd_, -1));
    return result;
}

} // namespace simplealloc
