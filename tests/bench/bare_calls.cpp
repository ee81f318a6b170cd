// SPDX-License-Identifier: MIT
// The kernel's calls for each source.
#include "tests/bench/bare_calls.hpp"

#include "backends/uapi/simple_allocator.h"

#include <simplealloc/unique_fd.hpp>

#include <array>
#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <libudev.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace simplealloc::bench {

namespace {

int checked(int result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

std::shared_ptr<UniqueFd> open_node(const std::string& path, int flags) {
    return std::make_shared<UniqueFd>(
        UniqueFd::adopt(checked(::open(path.c_str(), flags | O_CLOEXEC), path.c_str())));
}

int allocate_from_heap(int heap, std::uint64_t size) {
    dma_heap_allocation_data request = {};
    request.len = size;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    checked(ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request), "DMA_HEAP_IOCTL_ALLOC");
    return static_cast<int>(request.fd);
}

void heap(int node, std::uint64_t size) {
    checked(::close(allocate_from_heap(node, size)), "close");
}

void udmabuf(int node, std::uint64_t size) {
    const int memfd = checked(memfd_create("bench", MFD_ALLOW_SEALING | MFD_CLOEXEC), "memfd");
    checked(ftruncate(memfd, static_cast<off_t>(size)), "ftruncate");
    checked(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), "F_ADD_SEALS");
    udmabuf_create request = {};
    request.memfd = static_cast<__u32>(memfd);
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.size = size;
    const int fd = checked(ioctl(node, UDMABUF_CREATE, &request), "UDMABUF_CREATE");
    checked(::close(memfd), "close");
    checked(::close(fd), "close");
}

void simple_allocator(int node, std::uint64_t size) {
    sa_allocation_data request = {};
    request.length = size;
    request.flags = O_RDWR | O_CLOEXEC;
    checked(ioctl(node, SA_IOC_ALLOC, &request), "SA_IOC_ALLOC");
    checked(::close(request.fd), "close");
}

/// A dumb buffer with lines of `stride` bytes, seen as pixels of 32 bits.
void dumb(int node, std::uint64_t stride, std::uint64_t size) {
    drm_mode_create_dumb create = {};
    create.width = static_cast<__u32>(stride / 4);
    create.height = static_cast<__u32>(size / stride);
    create.bpp = 32;
    checked(ioctl(node, DRM_IOCTL_MODE_CREATE_DUMB, &create), "CREATE_DUMB");
    drm_prime_handle prime = {};
    prime.handle = create.handle;
    prime.flags = DRM_CLOEXEC | DRM_RDWR;
    checked(ioctl(node, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), "HANDLE_TO_FD");
    drm_mode_destroy_dumb destroy = {};
    destroy.handle = create.handle;
    checked(ioctl(node, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy), "DESTROY_DUMB");
    checked(::close(prime.fd), "close");
}

std::shared_ptr<UniqueFd> open_card(const std::string& path) {
    auto node = open_node(path, O_RDWR);
    checked(ioctl(node->get(), DRM_IOCTL_DROP_MASTER, 0), "DROP_MASTER");
    return node;
}

} // namespace

std::function<void()> bare_allocation(const Candidate& candidate) {
    const std::string& source = candidate.source;
    const std::string kind = source.substr(0, source.find(':'));
    const std::string instance = source.substr(std::min(kind.size() + 1, source.size()));
    const std::uint64_t size = candidate.layout.dmabuf_sizes.front();
    if (kind == "dma-heap")
        return [node = open_node("/dev/dma_heap/" + instance, O_RDONLY), size] {
            heap(node->get(), size);
        };
    if (kind == "udmabuf")
        return [node = open_node("/dev/udmabuf", O_RDWR), size] { udmabuf(node->get(), size); };
    if (kind == "simple-allocator")
        return [node = open_node("/dev/" + instance, O_RDWR), size] {
            simple_allocator(node->get(), size);
        };
    if (kind == "drm-dumb") {
        const std::uint64_t stride = candidate.layout.planes.front().stride;
        return [node = open_card("/dev/dri/" + instance), size,
                line = stride != 0 ? stride : size] { dumb(node->get(), line, size); };
    }
    return {};
}

BareMapping::BareMapping(std::size_t size) : size_(size) {
    fd_ = allocate_from_heap(open_node("/dev/dma_heap/system", O_RDONLY)->get(), size);
    address_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (address_ == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "mmap");
}

BareMapping::~BareMapping() {
    munmap(address_, size_);
    ::close(fd_);
}

void BareMapping::touch() const {
    dma_buf_sync sync = {DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW};
    checked(ioctl(fd_, DMA_BUF_IOCTL_SYNC, &sync), "SYNC_START");
    *static_cast<volatile char*>(address_) = 1;
    sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
    checked(ioctl(fd_, DMA_BUF_IOCTL_SYNC, &sync), "SYNC_END");
}

void enumerate_with_udev() {
    udev* context = udev_new();
    for (const char* subsystem : {"drm", "video4linux", "dma_heap", "misc", "simple_allocator"}) {
        udev_enumerate* found = udev_enumerate_new(context);
        udev_enumerate_add_match_subsystem(found, subsystem);
        checked(udev_enumerate_scan_devices(found), "udev_enumerate_scan_devices");
        udev_list_entry* entry = nullptr;
        udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(found)) {
            udev_device* device =
                udev_device_new_from_syspath(context, udev_list_entry_get_name(entry));
            if (device == nullptr || udev_device_get_devnode(device) == nullptr)
                continue;
            udev_device_unref(device);
        }
        udev_enumerate_unref(found);
    }
    udev_unref(context);
}

} // namespace simplealloc::bench
