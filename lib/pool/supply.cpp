// SPDX-License-Identifier: MIT
// Where a pool's buffers come from: one source for all of a generation.
#include "lib/allocate/prepared.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/size_text.hpp"
#include "lib/discovery/v4l2/min_buffers.hpp"
#include "lib/model/layout.hpp"
#include "lib/pool/state.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace simplealloc {

namespace {

/// The candidate of that source, or their number.
std::size_t candidate_of(const Plan& plan, const std::string& source) {
    const auto all = plan.candidates();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
        return candidate.source == source;
    });
    return static_cast<std::size_t>(found - all.begin());
}

} // namespace

Result<bool> PoolState::Generation::admit(const Buffer& buffer, bool one_source) {
    if (!layout) {
        layout = buffer.layout();
        source = buffer.source();
        if (one_source) {
            supply.first = candidate_of(supply.prepared->plan(), source);
            supply.count = 1;
        }
    }
    if (!one_source)
        return true;
    if (buffer.source() != source)
        return false;
    if (buffer.layout() != *layout)
        return failure(Stage::layout, Cause::mismatch, 0, source,
                       "the kernel gave another layout than for the pool's other buffers");
    return true;
}

Result<std::shared_ptr<Pooled>> PoolState::allocate(PoolPlace place, const Supply& supply) {
    auto buffer = allocate_from(*supply.prepared, supply.first, supply.count);
    if (!buffer) {
        Error error = buffer.error();
        error.detail = fmt::format("buffer {} of a pool of at most {}: {}", place.index() + 1,
                                   options_.max_buffers, error.detail);
        return error;
    }
    const std::uint64_t bytes = solver::total_size(buffer->layout());
    const std::size_t fds = buffer->dmabufs().size();
    const std::uint64_t generation = place.generation_;
    {
        const std::lock_guard lock(mutex_);
        bytes_ -= std::exchange(place.bytes_, 0);
        fds_ -= std::exchange(place.fds_, 0);
        if (!fits(bytes, fds))
            return failure(
                Stage::acquire, Cause::limit, 0, "pool",
                fmt::format("the kernel gave {}: more than max_bytes leaves", size_text(bytes)),
                "raise it");
        bytes_ += place.bytes_ = bytes;
        fds_ += place.fds_ = fds;
    }
    return std::shared_ptr<Pooled>(new Pooled{std::move(place), *std::move(buffer), generation});
}

Result<PoolState::Buffers> PoolState::fill(Generation& next) {
    Buffers buffers;
    while (buffers.size() < next.least) {
        auto place = [&] {
            const std::lock_guard lock(mutex_);
            return book(next);
        }();
        if (!place)
            return failure(Stage::acquire, Cause::limit, 0, "pool",
                           fmt::format("buffer {} of {} exceeds max_bytes or max_fds",
                                       buffers.size() + 1, next.least),
                           "raise them, release buffers, or trim the pool");
        auto pooled = allocate(*std::move(place), next.supply);
        if (!pooled)
            return std::move(pooled).error();
        auto admitted = next.admit((*pooled)->buffer, !options_.mix_sources);
        if (!admitted)
            return std::move(admitted).error();
        buffers.push_back({*std::move(pooled)});
    }
    // Index 0 shall be handed out first.
    if (!options_.wait_for_devices)
        std::reverse(buffers.begin(), buffers.end());
    return buffers;
}

Result<PoolState::Buffers> PoolState::preallocate(Generation& next) {
    std::vector<Attempt> attempts;
    for (;;) {
        Generation trial = next;
        auto buffers = fill(trial);
        if (buffers) {
            next = std::move(trial);
            return buffers;
        }
        Error error = buffers.error();
        const bool by_budget = error.attempts.empty();
        std::move(error.attempts.begin(), error.attempts.end(), std::back_inserter(attempts));
        error.attempts = attempts;
        // A source that served at first may have no memory for all of them, and the next one may.
        const std::size_t following = trial.supply.first + 1;
        const std::size_t candidates = next.supply.first + next.supply.count;
        if (by_budget || !trial.layout || options_.mix_sources || !goes_on(error.cause) ||
            following >= candidates)
            return error;
        next.supply.first = following;
        next.supply.count = candidates - following;
    }
}

Result<void> PoolState::start(const Plan& plan) {
    Generation next;
    next.supply.prepared =
        std::make_shared<const Prepared>(allocator_.prepare(plan, options_.allocate));
    next.supply.count = plan.candidates().size();
    next.least = options_.min_buffers;
    if (next.least == 0)
        next.least =
            std::min<std::size_t>(least_buffers(plan.request().uses), options_.max_buffers);
    if (next.supply.count == 0)
        return count(next.supply.prepared->allocate().error());
    {
        const std::lock_guard lock(mutex_);
        next.number = ++last_generation_;
    }
    auto fresh = preallocate(next);
    if (!fresh)
        return count(fresh.error());
    const std::lock_guard lock(mutex_);
    if (closed_)
        return closed();
    stats_.allocated += fresh->size();
    stats_.retired += idle_.size();
    // What is replaced dies after the lock.
    std::swap(current_, next);
    idle_.swap(*fresh);
    for (IdleBuffer& idle : idle_)
        idle.turn = ++turns_;
    releases_ = 0;
    least_idle_ = idle_.size();
    waiters_.wake_all();
    return {};
}

Result<std::shared_ptr<Pooled>> PoolState::grow(PoolPlace place, const Supply& supply) {
    auto pooled = allocate(std::move(place), supply);
    if (!pooled)
        return pooled;
    const std::lock_guard lock(mutex_);
    if (closed_)
        return closed();
    if ((*pooled)->generation != current_.number)
        return std::shared_ptr<Pooled>();
    auto admitted = current_.admit((*pooled)->buffer, !options_.mix_sources);
    if (!admitted)
        return std::move(admitted).error();
    if (!*admitted)
        return std::shared_ptr<Pooled>();
    // So that giving it back can't fail.
    idle_.reserve(current_.buffers);
    ++stats_.allocated;
    return pooled;
}

} // namespace simplealloc
