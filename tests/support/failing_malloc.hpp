// SPDX-License-Identifier: MIT
// The C library's allocator, which fails where a test wants it: for everything in the program,
// libstdc++, libudev and spdlog included.
#pragma once

#include <cstddef>

namespace simplealloc::test {

/// How the calling thread's allocations fail.
enum class Failing {
    once,    ///< one, and those after it succeed
    for_good ///< one and all after it
};

/// The nth allocation (from 1) of this thread fails, from now on until the end of its life.
class FailingMalloc {
public:
    FailingMalloc(std::size_t nth, Failing failing) noexcept;
    ~FailingMalloc();
    FailingMalloc(const FailingMalloc&) = delete;
    FailingMalloc& operator=(const FailingMalloc&) = delete;

    /// Whether it came to that.
    [[nodiscard]] bool failed() const noexcept;
};

/// Blocks that are allocated and not freed, in the whole program.
std::ptrdiff_t blocks_in_use() noexcept;

} // namespace simplealloc::test
