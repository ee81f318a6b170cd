// SPDX-License-Identifier: MIT
// A pool in C++ and the same in C, for callgrind to count the instructions of. Each step is a
// function of its own, for --toggle-collect='simplealloc::bench::c_recycles*'. pool-once [ROUNDS]
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.h>
#include <simplealloc/simplealloc.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace simplealloc::bench {

namespace {

template <typename T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "pool-once: %s\n", result.error().message().c_str());
        std::exit(1);
    }
    return *std::move(result);
}

void must(int code) {
    if (code < 0) {
        std::fprintf(stderr, "pool-once: %d\n", code);
        std::exit(1);
    }
}

} // namespace

[[gnu::noinline]] bool cpp_finds_it_full(Pool& pool) {
    return !pool.acquire(std::chrono::nanoseconds(0)).has_value();
}

[[gnu::noinline]] bool c_finds_it_full(simplealloc_pool* pool) {
    simplealloc_error* error = nullptr;
    simplealloc_pool_slot* slot = nullptr;
    const int code = simplealloc_pool_acquire(pool, 0, &slot, &error);
    simplealloc_error_free(error);
    return code < 0;
}

[[gnu::noinline]] bool cpp_recycles(Pool& pool) {
    const auto slot = pool.acquire(std::chrono::nanoseconds(0));
    return slot.has_value();
}

[[gnu::noinline]] bool c_recycles(simplealloc_pool* pool) {
    simplealloc_pool_slot* slot = nullptr;
    const int code = simplealloc_pool_acquire(pool, 0, &slot, nullptr);
    simplealloc_pool_slot_free(slot);
    return code == 0;
}

static int run(int rounds) {
    test::FakeKernel kernel;
    kernel.add_file("/proc/meminfo", "MemAvailable: 2097152 kB\n");
    test::add_dma_heap(kernel, {.name = "system"});

    auto pool = must(Pool::create(must(Allocator::open()), Request::bytes(1U << 20U),
                                  {.min_buffers = 1, .max_buffers = 1}));
    simplealloc_allocator* allocator = nullptr;
    simplealloc_pool* c_pool = nullptr;
    simplealloc_request request = SIMPLEALLOC_REQUEST_INIT;
    simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
    request.bytes = 1U << 20U;
    options.min_buffers = options.max_buffers = 1;
    must(simplealloc_allocator_open(nullptr, &allocator, nullptr));
    must(simplealloc_pool_create_request(allocator, &request, &options, &c_pool, nullptr));

    bool as_expected = true;
    for (int round = 0; round < rounds; ++round)
        as_expected = cpp_recycles(pool) && c_recycles(c_pool) && as_expected;
    {
        const auto taken = must(pool.acquire(std::chrono::nanoseconds(0)));
        simplealloc_pool_slot* c_taken = nullptr;
        must(simplealloc_pool_acquire(c_pool, 0, &c_taken, nullptr));
        for (int round = 0; round < rounds; ++round)
            as_expected = cpp_finds_it_full(pool) && c_finds_it_full(c_pool) && as_expected;
        simplealloc_pool_slot_free(c_taken);
    }
    simplealloc_pool_free(c_pool);
    simplealloc_allocator_free(allocator);
    return as_expected ? 0 : 1;
}

} // namespace simplealloc::bench

int main(int argc, char** argv) {
    return simplealloc::bench::run(argc > 1 ? std::atoi(argv[1]) : 100);
}
