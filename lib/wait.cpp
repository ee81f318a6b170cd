// SPDX-License-Identifier: MIT
// Waits for descriptors with a timeout that signals don't stretch.
#include "lib/wait.hpp"

#include "lib/failure.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
#include <cerrno>

namespace simplealloc {

namespace {

using std::chrono::nanoseconds;

/// Counts from its construction; asks no clock where none is needed.
class Countdown {
public:
    explicit Countdown(Timeout timeout) : timeout_(timeout) {
        if (timeout_ > nanoseconds::zero())
            start_ = kernel::now();
    }
    /// Never negative; nothing: for ever.
    [[nodiscard]] Timeout left() const {
        if (!timeout_)
            return std::nullopt;
        if (*timeout_ <= nanoseconds::zero())
            return nanoseconds::zero();
        return std::max(*timeout_ - (kernel::now() - start_), nanoseconds::zero());
    }

private:
    Timeout timeout_;
    nanoseconds start_ = {};
};

Result<bool> wait_for_one(const Pollable& target, const Countdown& countdown) {
    for (;;) {
        const Timeout left = countdown.left();
        const int events = kernel::poll(target.fd, target.events, left);
        if (events == -EINTR)
            continue;
        if (events < 0)
            return failure(Stage::sync, cause_of(-events), -events, "fence", "poll");
        if ((events & target.events) != 0)
            return true;
        // POLLERR or POLLNVAL alone: waiting on would spin.
        if (events != 0)
            return failure(Stage::sync, Cause::invalid, EBADF, "fence",
                           "poll: the descriptor has nothing to wait for");
        // The kernel may have waited less than was asked: its longest wait is shorter than ours.
        if (countdown.left() == nanoseconds::zero())
            return false;
    }
}

} // namespace

Result<bool> wait_for(std::span<const Pollable> targets, Timeout timeout) {
    const Countdown countdown(timeout);
    for (const Pollable& target : targets) {
        auto ready = wait_for_one(target, countdown);
        if (!ready || !*ready)
            return ready;
    }
    return true;
}

} // namespace simplealloc
