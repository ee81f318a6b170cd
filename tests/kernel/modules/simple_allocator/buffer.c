// SPDX-License-Identifier: GPL-2.0-only
// A dma-buf of physically contiguous memory, cached by the CPU.
#include "buffer.h"

#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

/* What the last owner may have left: the interface promises nothing about old data. */
#define OLD_DATA 0xA5

struct sa_buffer {
	struct sa_region *region;
	struct page *pages;
	size_t size;  /* whole pages */
	size_t taken; /* of the region */
	dma_addr_t address;
	struct mutex lock; /* of attachments */
	struct list_head attachments;
};

struct sa_attachment {
	struct list_head list;
	struct device *dev;
	struct sg_table table;
	bool mapped;
};

atomic_t sa_live_buffers = ATOMIC_INIT(0);

static bool take(struct sa_region *region, size_t size)
{
	if (atomic64_sub_return(size, &region->left) >= 0)
		return true;
	atomic64_add(size, &region->left);
	return false;
}

static void sa_buffer_free(struct sa_buffer *buffer)
{
	dma_free_pages(buffer->region->dev, buffer->size, buffer->pages, buffer->address,
		DMA_BIDIRECTIONAL);
	atomic64_add(buffer->taken, &buffer->region->left);
	kfree(buffer);
	atomic_dec(&sa_live_buffers);
}

static struct sa_buffer *sa_buffer_new(struct sa_region *region, size_t size, size_t taken)
{
	struct sa_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer)
		return NULL;
	if (!take(region, taken))
		goto no_room;
	/* From CMA where the kernel has it, otherwise at most one block of the page allocator. */
	buffer->pages = dma_alloc_pages(
		region->dev, size, &buffer->address, DMA_BIDIRECTIONAL, GFP_KERNEL | __GFP_NOWARN);
	if (!buffer->pages)
		goto no_pages;
	memset(page_address(buffer->pages), OLD_DATA, size);
	buffer->region = region;
	buffer->size = size;
	buffer->taken = taken;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	atomic_inc(&sa_live_buffers);
	return buffer;

no_pages:
	atomic64_add(taken, &region->left);
no_room:
	kfree(buffer);
	return NULL;
}

static int sa_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct sa_buffer *buffer = dmabuf->priv;
	struct sa_attachment *entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	int error;

	if (!entry)
		return -ENOMEM;
	error = sg_alloc_table(&entry->table, 1, GFP_KERNEL);
	if (error) {
		kfree(entry);
		return error;
	}
	sg_set_page(entry->table.sgl, buffer->pages, buffer->size, 0);
	entry->dev = attachment->dev;
	attachment->priv = entry;
	mutex_lock(&buffer->lock);
	list_add(&entry->list, &buffer->attachments);
	mutex_unlock(&buffer->lock);
	return 0;
}

static void sa_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct sa_buffer *buffer = dmabuf->priv;
	struct sa_attachment *entry = attachment->priv;

	mutex_lock(&buffer->lock);
	list_del(&entry->list);
	mutex_unlock(&buffer->lock);
	sg_free_table(&entry->table);
	kfree(entry);
}

static struct sg_table *sa_map(
	struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct sa_buffer *buffer = attachment->dmabuf->priv;
	struct sa_attachment *entry = attachment->priv;
	int error = dma_map_sgtable(attachment->dev, &entry->table, direction, 0);

	if (error)
		return ERR_PTR(error);
	mutex_lock(&buffer->lock);
	entry->mapped = true;
	mutex_unlock(&buffer->lock);
	return &entry->table;
}

static void sa_unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
	enum dma_data_direction direction)
{
	struct sa_buffer *buffer = attachment->dmabuf->priv;
	struct sa_attachment *entry = attachment->priv;

	mutex_lock(&buffer->lock);
	entry->mapped = false;
	mutex_unlock(&buffer->lock);
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
}

static int sa_begin_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct sa_buffer *buffer = dmabuf->priv;
	struct sa_attachment *entry;

	mutex_lock(&buffer->lock);
	list_for_each_entry (entry, &buffer->attachments, list)
		if (entry->mapped)
			dma_sync_sgtable_for_cpu(entry->dev, &entry->table, direction);
	mutex_unlock(&buffer->lock);
	return 0;
}

static int sa_end_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct sa_buffer *buffer = dmabuf->priv;
	struct sa_attachment *entry;

	mutex_lock(&buffer->lock);
	list_for_each_entry (entry, &buffer->attachments, list)
		if (entry->mapped)
			dma_sync_sgtable_for_device(entry->dev, &entry->table, direction);
	mutex_unlock(&buffer->lock);
	return 0;
}

static int sa_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct sa_buffer *buffer = dmabuf->priv;

	return dma_mmap_pages(buffer->region->dev, vma, buffer->size, buffer->pages);
}

/*
 * The proposal's exporter has no vmap. This one has, because vivid and vkms reach foreign memory
 * by nothing else, and would refuse every buffer.
 */
static int sa_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct sa_buffer *buffer = dmabuf->priv;

	iosys_map_set_vaddr(map, page_address(buffer->pages));
	return 0;
}

static void sa_release(struct dma_buf *dmabuf)
{
	sa_buffer_free(dmabuf->priv);
}

static const struct dma_buf_ops sa_dma_buf_ops = {
	.attach = sa_attach,
	.detach = sa_detach,
	.map_dma_buf = sa_map,
	.unmap_dma_buf = sa_unmap,
	.begin_cpu_access = sa_begin_cpu_access,
	.end_cpu_access = sa_end_cpu_access,
	.mmap = sa_mmap,
	.vmap = sa_vmap,
	.release = sa_release,
};

struct dma_buf *sa_buffer_export(struct sa_region *region, u64 length, u32 flags, bool v1)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct sa_buffer *buffer;
	struct dma_buf *dmabuf;

	/* One entry of an sg table must hold it. */
	if (length == 0 || length > SZ_1G)
		return ERR_PTR(-EINVAL);
	/* The first version asked CMA for as many pages as there are bytes. */
	buffer = sa_buffer_new(
		region, PAGE_ALIGN(length), PAGE_ALIGN(length) << (v1 ? PAGE_SHIFT : 0));
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	info.ops = &sa_dma_buf_ops;
	info.exp_name = "simple_allocator_cma";
	info.size = v1 ? length : buffer->size;
	info.flags = flags & (O_ACCMODE | O_NONBLOCK);
	info.priv = buffer;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		sa_buffer_free(buffer);
	return dmabuf;
}
