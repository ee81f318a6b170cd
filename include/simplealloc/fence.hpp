// SPDX-License-Identifier: MIT
// A fence: work of a device that is over or not, as a sync_file of the kernel.
#pragma once

#include <simplealloc/unique_fd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace simplealloc {

/// How long to wait: `forever` is without limit; zero and less only looks.
using Timeout = std::optional<std::chrono::nanoseconds>;

/// How long calls wait for a device or a peer that are not told.
inline constexpr std::chrono::seconds default_timeout{10};
/// A Timeout without limit: a device that hangs, or a peer that says nothing, is waited for, too.
inline constexpr std::nullopt_t forever = std::nullopt;

/// What an event loop has to watch.
struct Pollable {
    int fd = -1;      ///< borrowed
    short events = 0; ///< of poll(2); epoll(7) has the same numbers
};

/// What became of the work behind a Fence.
enum class FenceState : std::uint8_t {
    pending,  ///< it is not over
    signaled, ///< it is over
    failed,   ///< it is over, and its result is not to be relied on
};

/// How a Fence stands.
struct FenceStatus {
    FenceState state = FenceState::pending; ///< as the kernel says
    int sys_errno = 0;                      ///< with FenceState::failed: why, as the driver says
};

/// Owns a sync_file: a snapshot of work that never changes but from pending to over. Move-only; its
/// const functions may be called from several threads at once. A moved-from Fence has no sync_file,
/// and all its functions fail with invalid.
class SIMPLEALLOC_API Fence {
public:
    /// Takes over a sync_file, e.g. of KMS OUT_FENCE_PTR, EGL_ANDROID_native_fence_sync or
    /// VK_KHR_external_fence_fd. It is closed on failure, too: with invalid when it is no
    /// sync_file.
    static Result<Fence> adopt(UniqueFd fd);
    /// Over when both are; the failure of either is its own.
    static Result<Fence> merge(const Fence& first, const Fence& second);

    /// Whether the work is over, well or not: false when the time ran out first. A signal does not
    /// end the wait, nor make it longer.
    [[nodiscard]] Result<bool> wait(Timeout timeout = default_timeout) const;
    /// How it stands now.
    [[nodiscard]] Result<FenceStatus> status() const;
    /// Readable once the work is over, well or not.
    [[nodiscard]] Pollable pollable() const noexcept;

    /// Borrowed: -1 when there is none.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Hands the sync_file to the caller, e.g. for an API that takes it over.
    [[nodiscard]] UniqueFd release() noexcept { return std::move(fd_); }

private:
    friend class Internal;
    /// `fd` is known to be a sync_file.
    explicit Fence(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

} // namespace simplealloc
