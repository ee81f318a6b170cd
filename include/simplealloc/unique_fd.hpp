// SPDX-License-Identifier: MIT
// Sole ownership of a file descriptor.
#pragma once

#include <simplealloc/result.hpp>

namespace simplealloc {

/// Closes its descriptor once, when it dies. Moved-from and default ones hold none. For one thread.
class SIMPLEALLOC_API UniqueFd {
public:
    UniqueFd() noexcept = default;
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    /// Takes over `fd`; the caller must not close it any more.
    static UniqueFd adopt(int fd) noexcept { return UniqueFd(fd); }
    /// A new close-on-exec descriptor for the same open file; the caller keeps `fd`. Fails with
    /// fd_limit or, when `fd` is no descriptor, invalid.
    static Result<UniqueFd> dup(int fd);

    /// Borrowed: -1 when empty.
    [[nodiscard]] int get() const noexcept { return fd_; }
    /// Whether it holds a descriptor.
    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Hands ownership to the caller.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes the descriptor, if there is one, and takes over `fd`.
    void reset(int fd = -1) noexcept;

private:
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    int fd_ = -1;
};

/// Nobody closes a descriptor that an object owns.
int close(const UniqueFd&) = delete;

} // namespace simplealloc
