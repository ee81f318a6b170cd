// SPDX-License-Identifier: MIT
// How threads and event loops wait for a pool, and for devices that still work on its idle buffers.
#pragma once

#include "lib/kernel/wait.hpp"
#include "lib/pool/signal.hpp"

#include <simplealloc/buffer.hpp>
#include <simplealloc/unique_fd.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace simplealloc {

struct Pooled;

/// A buffer that nobody holds.
struct IdleBuffer {
    std::shared_ptr<Pooled> pooled;
    std::uint64_t turn = 0; ///< another one each time that it comes back
    /// What its last user left for it and the dma-bufs can't keep; mostly null.
    std::shared_ptr<const Fence> fence = {};
};

/// Lets nobody write before `fence` is over. Null where the dma-bufs see to it, else what `keep`
/// asks to keep for them.
Result<std::shared_ptr<const Fence>> leave_fence(const Buffer& buffer, const Fence& fence,
                                                 bool keep);

/// What devices do with idle buffers at one moment. Keeps them alive, so it must not die under the
/// pool's lock.
class DeviceWork {
public:
    /// One system call for all, without the lock.
    Result<void> look(std::vector<IdleBuffer> idle);

    /// The turns of those that devices have done with, in the order of the buffers.
    [[nodiscard]] const std::vector<std::uint64_t>& done() const noexcept { return done_; }
    /// What ends first for each of the others.
    [[nodiscard]] const std::vector<pollfd>& pending() const noexcept { return pending_; }

private:
    std::vector<IdleBuffer> idle_;
    std::vector<std::uint64_t> done_;
    std::vector<pollfd> pending_;
};

/// Threads and event loops that wait for a pool. All functions are called with its lock held.
///
/// Without devices they wait for a condition variable. poll() can't, so with devices they wait for
/// a counter that is raised for each one that is to wake up. Two may wake up for one count, and the
/// one that gets it may leave without need for what it stood for: so who leaves wakes up another.
class PoolWaiters {
public:
    /// What the constructor needs where devices are waited for.
    static Result<UniqueFd> make_counter();
    explicit PoolWaiters(UniqueFd counter) noexcept : counter_(std::move(counter)) {}

    void wake_one() noexcept;
    void wake_all() noexcept;
    /// Who waited has done with it.
    void leave() noexcept;
    /// Another one after each wake_one() and wake_all().
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
    /// Another one after each of them and each taken().
    [[nodiscard]] std::uint64_t events() const noexcept { return changes_ + taken_; }
    /// An idle buffer is handed out, so that what waits for it has to look at another.
    void taken() noexcept;
    /// Who acquires finds nothing, and there was none of events() since it began to look.
    Result<void> found_nothing(std::uint64_t events, const DeviceWork& devices);
    /// From now on an event loop waits as well.
    Result<Pollable> pollable();

    /// Until it is woken up, or a device has done, or there was a change since `changes`, without
    /// the lock meanwhile. False when the time is up.
    Result<bool> wait(std::unique_lock<std::mutex>& lock, std::uint64_t changes,
                      const DeviceWork& devices, const Countdown& countdown);

private:
    Result<bool> wait_for_devices(std::vector<pollfd> targets, const Countdown& countdown);
    void raise(std::uint64_t count) noexcept;

    const UniqueFd counter_; ///< none: devices are not waited for
    std::condition_variable changed_;
    PoolSignal signal_;
    std::uint64_t changes_ = 0;
    std::uint64_t taken_ = 0;
    std::size_t waiting_ = 0; ///< for the counter
};

} // namespace simplealloc
