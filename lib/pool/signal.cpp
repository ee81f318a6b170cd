// SPDX-License-Identifier: MIT
// A counter for what threads do, and an epoll around it for what devices do.
#include "lib/pool/signal.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"

namespace simplealloc {

namespace {

Error failed(int sys_errno, const char* what) {
    return failure(Stage::acquire, cause_of(sys_errno), sys_errno, "pool", what);
}

} // namespace

Result<PoolSignal> PoolSignal::create(bool devices) {
    PoolSignal signal;
    const int counter = kernel::counter();
    if (counter < 0)
        return failed(-counter, "make an eventfd");
    signal.counter_ = UniqueFd::adopt(counter);
    if (const int result = kernel::add(counter, 1); result < 0)
        return failed(-result, "raise an eventfd");
    if (!devices)
        return signal;
    const int watcher = kernel::watcher();
    if (watcher < 0)
        return failed(-watcher, "make an epoll");
    signal.watcher_ = UniqueFd::adopt(watcher);
    if (const int result = kernel::watch(watcher, counter, POLLIN); result < 0)
        return failed(-result, "watch an eventfd");
    return signal;
}

Pollable PoolSignal::pollable() const noexcept {
    return {watcher_ ? watcher_.get() : counter_.get(), POLLIN};
}

// Taking out, adding and taking fail for wrong descriptors only.

void PoolSignal::forget() noexcept {
    for (const int fd : watched_)
        (void)kernel::unwatch(watcher_.get(), fd);
    watched_.clear();
}

void PoolSignal::raise() noexcept {
    forget();
    if (!raised_)
        (void)kernel::add(counter_.get(), 1);
    raised_ = true;
}

Result<void> PoolSignal::lower(std::span<const pollfd> pending) {
    if (!counter_)
        return {};
    forget();
    watched_.reserve(pending.size());
    for (const pollfd& target : pending) {
        if (const int result = kernel::watch(watcher_.get(), target.fd, target.events);
            result < 0) {
            raise();
            return failed(-result, "watch what devices still work on");
        }
        watched_.push_back(target.fd);
    }
    if (raised_)
        (void)kernel::take(counter_.get());
    raised_ = false;
    return {};
}

} // namespace simplealloc
