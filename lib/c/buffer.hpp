// SPDX-License-Identifier: MIT
// Buffers for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/buffer.h>
#include <simplealloc/buffer.hpp>

#include <mutex>
#include <optional>
#include <vector>

struct simplealloc_buffer {
    explicit simplealloc_buffer(simplealloc::Buffer&& what) : own(std::move(what)), buffer(*own) {}
    /// Borrowed: for as long as it lives, and only as const.
    explicit simplealloc_buffer(const simplealloc::Buffer& what) : buffer(what) {}
    simplealloc_buffer(const simplealloc_buffer&) = delete;
    simplealloc_buffer& operator=(const simplealloc_buffer&) = delete;

    /// Without it a buffer is of no use, so it needs no memory of its own.
    struct Shape {
        simplealloc_layout layout;
        simplealloc_dmabuf dmabufs[SIMPLEALLOC_MAX_PLANES];
        const simplealloc_dmabuf* list[SIMPLEALLOC_MAX_PLANES + 1];
    };
    const Shape& shape() const noexcept;

    struct Lists {
        explicit Lists(const simplealloc::Buffer& buffer);

        simplealloc::c::Arena arena;
        const simplealloc_fact* const* facts;
        const simplealloc_verification* const* verified;
        const simplealloc_attempt* const* attempts;
    };

    /// Gives the descriptors away.
    std::vector<simplealloc::UniqueFd> release();

    std::optional<simplealloc::Buffer> own;
    const simplealloc::Buffer& buffer;
    simplealloc::c::Lazy<Lists> lists;

private:
    mutable std::once_flag laid_out_;
    mutable Shape shape_;
};

namespace simplealloc::c {

simplealloc_verification to_c(const Verification& verification, Arena& arena);

} // namespace simplealloc::c
