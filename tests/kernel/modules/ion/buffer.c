// SPDX-License-Identifier: GPL-2.0-only
/* Buffers as dma-bufs. */
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "ion.h"

struct attachment {
	struct list_head entry;
	struct device *device;
	struct sg_table table;
	bool mapped;
};

static bool is_legacy(const struct ion_buffer *buffer)
{
	return buffer->abi == ABI_LEGACY || buffer->abi == ABI_LEGACY_QUERY;
}

static struct workqueue_struct *freeing;

int ion_buffers_init(void)
{
	freeing = alloc_ordered_workqueue("ion_free", WQ_MEM_RECLAIM);
	return freeing ? 0 : -ENOMEM;
}

void ion_buffers_drain(void)
{
	flush_workqueue(freeing);
}

void ion_buffers_exit(void)
{
	destroy_workqueue(freeing);
}

static void free_buffer(struct ion_buffer *buffer)
{
	buffer->heap->release(buffer);
	kvfree(buffer->pages);
	mutex_destroy(&buffer->lock);
	kfree(buffer);
	atomic_dec(&ion_live_buffers);
}

static void free_later(struct work_struct *work)
{
	free_buffer(container_of(work, struct ion_buffer, free));
}

static void destroy_buffer(struct kref *kref)
{
	struct ion_buffer *buffer = container_of(kref, struct ion_buffer, kref);

	WARN_ON(buffer->vmaps);
	if (!buffer->heap->deferred) {
		free_buffer(buffer);
		return;
	}
	INIT_WORK(&buffer->free, free_later);
	queue_work(freeing, &buffer->free);
}

void ion_buffer_put(struct ion_buffer *buffer)
{
	kref_put(&buffer->kref, destroy_buffer);
}

static int attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct ion_buffer *buffer = dmabuf->priv;
	struct attachment *ours = kzalloc(sizeof(*ours), GFP_KERNEL);
	int error;

	if (!ours)
		return -ENOMEM;
	error = sg_alloc_table_from_pages(
		&ours->table, buffer->pages, buffer->page_count, 0, buffer->size, GFP_KERNEL);
	if (error) {
		kfree(ours);
		return error;
	}
	ours->device = attachment->dev;
	attachment->priv = ours;
	mutex_lock(&buffer->lock);
	list_add(&ours->entry, &buffer->attachments);
	mutex_unlock(&buffer->lock);
	return 0;
}

static void detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct ion_buffer *buffer = dmabuf->priv;
	struct attachment *ours = attachment->priv;

	mutex_lock(&buffer->lock);
	list_del(&ours->entry);
	mutex_unlock(&buffer->lock);
	sg_free_table(&ours->table);
	kfree(ours);
}

static struct sg_table *map(
	struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct attachment *ours = attachment->priv;
	int error = dma_map_sgtable(attachment->dev, &ours->table, direction, 0);

	if (error)
		return ERR_PTR(error);
	ours->mapped = true;
	return &ours->table;
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
	enum dma_data_direction direction)
{
	struct attachment *ours = attachment->priv;

	ours->mapped = false;
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
}

static void release(struct dma_buf *dmabuf)
{
	ion_buffer_put(dmabuf->priv);
}

/* The handle ABI only maps the buffer, and can't where the heap allows no mapping. */
static int begin_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct ion_buffer *buffer = dmabuf->priv;
	struct attachment *one;

	if (is_legacy(buffer))
		return buffer->heap->cpu_access ? 0 : -ENODEV;
	mutex_lock(&buffer->lock);
	list_for_each_entry (one, &buffer->attachments, entry)
		if (one->mapped)
			dma_sync_sgtable_for_cpu(one->device, &one->table, direction);
	mutex_unlock(&buffer->lock);
	return 0;
}

static int end_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct ion_buffer *buffer = dmabuf->priv;
	struct attachment *one;

	if (is_legacy(buffer))
		return 0;
	mutex_lock(&buffer->lock);
	list_for_each_entry (one, &buffer->attachments, entry)
		if (one->mapped)
			dma_sync_sgtable_for_device(one->device, &one->table, direction);
	mutex_unlock(&buffer->lock);
	return 0;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct ion_buffer *buffer = vmf->vma->vm_private_data;

	if (vmf->pgoff >= buffer->page_count)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(buffer->pages[vmf->pgoff]));
}

static const struct vm_operations_struct vm_ops = {.fault = fault};

/* The core has checked that the range is inside the buffer, and the area holds the dma-buf. */
static int mmap_buffer(struct dma_buf *dmabuf, struct vm_area_struct *area)
{
	struct ion_buffer *buffer = dmabuf->priv;

	vm_flags_set(area, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	if (!(buffer->flags & ION_FLAG_CACHED))
		area->vm_page_prot = pgprot_writecombine(area->vm_page_prot);
	area->vm_private_data = buffer;
	area->vm_ops = &vm_ops;
	return 0;
}

/* The last ION in the kernel, 5.10, knew kernel mappings as well; earlier ones mapped by page. */
static int vmap_buffer(struct dma_buf *dmabuf, struct iosys_map *address)
{
	struct ion_buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	if (!buffer->vmaps)
		buffer->kernel_address =
			vmap(buffer->pages, buffer->page_count, VM_MAP, PAGE_KERNEL);
	if (buffer->kernel_address) {
		buffer->vmaps++;
		iosys_map_set_vaddr(address, buffer->kernel_address);
	}
	mutex_unlock(&buffer->lock);
	return buffer->kernel_address ? 0 : -ENOMEM;
}

static void vunmap_buffer(struct dma_buf *dmabuf, struct iosys_map *address)
{
	struct ion_buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	if (--buffer->vmaps == 0) {
		vunmap(buffer->kernel_address);
		buffer->kernel_address = NULL;
	}
	mutex_unlock(&buffer->lock);
}

/*
 * Deviation from ION as it was in 2017: vmap. The importers that the tests have (vivid and vkms
 * draw with the CPU) take no dma-buf without it.
 */
static const struct dma_buf_ops ops = {
	.attach = attach,
	.detach = detach,
	.map_dma_buf = map,
	.unmap_dma_buf = unmap,
	.release = release,
	.begin_cpu_access = begin_cpu_access,
	.end_cpu_access = end_cpu_access,
	.mmap = mmap_buffer,
	.vmap = vmap_buffer,
	.vunmap = vunmap_buffer,
};

static const struct dma_buf_ops secure_ops = {
	.attach = attach,
	.detach = detach,
	.map_dma_buf = map,
	.unmap_dma_buf = unmap,
	.release = release,
	.begin_cpu_access = begin_cpu_access,
	.end_cpu_access = end_cpu_access,
};

static int refuse_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	return -EOPNOTSUPP;
}

static int refuse_mmap(struct dma_buf *dmabuf, struct vm_area_struct *area)
{
	return -EOPNOTSUPP;
}

static const struct dma_buf_ops refusing_ops = {
	.attach = attach,
	.detach = detach,
	.map_dma_buf = map,
	.unmap_dma_buf = unmap,
	.release = release,
	.begin_cpu_access = refuse_cpu_access,
	.end_cpu_access = refuse_cpu_access,
	.mmap = refuse_mmap,
};

static const struct dma_buf_ops *ops_of(const struct ion_heap *heap)
{
	if (heap->cpu_access)
		return &ops;
	return heap->refuses ? &refusing_ops : &secure_ops;
}

int ion_export(struct ion_buffer *buffer)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	int fd;

	info.ops = ops_of(buffer->heap);
	info.size = buffer->size;
	info.flags = O_RDWR;
	info.priv = buffer;
	kref_get(&buffer->kref);
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		ion_buffer_put(buffer);
		return PTR_ERR(dmabuf);
	}
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

struct ion_buffer *ion_buffer_of(struct dma_buf *dmabuf)
{
	const bool ours =
		dmabuf->ops == &ops || dmabuf->ops == &secure_ops || dmabuf->ops == &refusing_ops;

	return ours ? dmabuf->priv : NULL;
}
