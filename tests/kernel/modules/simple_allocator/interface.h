/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctl of the 2017 proposal, declared apart from the library's so that they check each other.
 */
#ifndef SIMPLE_ALLOCATOR_INTERFACE_H
#define SIMPLE_ALLOCATOR_INTERFACE_H

#include <linux/build_bug.h>
#include <linux/ioctl.h>
#include <linux/types.h>

#define SA_MAJOR 222

struct simple_allocate_data {
	__u64 version; /* 0 */
	__u64 length;  /* in: bytes wanted, out: size of the dma-buf */
	__u32 flags;   /* O_*, of the new descriptor */
	__u32 reserved1;
	__s32 fd; /* out */
	__u32 reserved2;
};

static_assert(sizeof(struct simple_allocate_data) == 32);

#define SA_IOC_ALLOC _IOWR('S', 0, struct simple_allocate_data)

static_assert(SA_IOC_ALLOC == 0xC0205300);

#endif
