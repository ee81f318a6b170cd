// SPDX-License-Identifier: MIT
// Pools of C.
#include "lib/c/allocator.hpp"
#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/fence.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/plan.hpp"
#include "lib/c/prepared.hpp"
#include "lib/c/stats.hpp"
#include "lib/c/timeout.hpp"

#include <simplealloc/pool.h>
#include <simplealloc/pool.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

struct simplealloc_pool {
    Pool pool;
};

struct simplealloc_pool_slot {
    explicit simplealloc_pool_slot(PoolSlot what) : slot(std::move(what)), buffer(slot.buffer()) {}

    PoolSlot slot;
    simplealloc_buffer buffer; ///< borrowed of it
};

namespace simplealloc::c {

static simplealloc_pool_stats to_c(const PoolStats& stats, Arena& arena) {
    return {stats.acquired,
            stats.recycled,
            stats.allocated,
            stats.waited,
            stats.trimmed,
            stats.retired,
            stats.in_flight,
            stats.idle,
            stats.high_water,
            stats.bytes,
            stats.fds,
            arena.pointers<simplealloc_failure_count>(
                stats.failures, [&](const auto& item) { return arena.add(to_c(item, arena)); })};
}

} // namespace simplealloc::c

namespace {

PoolOptions read(const simplealloc_pool_options* options) {
    const auto given =
        read_struct(options, simplealloc_pool_options SIMPLEALLOC_POOL_OPTIONS_INIT, "options");
    PoolOptions out;
    out.min_buffers = given.min_buffers;
    out.max_buffers = given.max_buffers;
    out.max_bytes = given.max_bytes;
    out.max_fds = given.max_fds;
    out.trim_after = given.trim_after;
    out.keep_idle = given.keep_idle;
    out.mix_sources = flag(given.mix_sources, "mix_sources");
    out.wait_for_devices = flag(given.wait_for_devices, "wait_for_devices");
    out.allocate = read_options(given.allocate);
    return out;
}

template <typename From>
Result<void> create(const simplealloc_allocator* allocator, const From& from,
                    const simplealloc_pool_options* options, simplealloc_pool*& out) {
    const Allocator& source = need(allocator, "allocator").allocator;
    return give(out, Pool::create(source, from, read(options)));
}

} // namespace

void simplealloc_pool_stats_free(simplealloc_pool_stats* stats) {
    take_back(stats);
}

void simplealloc_pool_slot_free(simplealloc_pool_slot* slot) {
    delete slot;
}

int simplealloc_pool_slot_release(simplealloc_pool_slot* slot, const simplealloc_fence* fence,
                                  simplealloc_error** error) {
    return guarded(error, [&] {
        auto released = need(slot, "slot").slot.release(need(fence, "fence").fence);
        if (released)
            delete slot;
        return released;
    });
}

const simplealloc_buffer* simplealloc_pool_slot_get_buffer(const simplealloc_pool_slot* slot) {
    return got(slot, [](const auto& s) { return &s.buffer; });
}

std::uint32_t simplealloc_pool_slot_get_index(const simplealloc_pool_slot* slot) {
    return got(slot, [](const auto& s) { return s.slot.index(); });
}

std::uint64_t simplealloc_pool_slot_get_generation(const simplealloc_pool_slot* slot) {
    return got(slot, [](const auto& s) { return s.slot.generation(); });
}

int simplealloc_pool_create(const simplealloc_allocator* allocator, const simplealloc_plan* plan,
                            const simplealloc_pool_options* options, simplealloc_pool** pool,
                            simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(pool, "pool");
        return create(allocator, need(plan, "plan").plan, options, out);
    });
}

int simplealloc_pool_create_request(const simplealloc_allocator* allocator,
                                    const simplealloc_request* request,
                                    const simplealloc_pool_options* options,
                                    simplealloc_pool** pool, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(pool, "pool");
        return create(allocator, read_request(request), options, out);
    });
}

void simplealloc_pool_free(simplealloc_pool* pool) {
    delete pool;
}

int simplealloc_pool_acquire(simplealloc_pool* pool, std::int64_t timeout_ns,
                             simplealloc_pool_slot** slot, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(slot, "slot");
        return give(out, need(pool, "pool").pool.acquire(to_timeout(timeout_ns)));
    });
}

int simplealloc_pool_pollable(simplealloc_pool* pool, simplealloc_pollable* pollable,
                              simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(pollable, "pollable");
        return store(out, need(pool, "pool").pool.pollable());
    });
}

int simplealloc_pool_replan(simplealloc_pool* pool, const simplealloc_plan* plan,
                            simplealloc_error** error) {
    return guarded(error, [&] { return need(pool, "pool").pool.replan(need(plan, "plan").plan); });
}

int simplealloc_pool_replan_request(simplealloc_pool* pool, const simplealloc_request* request,
                                    simplealloc_error** error) {
    return guarded(error, [&] { return need(pool, "pool").pool.replan(read_request(request)); });
}

std::size_t simplealloc_pool_trim(simplealloc_pool* pool, std::size_t keep) {
    std::size_t freed = 0;
    guarded(nullptr, [&] { freed = need(pool, "pool").pool.trim(keep); });
    return freed;
}

std::size_t simplealloc_pool_trim_to_min(simplealloc_pool* pool) {
    std::size_t freed = 0;
    guarded(nullptr, [&] { freed = need(pool, "pool").pool.trim(); });
    return freed;
}

void simplealloc_pool_close(simplealloc_pool* pool) {
    if (pool != nullptr)
        pool->pool.close();
}

int simplealloc_pool_get_stats(const simplealloc_pool* pool, simplealloc_pool_stats** stats,
                               simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(stats, "stats");
        out = hand_out<simplealloc_pool_stats>(need(pool, "pool").pool.stats());
    });
}
