// SPDX-License-Identifier: MIT
// Buffers for C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/buffer.h>
#include <simplealloc/buffer.hpp>

#include <optional>

struct simplealloc_buffer {
    explicit simplealloc_buffer(simplealloc::Buffer&& what);
    /// Borrowed: for as long as it lives, and only as const.
    explicit simplealloc_buffer(const simplealloc::Buffer& what);
    simplealloc_buffer(const simplealloc_buffer&) = delete;
    simplealloc_buffer& operator=(const simplealloc_buffer&) = delete;

    std::optional<simplealloc::Buffer> own;
    const simplealloc::Buffer& buffer;
    simplealloc::c::Arena arena;
    simplealloc_layout layout;
    const simplealloc_dmabuf* const* dmabufs;
    const simplealloc_fact* const* facts;
    const simplealloc_verification* const* verified;
    const simplealloc_attempt* const* attempts;

private:
    void see();
};

namespace simplealloc::c {

simplealloc_verification to_c(const Verification& verification, Arena& arena);

} // namespace simplealloc::c
