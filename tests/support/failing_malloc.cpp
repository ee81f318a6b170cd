// SPDX-License-Identifier: MIT
// A program's own malloc takes the place of the C library's, which keeps its own under other names.
#include "tests/support/failing_malloc.hpp"

#include <atomic>
#include <cerrno>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace simplealloc::test {

namespace {

thread_local std::size_t countdown = 0; ///< 0: none fails
thread_local bool again = false;
thread_local bool has_failed = false;
std::atomic<std::ptrdiff_t> in_use = 0;

bool fails() {
    if (countdown == 0 || --countdown > 0)
        return false;
    countdown = again ? 1 : 0;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

void* counted(void* block) {
    if (block != nullptr)
        in_use.fetch_add(1, std::memory_order_relaxed);
    return block;
}

} // namespace

FailingMalloc::FailingMalloc(std::size_t nth, Failing failing) noexcept {
    has_failed = false;
    again = failing == Failing::for_good;
    countdown = nth;
}

FailingMalloc::~FailingMalloc() {
    countdown = 0;
}

bool FailingMalloc::failed() const noexcept {
    return has_failed;
}

std::ptrdiff_t blocks_in_use() noexcept {
    return in_use;
}

} // namespace simplealloc::test

using namespace simplealloc::test;

extern "C" {

void* malloc(std::size_t size) {
    return fails() ? nullptr : counted(__libc_malloc(size));
}
void* calloc(std::size_t count, std::size_t size) {
    return fails() ? nullptr : counted(__libc_calloc(count, size));
}
void* realloc(void* old, std::size_t size) {
    if (fails())
        return nullptr;
    void* const block = __libc_realloc(old, size);
    if (old == nullptr)
        return counted(block);
    if (size == 0)
        in_use.fetch_sub(1, std::memory_order_relaxed);
    return block;
}
void* memalign(std::size_t alignment, std::size_t size) {
    return fails() ? nullptr : counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
    void* const block = memalign(alignment, size);
    if (block == nullptr)
        return ENOMEM;
    *out = block;
    return 0;
}
void free(void* block) {
    if (block == nullptr)
        return;
    in_use.fetch_sub(1, std::memory_order_relaxed);
    __libc_free(block);
}
}
