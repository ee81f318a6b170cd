// SPDX-License-Identifier: MIT
// What a Pool and its slots share.
#pragma once

#include "lib/pool/waiters.hpp"

#include <simplealloc/pool.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc {

/// Room in a pool: an index, bytes and descriptors. Booked before a buffer is allocated, and given
/// back when it dies, which must not be under the pool's lock.
class PoolPlace {
public:
    PoolPlace(PoolPlace&& other) noexcept
        : state_(std::exchange(other.state_, nullptr)), generation_(other.generation_),
          index_(other.index_), bytes_(other.bytes_), fds_(other.fds_) {}
    PoolPlace& operator=(PoolPlace&&) = delete;
    PoolPlace(const PoolPlace&) = delete;
    PoolPlace& operator=(const PoolPlace&) = delete;
    ~PoolPlace();

    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

private:
    friend class PoolState;
    PoolPlace(PoolState& state, std::uint64_t generation, std::uint32_t index, std::uint64_t bytes,
              std::size_t fds) noexcept
        : state_(&state), generation_(generation), index_(index), bytes_(bytes), fds_(fds) {}

    PoolState* state_;         ///< outlives it: slots hold a reference, and idle buffers lie in it
    std::uint64_t generation_; ///< 0: the index was given back
    std::uint32_t index_;
    std::uint64_t bytes_;
    std::size_t fds_;
};

/// A buffer, in flight or idle.
struct Pooled {
    PoolPlace place; ///< first, so that the memory is gone when its room is given back
    Buffer buffer;
    std::uint64_t generation;
};

/// Nothing is allocated, freed, logged or called back while the lock is held, so that whatever
/// runs then may come back here.
class PoolState : public std::enable_shared_from_this<PoolState> {
public:
    /// `counter` is for PoolWaiters.
    PoolState(Allocator allocator, PoolOptions options, UniqueFd counter);

    [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }
    [[nodiscard]] const PoolOptions& options() const noexcept { return options_; }
    /// Begins a generation.
    Result<void> start(const Plan& plan);
    Result<PoolSlot> acquire(Timeout timeout);
    void give_back(std::shared_ptr<Pooled> pooled,
                   std::shared_ptr<const Fence> fence = {}) noexcept;
    std::size_t trim(std::size_t keep);
    std::size_t trim();
    void close() noexcept;
    Result<Pollable> pollable();
    [[nodiscard]] PoolStats stats() const;
    /// Counts it, and hands it on.
    Error count(Error error);

private:
    friend class PoolPlace;

    /// Where buffers are allocated from.
    struct Supply {
        std::shared_ptr<const Prepared> prepared;
        std::size_t first = 0; ///< of its candidates
        std::size_t count = 0;
    };

    /// What buffers of one plan have in common.
    struct Generation {
        std::uint64_t number = 0;
        Supply supply;                ///< one source alone, once there is a first buffer
        std::optional<Layout> layout; ///< of the first buffer
        std::string source;           ///< of the first buffer
        std::vector<bool> taken;      ///< by index: booked, in flight or idle
        std::size_t buffers = 0;      ///< how many are taken
        /// Allocated in advance and left by hysteresis: min_buffers, or what a codec needs.
        std::size_t least = 0;

        /// The first buffer decides for all. False where another source became theirs, which the
        /// supply is narrowed to now; mismatch where the layout differs.
        Result<bool> admit(const Buffer& buffer, bool one_source);
    };
    using Buffers = std::vector<IdleBuffer>;

    // With the lock held
    /// Nothing where there is no room.
    std::optional<PoolPlace> book(Generation& generation);
    [[nodiscard]] bool fits(std::uint64_t bytes, std::size_t fds) const;
    /// Gives the index back, as the buffer is about to die.
    void leave(PoolPlace& place) noexcept;
    /// `spare` buffers could have been handed out as well.
    [[nodiscard]] PoolSlot hand_out(std::shared_ptr<Pooled> pooled, std::size_t spare);
    /// Nothing where all are in use.
    std::optional<PoolSlot> recycle(const DeviceWork& devices);
    IdleBuffer take_coldest() noexcept;
    /// What hysteresis frees after a release; mostly nothing.
    IdleBuffer take_surplus() noexcept;
    /// Nothing is to be had, and `devices` were looked at as of `events`.
    [[nodiscard]] Error full(std::uint64_t events, const DeviceWork& devices);
    /// Counts it, and hands it on.
    Error refuse(Error error);
    [[nodiscard]] static Error closed();

    // With the lock held, but for what may take long
    Result<PoolSlot> acquire(std::unique_lock<std::mutex>& lock, Timeout timeout,
                             DeviceWork& devices);

    // Without it
    void give_back(PoolPlace& place) noexcept;
    Result<std::shared_ptr<Pooled>> allocate(PoolPlace place, const Supply& supply);
    Result<Buffers> fill(Generation& next);
    Result<Buffers> preallocate(Generation& next);
    /// Null where meanwhile another source became the pool's, or another generation began.
    Result<std::shared_ptr<Pooled>> grow(PoolPlace place, const Supply& supply);

    const Allocator allocator_;
    const PoolOptions options_;

    mutable std::mutex mutex_;
    PoolWaiters waiters_;
    bool closed_ = false;
    std::uint64_t last_generation_ = 0;
    Generation current_;
    std::size_t places_ = 0; ///< of all generations
    std::uint64_t bytes_ = 0;
    std::size_t fds_ = 0;
    std::uint32_t releases_ = 0; ///< in this window of hysteresis
    std::size_t least_idle_ = 0; ///< likewise
    PoolStats stats_;
    std::uint64_t turns_ = 0;
    Buffers idle_; ///< the last one came back last
};

} // namespace simplealloc
