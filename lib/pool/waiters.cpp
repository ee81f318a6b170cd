// SPDX-License-Identifier: MIT
// How threads and event loops wait for a pool, and for devices that still work on its idle buffers.
#include "lib/pool/waiters.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/pool/state.hpp"

namespace simplealloc {

namespace {

Error poll_failed(int sys_errno) {
    return failure(Stage::acquire, cause_of(sys_errno), sys_errno, "pool", "poll");
}

void add(std::vector<pollfd>& targets, const Pollable& target) {
    targets.push_back({target.fd, target.events, 0});
}

/// What has to end before somebody may write.
std::vector<pollfd> fences_of(const IdleBuffer& idle) {
    std::vector<pollfd> fences;
    for (const DmaBuf& dmabuf : idle.pooled->buffer.dmabufs())
        add(fences, dmabuf::pollable(dmabuf.fd, Access::write));
    if (idle.fence)
        add(fences, idle.fence->pollable());
    return fences;
}

} // namespace

Result<void> DeviceWork::look(std::vector<IdleBuffer> idle) {
    idle_ = std::move(idle);
    done_.clear();
    pending_.clear();
    std::vector<pollfd> all;
    std::vector<std::size_t> ends;
    for (const IdleBuffer& buffer : idle_) {
        const auto fences = fences_of(buffer);
        all.insert(all.end(), fences.begin(), fences.end());
        ends.push_back(all.size());
    }
    if (all.empty())
        return {};
    if (const int ready = poll_until(all, Countdown(Timeout(0))); ready < 0)
        return poll_failed(-ready);
    std::size_t next = 0;
    for (std::size_t i = 0; i < idle_.size(); ++i) {
        bool done = true;
        for (; next < ends[i]; ++next) {
            auto over = is_ready(all[next]);
            if (!over)
                return std::move(over).error();
            if (done && !*over)
                pending_.push_back(all[next]);
            done = done && *over;
        }
        if (done)
            done_.push_back(idle_[i].turn);
    }
    return {};
}

Result<std::shared_ptr<const Fence>> leave_fence(const Buffer& buffer, const Fence& fence,
                                                 bool keep) {
    auto imported = buffer.import_sync_file(fence.fd(), Access::write);
    if (imported)
        return std::shared_ptr<const Fence>();
    if (!keep || imported.error().cause != Cause::unsupported)
        return std::move(imported).error();
    auto copy = UniqueFd::dup(fence.fd());
    if (!copy)
        return std::move(copy).error();
    return std::make_shared<const Fence>(Internal::make<Fence>(*std::move(copy)));
}

Result<UniqueFd> PoolWaiters::make_counter() {
    const int fd = kernel::counter();
    if (fd < 0)
        return failure(Stage::acquire, cause_of(-fd), -fd, "pool", "make an eventfd");
    return UniqueFd::adopt(fd);
}

void PoolWaiters::raise(std::uint64_t count) noexcept {
    // It fails only where nearly 2^64 are waiting.
    if (count > 0)
        (void)kernel::add(counter_.get(), count);
}

void PoolWaiters::wake_one() noexcept {
    ++changes_;
    signal_.raise();
    if (counter_)
        raise(waiting_ > 0 ? 1 : 0);
    else
        changed_.notify_one();
}

void PoolWaiters::wake_all() noexcept {
    ++changes_;
    signal_.raise();
    if (counter_)
        raise(waiting_);
    else
        changed_.notify_all();
}

void PoolWaiters::leave() noexcept {
    if (counter_)
        raise(waiting_ > 0 ? 1 : 0);
}

void PoolWaiters::taken() noexcept {
    ++taken_;
    signal_.raise();
}

Result<void> PoolWaiters::found_nothing(std::uint64_t events, const DeviceWork& devices) {
    // What came meanwhile was not looked at, and what went may be closed before the next event.
    if (events != this->events())
        return {};
    return signal_.lower(devices.pending());
}

Result<Pollable> PoolWaiters::pollable() {
    if (!signal_) {
        auto made = PoolSignal::create(static_cast<bool>(counter_));
        if (!made)
            return std::move(made).error();
        signal_ = *std::move(made);
    }
    return signal_.pollable();
}

Result<bool> PoolWaiters::wait(std::unique_lock<std::mutex>& lock, std::uint64_t changes,
                               const DeviceWork& devices, const Countdown& countdown) {
    if (changes != changes_)
        return true;
    if (counter_) {
        ++waiting_;
        lock.unlock();
        auto in_time = wait_for_devices(devices.pending(), countdown);
        lock.lock();
        --waiting_;
        return in_time;
    }
    const Timeout left = countdown.left();
    if (left)
        return changed_.wait_for(lock, *left) == std::cv_status::no_timeout;
    changed_.wait(lock);
    return true;
}

Result<bool> PoolWaiters::wait_for_devices(std::vector<pollfd> targets,
                                           const Countdown& countdown) {
    targets.push_back({counter_.get(), POLLIN, 0});
    const int ready = poll_until(targets, countdown);
    if (ready < 0)
        return poll_failed(-ready);
    // Another one may have been faster: nothing is left to take then.
    if (targets.back().revents != 0)
        (void)kernel::take(counter_.get());
    return ready > 0;
}

} // namespace simplealloc
