// SPDX-License-Identifier: MIT
// What an event loop polls of a pool.
#pragma once

#include <simplealloc/fence.hpp>
#include <simplealloc/unique_fd.hpp>

#include <cstdint>
#include <poll.h>
#include <span>
#include <vector>

namespace simplealloc {

/// Readable, but for the time between an acquisition that found nothing and the next event that may
/// change that. All functions are called with the pool's lock held.
class PoolSignal {
public:
    /// Nobody polls it, and it makes no system call.
    PoolSignal() = default;
    /// With `devices` their work is an event, too.
    static Result<PoolSignal> create(bool devices);

    explicit operator bool() const noexcept { return static_cast<bool>(counter_); }
    /// Borrowed.
    [[nodiscard]] Pollable pollable() const noexcept;
    /// Something may be acquired now, or what was watched may die: nothing is watched any more.
    void raise() noexcept;
    /// Nothing can be acquired before the next raise(), or before the event of one of `pending`,
    /// which live until then. It is raised where that can't be watched for.
    Result<void> lower(std::span<const pollfd> pending);

private:
    void forget() noexcept;

    UniqueFd counter_; ///< 1 while it is raised, else 0
    UniqueFd watcher_; ///< of the counter and of `watched_`; none without devices
    std::vector<int> watched_;
    bool raised_ = true;
};

} // namespace simplealloc
