// SPDX-License-Identifier: MIT
// dma-heaps and udmabuf for the fake kernel.
#include "tests/support/fake_devices.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>

#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/sysmacros.h>

namespace simplealloc::test {

std::shared_ptr<void> FakePool::take(const std::shared_ptr<FakePool>& pool, std::uint64_t bytes) {
    if (bytes > pool->capacity - pool->used)
        return nullptr;
    pool->used += bytes;
    return {pool.get(), [pool, bytes](void*) { pool->used -= bytes; }};
}

namespace {

/// drivers/dma-buf/dma-heap.c: dma_heap_ioctl_allocate.
int allocate(FakeKernel& kernel, const FakeHeap& heap, dma_heap_allocation_data& request) {
    constexpr std::uint32_t valid_fd_flags = O_CLOEXEC | O_ACCMODE;
    if (request.fd != 0 || (request.fd_flags & ~valid_fd_flags) != 0 || request.heap_flags != 0 ||
        request.len == 0 || request.len > UINT64_MAX - kernel.page) {
        return -EINVAL;
    }
    const std::uint64_t size = (request.len + kernel.page - 1) / kernel.page * kernel.page;
    auto charge = FakePool::take(heap.pool, size);
    if (!charge)
        return -ENOMEM;
    auto dmabuf = kernel.make_dmabuf(size - heap.missing, heap.name,
                                     static_cast<int>(request.fd_flags), std::move(charge));
    dmabuf->contiguous = heap.contiguous;
    dmabuf->mappable = heap.mappable;
    dmabuf->old_data = heap.old_data;
    request.fd = static_cast<std::uint32_t>(kernel.install(std::move(dmabuf)));
    return 0;
}

/// drivers/dma-buf/udmabuf.c: udmabuf_create.
int create(FakeKernel& kernel, const udmabuf_create& request) {
    const auto memfd = kernel.memfd(static_cast<int>(request.memfd));
    if (!memfd)
        return -EBADFD;
    if ((memfd->seals & F_SEAL_SHRINK) == 0 || (memfd->seals & F_SEAL_WRITE) != 0)
        return -EINVAL;
    if (request.size == 0 || request.offset % kernel.page != 0 || request.size % kernel.page != 0 ||
        request.offset > memfd->size || request.size > memfd->size - request.offset) {
        return -EINVAL;
    }
    const std::string limit =
        kernel.text("/sys/module/udmabuf/parameters/size_limit_mb").value_or("64");
    if (request.size / kernel.page >
        std::strtoull(limit.c_str(), nullptr, 10) * 1024 * 1024 / kernel.page) {
        return -EINVAL;
    }
    auto dmabuf = kernel.make_dmabuf(request.size, "udmabuf", O_RDWR, memfd);
    dmabuf->end_needs_start = true;
    return kernel.install(std::move(dmabuf));
}

} // namespace

std::shared_ptr<FakeHeap> add_dma_heap(FakeKernel& kernel, FakeHeap heap) {
    static unsigned minor = 0;
    auto shared = std::make_shared<FakeHeap>(std::move(heap));
    FakeNode node;
    node.path = "/dev/dma_heap/" + shared->name;
    node.devnum = makedev(251, minor++);
    node.open = [&kernel, shared](int) -> IoctlHandler {
        return [&kernel, shared](int, unsigned long request, void* argument) {
            if (shared->override)
                if (const auto answer = shared->override(request, argument))
                    return *answer;
            // An unknown number on a heap is EINVAL, not ENOTTY.
            if (request != DMA_HEAP_IOCTL_ALLOC)
                return -EINVAL;
            return allocate(kernel, *shared, *static_cast<dma_heap_allocation_data*>(argument));
        };
    };
    if (shared->in_udev) {
        udev::Node known;
        known.syspath = "/sys/devices/virtual/dma_heap/" + shared->name;
        known.sysname = shared->name;
        known.devnode = node.path;
        known.subsystem = "dma_heap";
        known.devnum = node.devnum;
        kernel.add_udev(std::move(known));
    }
    kernel.add_node(std::move(node));
    return shared;
}

void add_udmabuf(FakeKernel& kernel, unsigned size_limit_mb, unsigned list_limit) {
    const std::string parameters = "/sys/module/udmabuf/parameters/";
    kernel.add_file(parameters + "size_limit_mb", std::to_string(size_limit_mb) + "\n");
    kernel.add_file(parameters + "list_limit", std::to_string(list_limit) + "\n");
    FakeNode node;
    node.path = "/dev/udmabuf";
    node.devnum = makedev(10, 125);
    node.open = [&kernel](int) -> IoctlHandler {
        return [&kernel](int, unsigned long request, void* argument) {
            return request == UDMABUF_CREATE
                       ? create(kernel, *static_cast<udmabuf_create*>(argument))
                       : -ENOTTY;
        };
    };
    udev::Node known;
    known.syspath = "/sys/devices/virtual/misc/udmabuf";
    known.sysname = "udmabuf";
    known.devnode = node.path;
    known.subsystem = "misc";
    known.devnum = node.devnum;
    kernel.add_udev(std::move(known));
    kernel.add_node(std::move(node));
}

} // namespace simplealloc::test
