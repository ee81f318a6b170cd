// SPDX-License-Identifier: MIT
// Waits for descriptors with a timeout that signals don't stretch.
#pragma once

#include <simplealloc/fence.hpp>

#include <chrono>
#include <optional>
#include <poll.h>
#include <span>

namespace simplealloc {

/// Counts from its construction; asks no clock where none is needed.
class Countdown {
public:
    /// A year at most: the largest timeout, added to a clock, would overflow.
    explicit Countdown(Timeout timeout);

    /// Never negative; nothing: for ever.
    [[nodiscard]] Timeout left() const;
    [[nodiscard]] bool is_over() const { return left() == std::chrono::nanoseconds::zero(); }

private:
    Timeout timeout_;
    std::chrono::nanoseconds start_ = {};
};

/// How many became ready before the time was up, or a negative errno.
int poll_until(std::span<pollfd> targets, const Countdown& countdown);

/// Whether what was asked for has come. Fails where it never will: waiting on would spin.
Result<bool> is_ready(const pollfd& polled);

/// Whether all became ready in the time that they have together.
Result<bool> wait_for(std::span<const Pollable> targets, Timeout timeout);

} // namespace simplealloc
