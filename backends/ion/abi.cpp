// SPDX-License-Identifier: MIT
// The two ABIs of /dev/ion. A number of one is ENOTTY in the other, because sizes differ.
#include "backends/ion/abi.hpp"

#include "backends/common/source.hpp"
#include "backends/uapi/ion.h"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace simplealloc::ion {

namespace {

/// A vendor's kernel may have tens of heaps, but no more than a mask has bits.
constexpr std::uint32_t most_heaps = 32;

Error refused(Stage stage, int sys_errno, std::string detail) {
    return failure(stage, cause_of(sys_errno), sys_errno, "/dev/ion", std::move(detail));
}

/// ENODEV is the answer to a mask without a heap, and EINVAL is how heaps refuse a size, alignment
/// or flag that they don't do: length 0, which is EINVAL as well, is never asked.
///
/// EPERM is no matter of rights, which open() has checked: the handle ABI's CMA heap says it when
/// it is full (ion_cma_heap.c, ION_CMA_ALLOCATE_FAILED is -1).
Error allocation_failed(Abi abi, int sys_errno, const Order& order) {
    const std::string detail = fmt::format("allocate {}{} from heap {}", size_text(order.size),
                                           order.cached ? " cached" : "", order.heap_id);
    if (sys_errno == EINVAL)
        return failure(Stage::allocate, Cause::unsupported, sys_errno, "/dev/ion",
                       detail + ", which it does not do");
    const bool full = abi == Abi::legacy && sys_errno == EPERM;
    if (full || cause_of(sys_errno) == Cause::exhausted)
        return failure(Stage::allocate, Cause::exhausted, sys_errno, "/dev/ion",
                       full ? detail + ", which is full" : detail,
                       "free buffers of this heap or ask for less");
    return refused(Stage::allocate, sys_errno, detail);
}

/// Owns a handle of the legacy ABI. Without FREE the memory would stay as long as the node is open.
class Handle {
public:
    Handle(int node, std::int32_t handle) : node_(node), handle_(handle) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        log::quietly("ion", [this] { return free(); });
    }

    [[nodiscard]] Result<UniqueFd> share() const {
        uapi::LegacyFd request = {};
        request.handle = handle_;
        request.fd = -1;
        const int result = kernel::ioctl(node_, uapi::legacy_share, &request);
        if (result < 0)
            return refused(Stage::export_fd, -result, "share a handle");
        // A negative descriptor is an errno, whatever the call itself returned.
        if (request.fd < 0)
            return refused(Stage::export_fd, -request.fd, "share a handle");
        return UniqueFd::adopt(request.fd);
    }

    /// Once; a second call does nothing.
    Result<void> free() {
        if (handle_ == 0)
            return {};
        uapi::LegacyHandle request = {};
        request.handle = std::exchange(handle_, 0);
        const int result = kernel::ioctl(node_, uapi::legacy_free, &request);
        if (result < 0)
            return refused(Stage::allocate, -result, "free a handle");
        return {};
    }

private:
    int node_;
    std::int32_t handle_;
};

Result<UniqueFd> allocate_legacy(int node, const Order& order) {
    uapi::LegacyAllocation request = {};
    if (order.size > std::numeric_limits<std::size_t>::max())
        return failure(
            Stage::allocate, Cause::limit, 0, "/dev/ion",
            fmt::format("{} are more than a 32-bit process can ask for", size_text(order.size)));
    request.len = static_cast<std::size_t>(order.size);
    // What every heap gives; most refuse more.
    request.align = kernel::page_size();
    request.heap_id_mask = 1U << order.heap_id;
    request.flags = order.cached ? uapi::flag_cached : 0;
    const int result = kernel::ioctl(node, uapi::legacy_alloc, &request);
    if (result < 0)
        return allocation_failed(Abi::legacy, -result, order);
    Handle handle(node, request.handle);
    auto shared = handle.share();
    if (!shared)
        return shared;
    // The dma-buf keeps the memory.
    if (auto freed = handle.free(); !freed)
        return std::move(freed).error();
    return shared;
}

Result<UniqueFd> allocate_modern(int node, const Order& order) {
    uapi::ModernAllocation request = {};
    request.len = order.size;
    request.heap_id_mask = 1U << order.heap_id;
    request.flags = order.cached ? uapi::flag_cached : 0;
    const int result = kernel::ioctl(node, uapi::modern_alloc, &request);
    if (result < 0)
        return allocation_failed(Abi::modern, -result, order);
    return UniqueFd::adopt(static_cast<int>(request.fd));
}

Result<std::uint32_t> query(int node, std::vector<uapi::HeapData>& heaps) {
    uapi::HeapQuery request = {};
    request.cnt = static_cast<std::uint32_t>(heaps.size());
    request.heaps = heaps.empty() ? 0 : reinterpret_cast<std::uintptr_t>(heaps.data());
    const int result = kernel::ioctl(node, uapi::heap_query, &request);
    if (result < 0)
        return refused(Stage::discover, -result, "ask for the heaps");
    return request.cnt;
}

} // namespace

const char* to_string(Abi abi) {
    switch (abi) {
    case Abi::legacy:
        return "handles (Linux up to 4.11)";
    case Abi::modern:
        return "dma-bufs (Linux 4.12 to 5.10)";
    case Abi::wide:
        return "handles of 64 bits (some vendors)";
    case Abi::modular:
        break;
    }
    return "dma-bufs, modular heaps (Android)";
}

namespace {

/// Whether the kernel knows a number of FREE. Handles count from 1, so that it frees nothing. What
/// speaks of neither ABI is no answer.
Result<bool> knows_free(int node, unsigned long number) {
    std::uint64_t none = 0;
    const int result = kernel::ioctl(node, number, &none);
    if (result >= 0)
        return true;
    switch (cause_of(-result)) {
    case Cause::exhausted:
    case Cause::denied:
    case Cause::fd_limit:
    case Cause::interrupted:
        return refused(Stage::open, -result, "find out its ABI");
    default:
        return result != -ENOTTY;
    }
}

} // namespace

Result<Abi> detect(int node) {
    auto handles = knows_free(node, uapi::legacy_free);
    if (!handles)
        return std::move(handles).error();
    if (*handles)
        return Abi::legacy;
    auto wide = knows_free(node, uapi::wide_free);
    if (!wide)
        return std::move(wide).error();
    return *wide ? Abi::wide : Abi::modern;
}

bool is_modular(int node) {
    std::uint32_t version = 0;
    return kernel::ioctl(node, uapi::abi_version, &version) >= 0 && version >= 2;
}

Result<std::vector<Heap>> query_heaps(int node) {
    std::vector<uapi::HeapData> found;
    auto count = query(node, found);
    if (!count)
        return std::move(count).error();
    if (*count == 0)
        return std::vector<Heap>();
    found.resize(std::min(*count, most_heaps));
    auto filled = query(node, found);
    if (!filled)
        return std::move(filled).error();
    found.resize(std::min<std::size_t>(*filled, found.size()));
    std::vector<Heap> heaps;
    for (const uapi::HeapData& one : found) {
        // A mask can't ask for others.
        if (one.heap_id < most_heaps)
            heaps.push_back({std::string(one.name, ::strnlen(one.name, sizeof(one.name))), one.type,
                             one.heap_id});
    }
    return heaps;
}

Result<UniqueFd> allocate(int node, Abi abi, const Order& order) {
    return abi == Abi::legacy ? allocate_legacy(node, order) : allocate_modern(node, order);
}

Result<void> sync(int node, int dmabuf) {
    uapi::LegacyFd request = {};
    request.fd = dmabuf;
    const int result = kernel::ioctl(node, uapi::legacy_sync, &request);
    if (result < 0)
        return refused(Stage::sync, -result, "write the CPU's caches back");
    return {};
}

} // namespace simplealloc::ion
