// SPDX-License-Identifier: MIT
// What a Pool and its slots share: who has which buffer, and how much there may be.
#include "lib/pool/state.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/base/size_text.hpp"
#include "lib/model/layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

Error PoolState::closed() {
    return failure(Stage::acquire, Cause::gone, 0, "pool", "it is closed");
}

PoolPlace::~PoolPlace() {
    if (state_ != nullptr)
        state_->give_back(*this);
}

PoolState::PoolState(Allocator allocator, PoolOptions options, UniqueFd counter)
    : allocator_(std::move(allocator)), options_(std::move(options)), waiters_(std::move(counter)) {
}

std::optional<PoolPlace> PoolState::book(Generation& generation) {
    const auto free = std::find(generation.taken.begin(), generation.taken.end(), false);
    const auto index = static_cast<std::size_t>(free - generation.taken.begin());
    if (index == options_.max_buffers)
        return std::nullopt;
    const Supply& supply = generation.supply;
    const Layout& expected = generation.layout
                                 ? *generation.layout
                                 : supply.prepared->plan().candidates()[supply.first].layout;
    const std::uint64_t bytes = solver::total_size(expected);
    const std::size_t fds = expected.dmabuf_sizes.size();
    if (!fits(bytes, fds))
        return std::nullopt;
    generation.taken.resize(std::max(generation.taken.size(), index + 1));
    generation.taken[index] = true;
    ++generation.buffers;
    ++places_;
    bytes_ += bytes;
    fds_ += fds;
    return PoolPlace(*this, generation.number, static_cast<std::uint32_t>(index), bytes, fds);
}

bool PoolState::fits(std::uint64_t bytes, std::size_t fds) const {
    return bytes_ <= options_.max_bytes && bytes <= options_.max_bytes - bytes_ &&
           fds_ <= options_.max_fds && fds <= options_.max_fds - fds_;
}

void PoolState::leave(PoolPlace& place) noexcept {
    if (place.generation_ == current_.number && place.generation_ != 0) {
        current_.taken[place.index_] = false;
        --current_.buffers;
    }
    place.generation_ = 0;
}

void PoolState::give_back(PoolPlace& place) noexcept {
    const std::lock_guard lock(mutex_);
    leave(place);
    --places_;
    bytes_ -= place.bytes_;
    fds_ -= place.fds_;
    waiters_.wake_all();
}

PoolSlot PoolState::hand_out(std::shared_ptr<Pooled> pooled, std::size_t spare) {
    waiters_.taken();
    least_idle_ = std::min(least_idle_, spare);
    ++stats_.acquired;
    stats_.high_water = std::max(stats_.high_water, ++stats_.in_flight);
    return Internal::make<PoolSlot>(shared_from_this(), std::move(pooled));
}

Error PoolState::full(std::uint64_t events, const DeviceWork& devices) {
    if (places_ == 0)
        return failure(Stage::acquire, Cause::limit, 0, "pool",
                       "not one buffer fits into max_bytes and max_fds", "raise them");
    if (auto told = waiters_.found_nothing(events, devices); !told)
        return std::move(told).error();
    return failure(
        Stage::acquire, Cause::busy, 0, "pool",
        current_.buffers < options_.max_buffers
            ? fmt::format("{} and {} descriptors in use: no room for one more", size_text(bytes_),
                          fds_)
            : fmt::format("all {} buffers are in use", options_.max_buffers),
        idle_.empty()
            ? "release slots"
            : fmt::format("release slots, or wait: devices still work on {} that came back",
                          idle_.size()));
}

std::optional<PoolSlot> PoolState::recycle(const DeviceWork& devices) {
    auto next = idle_.end();
    std::size_t free = idle_.size();
    if (options_.wait_for_devices) {
        const auto& done = devices.done();
        free = done.size();
        next = std::find_if(idle_.begin(), idle_.end(), [&](const IdleBuffer& idle) {
            return std::find(done.begin(), done.end(), idle.turn) != done.end();
        });
    } else if (free > 0) {
        --next;
    }
    if (next == idle_.end())
        return std::nullopt;
    auto pooled = std::move(next->pooled);
    idle_.erase(next);
    ++stats_.recycled;
    return hand_out(std::move(pooled), free - 1);
}

Result<PoolSlot> PoolState::acquire(Timeout timeout) {
    DeviceWork devices; // dies after the lock
    std::unique_lock lock(mutex_);
    auto slot = acquire(lock, timeout, devices);
    waiters_.leave();
    if (!slot)
        return refuse(slot.error());
    return slot;
}

Result<PoolSlot> PoolState::acquire(std::unique_lock<std::mutex>& lock, Timeout timeout,
                                    DeviceWork& devices) {
    std::optional<Countdown> countdown;
    bool in_time = !timeout || timeout->count() > 0;
    for (;;) {
        const std::uint64_t changes = waiters_.changes();
        const std::uint64_t events = waiters_.events();
        if (options_.wait_for_devices) {
            Buffers idle = idle_;
            lock.unlock();
            auto looked = devices.look(std::move(idle));
            lock.lock();
            if (!looked)
                return std::move(looked).error();
        }
        if (closed_)
            return closed();
        if (auto slot = recycle(devices))
            return *std::move(slot);
        if (auto place = book(current_)) {
            const Supply supply = current_.supply;
            lock.unlock();
            auto grown = grow(*std::move(place), supply);
            lock.lock();
            if (!grown)
                return std::move(grown).error();
            if (*grown)
                return hand_out(*std::move(grown), 0);
            continue;
        }
        // Who gave up must look once more: it may have been woken as well, and nobody else was.
        if (places_ == 0 || !in_time)
            return full(events, devices);
        if (!countdown) {
            countdown.emplace(timeout);
            ++stats_.waited;
        }
        auto woken = waiters_.wait(lock, changes, devices, *countdown);
        if (!woken)
            return std::move(woken).error();
        in_time = *woken;
    }
}

IdleBuffer PoolState::take_coldest() noexcept {
    auto coldest = std::move(idle_.front());
    idle_.erase(idle_.begin());
    leave(coldest.pooled->place);
    ++stats_.trimmed;
    // Who waits for devices has a share in it, and gives it up.
    waiters_.wake_all();
    return coldest;
}

IdleBuffer PoolState::take_surplus() noexcept {
    if (options_.trim_after == 0 || ++releases_ < options_.trim_after)
        return {};
    const bool surplus = least_idle_ > options_.keep_idle && current_.buffers > current_.least;
    auto coldest = surplus ? take_coldest() : IdleBuffer();
    releases_ = 0;
    least_idle_ = idle_.size();
    return coldest;
}

void PoolState::give_back(std::shared_ptr<Pooled> pooled,
                          std::shared_ptr<const Fence> fence) noexcept {
    IdleBuffer doomed;
    const std::lock_guard lock(mutex_);
    --stats_.in_flight;
    if (closed_ || pooled->generation != current_.number) {
        ++stats_.retired;
        doomed.pooled = std::move(pooled);
        return;
    }
    idle_.push_back({std::move(pooled), ++turns_, std::move(fence)});
    waiters_.wake_one();
    doomed = take_surplus();
}

std::size_t PoolState::trim(std::size_t keep) {
    for (std::size_t freed = 0;; ++freed) {
        IdleBuffer coldest;
        const std::lock_guard lock(mutex_);
        if (idle_.empty() || current_.buffers <= keep)
            return freed;
        coldest = take_coldest();
    }
}

std::size_t PoolState::trim() {
    const auto least = [&] {
        const std::lock_guard lock(mutex_);
        return current_.least;
    }();
    return trim(least);
}

void PoolState::close() noexcept {
    Buffers idle;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle.swap(idle_);
    waiters_.wake_all();
}

Result<Pollable> PoolState::pollable() {
    const std::lock_guard lock(mutex_);
    return waiters_.pollable();
}

PoolStats PoolState::stats() const {
    const std::lock_guard lock(mutex_);
    PoolStats stats = stats_;
    stats.idle = idle_.size();
    stats.bytes = bytes_;
    stats.fds = fds_;
    return stats;
}

Error PoolState::refuse(Error error) {
    ++stats_.failures[error.cause];
    return error;
}

Error PoolState::count(Error error) {
    const std::lock_guard lock(mutex_);
    return refuse(std::move(error));
}

} // namespace simplealloc
