// SPDX-License-Identifier: MIT
// Fences of C.
#include "lib/c/fence.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/timeout.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

int simplealloc_fence_adopt(int sync_file, simplealloc_fence** fence, simplealloc_error** error) {
    UniqueFd fd = UniqueFd::adopt(sync_file);
    return guarded(error, [&] {
        auto& out = emptied(fence, "fence");
        return give(out, Fence::adopt(std::move(fd)));
    });
}

int simplealloc_fence_merge(const simplealloc_fence* first, const simplealloc_fence* second,
                            simplealloc_fence** fence, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(fence, "fence");
        // One after the other: arguments may be evaluated in any order.
        const Fence& a = need(first, "first").fence;
        const Fence& b = need(second, "second").fence;
        return give(out, Fence::merge(a, b));
    });
}

void simplealloc_fence_free(simplealloc_fence* fence) {
    delete fence;
}

int simplealloc_fence_wait(const simplealloc_fence* fence, std::int64_t timeout_ns,
                           simplealloc_error** error) {
    return guarded(error, [&] { return need(fence, "fence").fence.wait(to_timeout(timeout_ns)); });
}

int simplealloc_fence_status(const simplealloc_fence* fence, simplealloc_fence_state* state,
                             int* sys_errno, simplealloc_error** error) {
    return guarded(error, [&]() -> Result<void> {
        auto& out = need(state, "state");
        auto status = need(fence, "fence").fence.status();
        if (!status)
            return std::move(status).error();
        out = static_cast<simplealloc_fence_state>(status->state);
        if (sys_errno != nullptr)
            *sys_errno = status->sys_errno;
        return {};
    });
}

simplealloc_pollable simplealloc_fence_get_pollable(const simplealloc_fence* fence) {
    if (fence == nullptr)
        return {-1, 0};
    return to_c(fence->fence.pollable());
}

int simplealloc_fence_get_fd(const simplealloc_fence* fence) {
    return fence == nullptr ? -1 : fence->fence.fd();
}

int simplealloc_fence_release(simplealloc_fence* fence) {
    return fence == nullptr ? -1 : fence->fence.release().release();
}
