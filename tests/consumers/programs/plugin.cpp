// SPDX-License-Identifier: MIT
// A plugin of a program that knows nothing of the library.
#include <simplealloc/simplealloc.h>

#include <simplealloc/simplealloc.hpp>

/// 0, or a negative errno.
extern "C" __attribute__((visibility("default"))) int plugin_run() {
    const auto allocator = simplealloc::Allocator::open();
    if (!allocator)
        return -1;
    const auto buffer = allocator->allocate(
        simplealloc::Request::bytes(1U << 20U).cpu(simplealloc::CpuAccess::write));
    return buffer && buffer->map(simplealloc::Access::write) ? 0 : -1;
}
