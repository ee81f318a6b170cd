// SPDX-License-Identifier: MIT
// Waits for descriptors with a timeout that signals don't stretch.
#include "lib/kernel/wait.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"

#include <algorithm>
#include <cerrno>

namespace simplealloc {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds longest = std::chrono::hours(24 * 365);

Result<bool> wait_for_one(const Pollable& target, const Countdown& countdown) {
    pollfd one = {target.fd, target.events, 0};
    const int ready = poll_until(std::span(&one, 1), countdown);
    if (ready < 0)
        return failure(Stage::sync, cause_of(-ready), -ready, "fence", "poll");
    return is_ready(one);
}

} // namespace

Countdown::Countdown(Timeout timeout) : timeout_(timeout) {
    if (timeout_ > longest)
        timeout_ = longest;
    if (timeout_ > nanoseconds::zero())
        start_ = kernel::now();
}

Timeout Countdown::left() const {
    if (!timeout_)
        return std::nullopt;
    if (*timeout_ <= nanoseconds::zero())
        return nanoseconds::zero();
    return std::max(*timeout_ - (kernel::now() - start_), nanoseconds::zero());
}

int poll_until(std::span<pollfd> targets, const Countdown& countdown) {
    for (;;) {
        const int ready = kernel::poll(targets, countdown.left());
        if (ready > 0 || (ready < 0 && ready != -EINTR))
            return ready;
        // The kernel may have waited less than was asked: its longest wait is shorter than ours.
        if (ready == 0 && countdown.is_over())
            return 0;
    }
}

Result<bool> is_ready(const pollfd& polled) {
    // POLLERR or POLLNVAL alone.
    if (polled.revents != 0 && (polled.revents & polled.events) == 0)
        return failure(Stage::sync, Cause::invalid, EBADF, "fence",
                       "poll: the descriptor has nothing to wait for");
    return polled.revents != 0;
}

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
