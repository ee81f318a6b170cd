// SPDX-License-Identifier: MIT
// The ioctl of the simple allocator, proposed in 2017 and never part of the kernel's headers.
#pragma once

#include <linux/ioctl.h>
#include <linux/types.h>

/// The same for 32-bit and 64-bit processes: no padding.
struct sa_allocation_data {
    __u64 version; ///< in: 0, or EINVAL
    __u64 length;  ///< in: bytes; out: the dma-buf's size, in whole pages since the second version
    __u32 flags;   ///< in: O_* of the new descriptor; 0 makes it read-only
    __u32 reserved1; ///< not looked at
    __s32 fd;        ///< out
    __u32 reserved2; ///< not looked at
};

#define SA_IOC_ALLOC _IOWR('S', 0, sa_allocation_data)

static_assert(sizeof(sa_allocation_data) == 32);
static_assert(SA_IOC_ALLOC == 0xC0205300);
