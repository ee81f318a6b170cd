// SPDX-License-Identifier: MIT
// The interface of /dev/ion, which no kernel header has any more: the handle ABI up to Linux 4.11,
// and that of 4.12 to 5.10, which gives a dma-buf at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/ioctl.h>

namespace simplealloc::ion::uapi {

/// Cached mappings; without it they are write-combined.
constexpr std::uint32_t flag_cached = 1;

struct LegacyAllocation {
    std::size_t len;
    std::size_t align;
    std::uint32_t heap_id_mask;
    std::uint32_t flags;
    std::int32_t handle;
};

struct LegacyHandle {
    std::int32_t handle;
};

struct LegacyFd {
    std::int32_t handle;
    std::int32_t fd;
};

struct ModernAllocation {
    std::uint64_t len;
    std::uint32_t heap_id_mask;
    std::uint32_t flags;
    std::uint32_t fd;
    std::uint32_t unused;
};

struct HeapData {
    char name[32];
    std::uint32_t type;
    std::uint32_t heap_id;
    std::uint32_t reserved[3];
};

struct HeapQuery {
    std::uint32_t cnt; ///< in: room in `heaps`; out: heaps written, or all when `heaps` is 0
    std::uint32_t reserved0;
    std::uint64_t heaps; ///< address of an array of HeapData
    std::uint32_t reserved1;
    std::uint32_t reserved2;
};

constexpr unsigned long legacy_alloc = _IOWR('I', 0, LegacyAllocation);
constexpr unsigned long legacy_free = _IOWR('I', 1, LegacyHandle);
constexpr unsigned long wide_free = _IOWR('I', 1, std::uint64_t);
constexpr unsigned long legacy_share = _IOWR('I', 4, LegacyFd);
constexpr unsigned long legacy_sync = _IOWR('I', 7, LegacyFd);
constexpr unsigned long modern_alloc = _IOWR('I', 0, ModernAllocation);
constexpr unsigned long heap_query = _IOWR('I', 8, HeapQuery);
constexpr unsigned long abi_version = _IOR('I', 9, std::uint32_t);

// A wrong layout would be a wrong number, and that an ENOTTY: never a request misread.
static_assert(legacy_alloc == (sizeof(void*) == 8 ? 0xC0204900UL : 0xC0144900UL));
static_assert(sizeof(LegacyAllocation) == (sizeof(void*) == 8 ? 32 : 20));
static_assert(offsetof(LegacyAllocation, handle) ==
              4 * sizeof(std::uint32_t) + 2 * (sizeof(void*) - sizeof(int)));
static_assert(legacy_free == 0xC0044901UL);
static_assert(legacy_share == 0xC0084904UL);
static_assert(legacy_sync == 0xC0084907UL);
static_assert(modern_alloc == 0xC0184900UL);
static_assert(heap_query == 0xC0184908UL);
static_assert(abi_version == 0x80044909UL);
static_assert(offsetof(ModernAllocation, fd) == 16);
// The kernel's array has no padding between its elements.
static_assert(sizeof(HeapData) == 52 && offsetof(HeapData, heap_id) == 36);
static_assert(offsetof(HeapQuery, heaps) == 8);

} // namespace simplealloc::ion::uapi
