// SPDX-License-Identifier: MIT
// A simple allocator for the fake kernel.
#include "backends/uapi/simple_allocator.h"
#include "tests/support/fake_devices.hpp"

#include <cerrno>
#include <sys/sysmacros.h>

namespace simplealloc::test {

namespace {

int allocate(FakeKernel& kernel, const FakeSimpleAllocator& node, sa_allocation_data& request) {
    if (request.version != 0 || request.length == 0 || request.length > UINT64_MAX - kernel.page)
        return -EINVAL;
    const std::uint64_t size = (request.length + kernel.page - 1) / kernel.page * kernel.page;
    // Bytes taken for a count of pages.
    auto charge = FakePool::take(node.pool, node.v1 ? size * kernel.page : size);
    if (!charge)
        return -EINVAL;
    auto dmabuf = kernel.make_dmabuf(size, "simple_allocator_cma", static_cast<int>(request.flags),
                                     std::move(charge));
    // It says what it was asked for, without whole pages.
    if (node.v1)
        dmabuf->size = request.length;
    dmabuf->contiguous = true;
    dmabuf->old_data = node.old_data;
    request.length = dmabuf->size;
    request.fd = kernel.install(std::move(dmabuf));
    return 0;
}

} // namespace

std::shared_ptr<FakeSimpleAllocator> add_simple_allocator(FakeKernel& kernel,
                                                          FakeSimpleAllocator node) {
    static unsigned minor = 0;
    auto shared = std::make_shared<FakeSimpleAllocator>(std::move(node));
    FakeNode device;
    device.path = "/dev/" + shared->name;
    device.devnum = makedev(222, minor++);
    device.open = [&kernel, shared](int) -> IoctlHandler {
        return [&kernel, shared](int, unsigned long request, void* argument) {
            if (shared->override)
                if (const auto answer = shared->override(request, argument))
                    return *answer;
            // Not ENOTTY, as other drivers say.
            if (request != SA_IOC_ALLOC)
                return -ENODEV;
            return allocate(kernel, *shared, *static_cast<sa_allocation_data*>(argument));
        };
    };
    udev::Node known;
    known.syspath = "/sys/devices/virtual/simple_allocator/" + shared->name;
    known.sysname = shared->name;
    known.devnode = device.path;
    known.subsystem = "simple_allocator";
    known.devnum = device.devnum;
    kernel.add_udev(std::move(known));
    kernel.add_node(std::move(device));
    return shared;
}

} // namespace simplealloc::test
