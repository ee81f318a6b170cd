// SPDX-License-Identifier: GPL-2.0-only
/* The heaps, where their memory comes from, and which one serves an allocation. */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ion.h"

static void free_pages_of(struct ion_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->page_count && buffer->pages[i]; i++)
		__free_page(buffer->pages[i]);
}

static int allocate_system(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int i;

	if (align > PAGE_SIZE)
		return -EINVAL;
	if (buffer->page_count > totalram_pages() / 2)
		return -ENOMEM;
	for (i = 0; i < buffer->page_count; i++) {
		buffer->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL);
		if (!buffer->pages[i]) {
			free_pages_of(buffer);
			return -ENOMEM;
		}
	}
	return 0;
}

static int allocate_system_contig(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int order = get_order(buffer->size);
	struct page *page;
	unsigned int i;

	if (align > PAGE_SIZE << order)
		return -EINVAL;
	if (order > MAX_PAGE_ORDER)
		return -ENOMEM;
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
	if (!page)
		return -ENOMEM;
	split_page(page, order);
	for (i = buffer->page_count; i < 1U << order; i++)
		__free_page(page + i);
	for (i = 0; i < buffer->page_count; i++)
		buffer->pages[i] = page + i;
	return 0;
}

static int allocate_cma(struct ion_buffer *buffer, unsigned long align)
{
	struct page *page;
	unsigned int i;

	/* The handle ABI's DMA heap took no such requests. */
	if (buffer->abi == ABI_LEGACY || buffer->abi == ABI_LEGACY_QUERY) {
		if (align > PAGE_SIZE || (buffer->flags & ION_FLAG_CACHED))
			return -EINVAL;
	}
	page = dma_alloc_pages(ion_dma_device, buffer->size, &buffer->dma, DMA_BIDIRECTIONAL,
		GFP_KERNEL | __GFP_NOWARN);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < buffer->page_count; i++)
		buffer->pages[i] = page + i;
	return 0;
}

static void release_cma(struct ion_buffer *buffer)
{
	dma_free_pages(
		ion_dma_device, buffer->size, buffer->pages[0], buffer->dma, DMA_BIDIRECTIONAL);
}

/*
 * In the order of registration, which the modern ABI numbers. Legacy ids are the types, or the
 * vendor's; modular ids have ranges: system 0, its contiguous sibling 1, carveouts 2 to 6,
 * DMA 8 to 15, vendors' from 16.
 */
static struct ion_heap heaps[] = {
	{
		.name = "ion_system_heap",
		.type = {0, 0, 0, 0},
		.id = {0, 0, 0, 0},
		.cpu_access = true,
		.allocate = allocate_system,
		.release = free_pages_of,
	},
	{
		.name = "ion_system_contig_heap",
		.type = {1, 1, 1, 1},
		.id = {1, 1, 1, 1},
		.cpu_access = true,
		.allocate = allocate_system_contig,
		.release = free_pages_of,
	},
	{
		.name = "carveout",
		.type = {2, 2, 2, 2},
		.id = {2, 2, 2, 2},
		.cpu_access = true,
		.allocate = ion_pool_allocate,
		.release = ion_pool_release,
	},
	{
		.name = "cma",
		.type = {4, 4, 4, 4},
		.id = {4, 4, 3, 8},
		.cpu_access = true,
		.allocate = allocate_cma,
		.release = release_cma,
	},
	{
		.name = "secure_heap",
		.type = {5, 5, 5, 16},
		.id = {0, 0, 4, 16},
		.cpu_access = false,
		.allocate = ion_pool_allocate,
		.release = ion_pool_release,
	},
	{
		.name = "vendor_heap",
		.type = {6, 6, 6, 17},
		.id = {0, 0, 5, 17},
		.cpu_access = true,
		.allocate = allocate_system,
		.release = free_pages_of,
	},
};

unsigned int ion_heap_count(void)
{
	return ARRAY_SIZE(heaps);
}

const struct ion_heap *ion_heap_at(unsigned int index)
{
	return &heaps[index];
}

static const struct ion_heap *heap_with_id(enum ion_abi abi, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++)
		if (heaps[i].id[abi] == id)
			return &heaps[i];
	return NULL;
}

static struct ion_buffer *allocate_from(const struct ion_heap *heap, enum ion_abi abi,
	unsigned long size, unsigned long align, u32 flags)
{
	struct ion_buffer *buffer;
	int error = -ENOMEM;

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	kref_init(&buffer->kref);
	buffer->heap = heap;
	buffer->abi = abi;
	buffer->flags = flags;
	buffer->size = size;
	buffer->page_count = size >> PAGE_SHIFT;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	/* Also keeps an absurd length from asking for an absurd array. */
	if (size >> PAGE_SHIFT <= totalram_pages())
		buffer->pages = kvcalloc(buffer->page_count, sizeof(*buffer->pages), GFP_KERNEL);
	if (buffer->pages)
		error = heap->allocate(buffer, align);
	if (error) {
		kvfree(buffer->pages);
		kfree(buffer);
		return ERR_PTR(error);
	}
	atomic_inc(&ion_live_buffers);
	return buffer;
}

struct ion_buffer *ion_allocate(
	enum ion_abi abi, u64 len, unsigned long align, u32 heap_id_mask, u32 flags)
{
	struct ion_buffer *buffer = ERR_PTR(-ENODEV);
	unsigned long size = PAGE_ALIGN(len);
	int id;

	if (!size)
		return ERR_PTR(-EINVAL);
	for (id = 31; id >= 0; id--) {
		const struct ion_heap *heap = heap_with_id(abi, id);

		if (!heap || !(heap_id_mask & BIT(id)))
			continue;
		buffer = allocate_from(heap, abi, size, align, flags);
		if (!IS_ERR(buffer))
			break;
	}
	return buffer;
}

int ion_heaps_init(unsigned int secure_id, unsigned int vendor_id)
{
	enum ion_abi abi;

	for (abi = ABI_LEGACY; abi <= ABI_LEGACY_QUERY; abi++) {
		heaps[4].id[abi] = secure_id;
		heaps[5].id[abi] = vendor_id;
	}
	return ion_pool_init();
}

void ion_heaps_exit(void)
{
	ion_pool_exit();
}
