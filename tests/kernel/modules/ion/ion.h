/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the driver know of each other. */
#ifndef ION_TEST_ION_H
#define ION_TEST_ION_H

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/workqueue.h>

#include "uapi.h"

enum ion_abi { ABI_LEGACY, ABI_LEGACY_QUERY, ABI_MODERN, ABI_MODULAR, ABI_COUNT };

struct ion_buffer;

struct ion_heap {
	const char *name[ABI_COUNT];
	int type[ABI_COUNT];
	unsigned int id[ABI_COUNT];
	bool cpu_access; /* false: no CPU mapping, neither user's nor kernel's */
	bool refuses;	 /* without CPU access: by operations that say so, not by having none */
	bool deferred;	 /* memory is given back by a thread, when there is time */
	int (*allocate)(struct ion_buffer *buffer, unsigned long align);
	void (*release)(struct ion_buffer *buffer);
};

struct ion_buffer {
	struct kref kref;
	const struct ion_heap *heap;
	enum ion_abi abi;
	unsigned long flags;
	unsigned long size;
	unsigned int page_count;
	struct page **pages;
	dma_addr_t dma; /* of CMA memory */
	struct mutex lock;
	struct list_head attachments;
	struct work_struct free; /* of a heap that defers it */
	int vmaps;
	void *kernel_address;
};

/* An open file. The ABI is that of the time when it was opened. */
struct ion_client {
	enum ion_abi abi;
	struct mutex lock;
	struct idr handles;
};

/* device.c */
extern struct device *ion_dma_device;
extern atomic_t ion_live_handles;
extern atomic_t ion_live_buffers;
extern atomic_t ion_syncs;

/* heaps.c */
int ion_heaps_init(unsigned int secure_id, unsigned int vendor_id, const char *cma_name);
void ion_heaps_exit(void);
const struct ion_heap *ion_heap_with_id(enum ion_abi abi, unsigned int id); /* NULL: none has it */
struct ion_buffer *ion_allocate(
	enum ion_abi abi, u64 len, unsigned long align, u32 heap_id_mask, u32 flags);

/* pool.c */
int ion_pool_init(void);
void ion_pool_exit(void);
int ion_pool_allocate(struct ion_buffer *buffer, unsigned long align);
void ion_pool_release(struct ion_buffer *buffer);

/* buffer.c */
int ion_buffers_init(void);
void ion_buffers_exit(void);
void ion_buffers_drain(void); /* waits until what is deferred is free */
void ion_buffer_put(struct ion_buffer *buffer);
int ion_export(struct ion_buffer *buffer); /* a new descriptor; takes a reference of its own */
struct ion_buffer *ion_buffer_of(struct dma_buf *dmabuf); /* NULL: another exporter's */

/* legacy.c, query.c */
long ion_legacy_ioctl(struct ion_client *client, unsigned int command, void __user *argument);
void ion_legacy_close(struct ion_client *client);
long ion_modern_ioctl(struct ion_client *client, unsigned int command, void __user *argument);
long ion_query(struct ion_client *client, void __user *argument);

#endif
