/* SPDX-License-Identifier: GPL-2.0-only */
/* A dma-buf of physically contiguous memory. */
#ifndef SIMPLE_ALLOCATOR_BUFFER_H
#define SIMPLE_ALLOCATOR_BUFFER_H

#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/types.h>

struct sa_region {
	struct device *dev;
	atomic64_t left; /* bytes */
};

extern atomic_t sa_live_buffers;

/*
 * V1: as the first version, the dma-buf's size is LENGTH as it is, not whole pages, and takes
 * PAGE_SIZE times as much. FLAGS are O_*.
 */
struct dma_buf *sa_buffer_export(struct sa_region *region, u64 length, u32 flags, bool v1);

#endif
