// SPDX-License-Identifier: MIT
// The handles to what a pool and its slots share.
#include <simplealloc/pool.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/pool/state.hpp"

#include <fmt/format.h>
#include <utility>

namespace simplealloc {

namespace {

constexpr std::size_t most_buffers = 65536;

Result<void> check_options(const PoolOptions& options) {
    if (options.max_buffers < 1 || options.max_buffers > most_buffers)
        return failure(
            Stage::request, Cause::invalid, 0, "pool",
            fmt::format("max_buffers is {}, not 1 to {}", options.max_buffers, most_buffers));
    if (options.min_buffers > options.max_buffers)
        return failure(Stage::request, Cause::invalid, 0, "pool",
                       fmt::format("min_buffers is {}, more than max_buffers, {}",
                                   options.min_buffers, options.max_buffers));
    return {};
}

/// One source has to have room for what is allocated in advance.
Result<Plan> plan_for(const Allocator& allocator, Request request, const PoolOptions& options) {
    if (request.count.value_or(1) == 1 && options.min_buffers > 1 && !options.mix_sources)
        request.count = static_cast<std::uint32_t>(options.min_buffers);
    return allocator.plan(request);
}

} // namespace

PoolSlot::PoolSlot() noexcept = default;
PoolSlot::PoolSlot(std::shared_ptr<PoolState> state, std::shared_ptr<Pooled> pooled) noexcept
    : state_(std::move(state)), pooled_(std::move(pooled)) {}
PoolSlot::PoolSlot(PoolSlot&&) noexcept = default;

PoolSlot& PoolSlot::operator=(PoolSlot&& other) noexcept {
    if (this != &other) {
        release();
        state_ = std::move(other.state_);
        pooled_ = std::move(other.pooled_);
    }
    return *this;
}

PoolSlot::~PoolSlot() {
    // Most that die were moved from.
    if (pooled_)
        release();
}

const Buffer& PoolSlot::buffer() const noexcept {
    return pooled_->buffer;
}
std::uint32_t PoolSlot::index() const noexcept {
    return pooled_->place.index();
}
std::uint64_t PoolSlot::generation() const noexcept {
    return pooled_->generation;
}

void PoolSlot::release() noexcept {
    if (pooled_)
        state_->give_back(std::move(pooled_));
    state_.reset();
}

Result<void> PoolSlot::release(const Fence& fence) {
    if (!pooled_)
        return {};
    auto left = leave_fence(pooled_->buffer, fence, state_->options().wait_for_devices);
    if (!left)
        return std::move(left).error();
    state_->give_back(std::move(pooled_), *std::move(left));
    state_.reset();
    return {};
}

Result<Pool> Pool::create(const Allocator& allocator, const Plan& plan, PoolOptions options) {
    if (auto checked = check_options(options); !checked)
        return std::move(checked).error();
    UniqueFd counter;
    if (options.wait_for_devices) {
        auto made = PoolWaiters::make_counter();
        if (!made)
            return std::move(made).error();
        counter = *std::move(made);
    }
    auto state =
        std::make_shared<PoolState>(Internal::make<Allocator>(Internal::pointer(allocator)),
                                    std::move(options), std::move(counter));
    if (auto started = state->start(plan); !started)
        return std::move(started).error();
    return Pool(std::move(state));
}

Result<Pool> Pool::create(const Allocator& allocator, const Request& request, PoolOptions options) {
    if (auto checked = check_options(options); !checked)
        return std::move(checked).error();
    auto plan = plan_for(allocator, request, options);
    if (!plan)
        return std::move(plan).error();
    return create(allocator, *plan, std::move(options));
}

Pool::Pool(std::shared_ptr<PoolState> state) noexcept : state_(std::move(state)) {}
Pool::Pool(Pool&&) noexcept = default;

Pool& Pool::operator=(Pool&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

Pool::~Pool() {
    close();
}

Result<PoolSlot> Pool::try_acquire() {
    return state_->acquire(std::chrono::nanoseconds::zero());
}
Result<PoolSlot> Pool::acquire(Timeout timeout) {
    return state_->acquire(timeout);
}
Result<Pollable> Pool::pollable() {
    return state_->pollable();
}

Result<void> Pool::replan(const Plan& plan) {
    return state_->start(plan);
}

Result<void> Pool::replan(const Request& request) {
    const auto plan = plan_for(state_->allocator(), request, state_->options());
    if (!plan)
        return state_->count(plan.error());
    return replan(*plan);
}

std::size_t Pool::trim(std::size_t keep) {
    return state_->trim(keep);
}
std::size_t Pool::trim() {
    return state_->trim();
}

void Pool::close() noexcept {
    if (state_)
        state_->close();
}

PoolStats Pool::stats() const {
    return state_->stats();
}

} // namespace simplealloc
